/**
 * Garden's own code as a judge: @garden-io/core from npm, as it was published but for two things. Its one `import ... assert` is
 * read as `import ... with`, which Node took the place of it; and its two dependencies from GitHub are those that npm has
 * (package.json, overrides): hapi's joi, and the Kubernetes client.
 */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildSetup } from "../../infra/setup.ts";

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.includes("/@garden-io/core/build/") || loaded.format !== "module" || !loaded.source) return loaded;
    const text = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
    return { ...loaded, source: text.replaceAll(/ assert (?=\{ type: "json" \})/g, " with ") };
  },
});

const folder = process.env.PERGOLA_TEST_GARDEN;
if (folder === undefined) throw new Error("PERGOLA_TEST_GARDEN is not set: run npm test -- garden");

/** What of Garden is used, as far as it is. */
interface Core {
  readonly base: { validateRawConfig(given: object): Promise<GardenProject[]> };
  readonly project: {
    resolveProjectConfig(given: object): GardenProject;
    pickEnvironment(given: object): Promise<{ readonly providers: readonly GardenConfig[] }>;
  };
  readonly validation: { validateWithPath(given: object): GardenConfig };
  readonly config: { configSchema(): object; tolerationSchema(): { describe(): TolerationDescription } };
  readonly kubernetes: { configureProvider(given: object): Promise<{ readonly config: GardenConfig }> };
  readonly init: { buildDockerAuthConfig(secrets: readonly object[], api: object): Promise<DockerAuth> };
  readonly helpers: {
    containerHelpers: { getDeploymentImageName(name: string, localId: string | undefined, registry: object): string };
  };
  readonly buildkit: {
    getBuildkitImageFlags(cache: object, outputs: object, insecure: boolean): string[];
    getBuildkitDeployment(
      provider: object,
      secret: string,
      pullSecrets: object[],
    ): { spec: { template: { spec: PodSpec } } };
  };
  readonly kaniko: {
    getKanikoFlags(ofAction: readonly string[] | undefined, ofProvider: readonly string[] | undefined): string[];
    getKanikoBuilderPodManifest(given: object): { spec: PodSpec; metadata: { namespace: string } };
  };
}

/** A config.json, as Garden merges it. */
export interface DockerAuth {
  readonly auths: Readonly<Record<string, object>>;
  readonly credHelpers: Readonly<Record<string, string>>;
}

interface GardenProject {
  readonly [key: string]: unknown;
}

interface TolerationDescription {
  readonly keys: Readonly<Record<string, { readonly allow?: readonly string[] }>>;
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations: readonly { readonly effect?: string; readonly operator?: string }[];
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly resources: BuildSetup["builders"]["modes"] extends object ? Quantities : never;
  }[];
}
interface Quantities {
  readonly limits: Readonly<Record<string, string>>;
  readonly requests: Readonly<Record<string, string>>;
}

/** A provider's configuration, validated and with Garden's defaults. */
// biome-ignore lint/suspicious/noExplicitAny: it is Garden's, and read in tests only
export type GardenConfig = any;

const load = (path: string) =>
  import(pathToFileURL(join(folder, "node_modules/@garden-io/core/build/src", `${path}.js`)).href);

const [base, project, validation, config, kubernetes, init, helpers, buildkit, kaniko] = await Promise.all(
  [
    ...["config/base", "config/project", "config/validation"],
    ...["plugins/kubernetes/config", "plugins/kubernetes/kubernetes", "plugins/kubernetes/init"],
    "plugins/container/helpers",
    ...["plugins/kubernetes/container/build/buildkit", "plugins/kubernetes/container/build/kaniko"],
  ].map(load),
);
export const core: Core = { base, project, validation, config, kubernetes, init, helpers, buildkit, kaniko };

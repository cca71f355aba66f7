/** What `pergola garden` prints, judged by Garden's own schema, loader and builders. */
import { describe, expect, it } from "vitest";
import { gardenBlocks } from "../../builders/garden/blocks.ts";
import type { GardenBlock } from "../../builders/garden/provider.ts";
import { gardenYaml } from "../../builders/garden/yaml.ts";
import type { BuildSetup } from "../../infra/setup.ts";
import { gcpSetup, SETUPS } from "../unit/builders/garden/setups.ts";
import { ecrSetup } from "../unit/builders/samples.ts";
import { core, type GardenConfig, type PodSpec } from "./core.ts";
import { clusterWith, loadProvider, mergedLogins, projectFile } from "./judge.ts";

interface Printed {
  readonly setup: BuildSetup;
  readonly blocks: readonly GardenBlock[];
  /** the project file with all of them */
  readonly file: string;
}

function printed(setup: BuildSetup, namespace: string | null = null): Printed {
  const { blocks } = gardenBlocks(setup, { mode: null, namespace, context: "dev" });
  const environments = blocks.map(({ provider }) => provider.environments[0]);
  return { setup, blocks, file: projectFile(environments, gardenYaml(setup, blocks)) };
}

const load = ({ file }: Printed, block: GardenBlock): Promise<GardenConfig> =>
  loadProvider(file, block.provider.environments[0]);

const outputsOf = (provider: GardenConfig, action: string) => {
  const name = core.helpers.containerHelpers.getDeploymentImageName(action, undefined, provider.deploymentRegistry);
  const names = { "deployment-image-name": name, "local-image-name": action };
  return { name, outputs: { ...names, "deployment-image-id": `${name}:v-1a2b3c4d5e` } };
};

const flagsOf = (provider: GardenConfig, action: string): string[] =>
  core.buildkit.getBuildkitImageFlags(
    provider.clusterBuildkit.cache,
    outputsOf(provider, action).outputs,
    provider.deploymentRegistry.insecure,
  );

/** The pod that Garden would build in. */
function podOf(provider: GardenConfig): PodSpec {
  if (provider.buildMode === "cluster-buildkit") {
    return core.buildkit.getBuildkitDeployment({ config: provider }, "auth", []).spec.template.spec;
  }
  const given = {
    podName: "kaniko",
    syncArgs: [],
    imagePullSecrets: [],
    sourceUrl: "",
    commandStr: "",
    authSecretName: "auth",
  };
  const kanikoNamespace = provider.kaniko.namespace;
  return core.kaniko.getKanikoBuilderPodManifest({ ...given, provider: { config: provider }, kanikoNamespace }).spec;
}

describe.each(SETUPS)("%s", (_name, setup, namespace) => {
  const project = printed(setup, namespace);

  it("is a project file in which each environment has one block, with nothing of another's", async () => {
    for (const block of project.blocks) {
      const provider = await load(project, block);
      expect(provider).toMatchObject({
        buildMode: block.mode,
        context: "dev",
        namespace: { name: block.provider.namespace },
      });
      const sections = [provider.clusterBuildkit, provider.kaniko].map((one) => one?.serviceAccountAnnotations);
      const [own, other] = block.mode === "kaniko" ? sections.toReversed() : sections;
      expect(own).toEqual(
        setup.builders.modes[block.mode]?.namespaces.find(({ name }) => name === block.provider.namespace)?.annotations,
      );
      expect(other).toBeUndefined();
    }
  });

  it("makes Garden push every image of the namespace to its repository, and no cache inline", async () => {
    for (const block of project.blocks) {
      const provider = await load(project, block);
      const { host, namespace: path, createsRepositoriesOnPush } = setup.registry;
      const places = setup.builders.modes[block.mode]?.namespaces ?? [];
      const allowed = places.find(({ name }) => name === block.provider.namespace)?.images ?? [];
      const repositories = setup.images
        .filter(({ name }) => allowed === "*" || allowed.includes(name))
        .map(({ repository }) => repository);
      expect(repositories.length > 0).toBe(!createsRepositoriesOnPush);
      for (const repository of createsRepositoriesOnPush ? [`${path}/api`] : repositories) {
        const action = repository.split("/").at(-1) as string;
        expect(outputsOf(provider, action).name).toBe(`${host}/${repository}`);
      }
      if (block.mode !== "cluster-buildkit") continue;
      const flags = flagsOf(provider, "api");
      const place = setup.cache[0]?.registry;
      const name = place === undefined ? outputsOf(provider, "api").name : `${place.host}/${place.namespace}/api`;
      const insecure = setup.registry.insecure ? ",registry.insecure=true" : "";
      expect(flags).toContain(`type=registry,ref=${name}:_buildcache,mode=max${insecure}`);
      expect(flags).not.toContain("type=inline");
    }
  });

  it("gives builder pods the nodes, account and amounts of the environment", async () => {
    for (const block of project.blocks) {
      const provider = await load(project, block);
      const { tolerations, nodeSelector: shared, platforms = [], resources } = setup.builders.modes[block.mode] ?? {};
      const [, architecture = ""] = platforms[0]?.split("/") ?? [];
      const nodeSelector = { ...shared, ...(platforms.length > 1 ? { "kubernetes.io/arch": architecture } : {}) };
      const pod = podOf(provider);
      expect(pod.serviceAccountName).toBe("garden-in-cluster-builder");
      expect(pod.tolerations).toEqual(expect.arrayContaining(tolerations ?? []));
      // Garden sets it on the manifest after it made it, of kaniko only.
      expect(pod.nodeSelector ?? provider.kaniko.nodeSelector).toEqual(nodeSelector);
      const container = pod.containers.find(({ name }) => name === "buildkitd" || name === "kaniko");
      expect(container?.resources).toMatchObject({ limits: resources?.limits, requests: resources?.requests });
      if (block.mode === "kaniko") expect(container?.image).toBe(setup.builders.modes.kaniko?.image);
    }
  });
});

describe("the login of builders, as Garden merges it from the pull secrets", () => {
  it.each(SETUPS)("%s: each registry of a block has one, under the name that clients look for", async (...given) => {
    const [, setup, namespace] = given;
    const project = printed(setup, namespace);
    for (const block of project.blocks) {
      const provider = await load(project, block);
      const { deploymentRegistry, imagePullSecrets, clusterBuildkit } = provider;
      if (imagePullSecrets.length === 0) {
        expect(setup.registry.kind).toBe("inCluster");
        continue;
      }
      const { auths, credHelpers } = await mergedLogins(setup, imagePullSecrets);
      const places = [
        deploymentRegistry,
        ...(clusterBuildkit?.cache ?? []).flatMap((entry: GardenConfig) => entry.registry ?? []),
      ];
      for (const { hostname, port } of places) {
        const host = port === undefined ? hostname : `${hostname}:${port}`;
        const key = host === "docker.io" ? "https://index.docker.io/v1/" : host;
        expect([key in auths, credHelpers[key]]).toEqual([!(host in setup.credHelpers), setup.credHelpers[host]]);
      }
    }
  });

  it("would be none for a registry of Google by the server that Garden's guide names", async () => {
    const setup = gcpSetup("gcp-key");
    const data = { auths: { "docker.pkg.dev": { auth: "eDp5" } } };
    const { auths } = await core.init.buildDockerAuthConfig([{ name: "gar", namespace: "default" }], clusterWith(data));
    expect(Object.keys(auths)).toEqual(["docker.pkg.dev"]);
    expect(setup.registry.host in auths).toBe(false);
  });
});

describe("kaniko's flags, as Garden merges them", () => {
  const flags = async (change: (setup: BuildSetup) => void, ofAction?: string[]) => {
    const setup = structuredClone(ecrSetup());
    change(setup);
    const project = printed(setup, "pergola-kaniko");
    const provider = await load(project, project.blocks[0] as GardenBlock);
    return core.kaniko.getKanikoFlags(ofAction, provider.kaniko.extraFlags);
  };
  const image = (setup: BuildSetup) => setup.images[0] as BuildSetup["images"][number];

  it("turn the cache on where its repository is named, which Garden 0.13 would take for the same flag", async () => {
    const named = await flags((setup) => {
      image(setup).cacheRepository = "shop/layers";
    });
    expect(named.filter((flag) => flag.startsWith("--cache"))).toEqual([
      "--cache=true",
      "--cache-repo=123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/layers",
    ]);
    expect(core.kaniko.getKanikoFlags(undefined, ["--cache-repo=x"])).toEqual(["--cache-repo=x"]);
  });

  it("push to tags that cannot be moved, also for a Build action with flags of its own", async () => {
    const fixed = (setup: BuildSetup) => {
      image(setup).tagMutability = "IMMUTABLE_WITH_EXCLUSION";
    };
    expect(await flags(fixed)).toEqual(["--cache=true", "--push-ignore-immutable-tag-errors"]);
    expect(await flags(fixed, ["--snapshot-mode=redo"])).toEqual([
      "--snapshot-mode=redo",
      ...["--cache=true", "--push-ignore-immutable-tag-errors", "--cache=true"],
    ]);
  });
});

describe("the judge refuses", () => {
  const good = printed(ecrSetup(), "pergola-buildkit");
  const [block] = good.blocks as readonly [GardenBlock];

  it("nothing of the block itself", async () => {
    expect((await load(good, block)).buildMode).toBe("cluster-buildkit");
  });

  it.each<[string, (file: string) => string, RegExp]>([
    [
      "a mode that is none",
      (file) => file.replace("buildMode: cluster-buildkit", "buildMode: buildkit"),
      /must be one of/,
    ],
    [
      "two modes in one block",
      (file) => file.replace("    buildMode: cluster-buildkit\n", "$&    buildMode: kaniko\n"),
      /Map keys must be unique|duplicat/i,
    ],
    ["a registry without a host", (file) => file.replace(/ +hostname: .*\n/, ""), /hostname.*required|is required/],
    ["a block without a context", (file) => file.replace(/ +context: .*\n/, ""), /context.*required|is required/],
    ["a section that is called otherwise", (file) => file.replace("clusterBuildkit:", "buildkit:"), /not allowed/],
    [
      "a taint's effect as AWS spells it",
      (file) => file.replace("NoSchedule", "NO_SCHEDULE"),
      /NO_SCHEDULE is none of/,
    ],
    ["a mode of cache that is none", (file) => file.replace("mode: max", "mode: all"), /must be one of/],
    ["amounts as Kubernetes writes them", (file) => file.replace("memory: 4096", "memory: 4Gi"), /must be a number/],
    [
      "an annotation that is no string",
      (file) => file.replace("serviceAccountAnnotations: {}", "serviceAccountAnnotations: {a: 1}"),
      /must be a string/,
    ],
    ["the name of an environment that is none", (file) => file.replaceAll("aws-dev", "AWS_dev"), /environment/i],
  ])("%s", async (_title, change, message) => {
    const file = change(good.file);
    expect(file).not.toBe(good.file);
    const environment = /name: (AWS_dev|aws-dev), default/.exec(file)?.[1] ?? "";
    await expect(loadProvider(file, environment)).rejects.toThrow(message);
  });

  it.each([
    ["europe-docker.pkg.dev", "max"],
    ["ghcr.io", "max"],
    ["shop.azurecr.io", "max"],
    ["eu.gcr.io", "inline"],
    ["gcr.io", "inline"],
    ["docker.io", "inline"],
    ["index.docker.io", "inline"],
    ["quay.io", "inline"],
    ["registry.gitlab.com", "inline"],
    ["harbor.shop.example", "inline"],
  ])("to leave the mode of a cache in %s to Garden's list, where it is %s", async (host, mode) => {
    const setup = { ...gcpSetup("gcr-eu"), registry: { ...gcpSetup("gcr-eu").registry, host, namespace: "shop" } };
    const project = printed(setup);
    const [first] = project.blocks as readonly [GardenBlock];
    const exported = async (file: string): Promise<string> => {
      const flags = flagsOf(await load({ ...project, file }, first), "api");
      return flags.includes("type=inline") ? "inline" : (/mode=(\w+)/.exec(flags.join())?.[1] ?? "none");
    };
    expect(await exported(project.file.replace("mode: max", "mode: auto"))).toBe(mode);
    expect(await exported(project.file)).toBe("max");
  });

  it("to keep a cache where the mode is left to Garden's list: it falls back to inline, in all registries of AWS", async () => {
    for (const [, setup, namespace] of SETUPS.filter(([, { registry }]) => registry.kind === "ecr")) {
      const project = printed(setup, namespace);
      const auto = { ...project, file: project.file.replace("mode: max", "mode: auto") };
      const [first] = project.blocks as readonly [GardenBlock];
      expect(flagsOf(await load(auto, first), "api")).toContain("type=inline");
    }
  });
});

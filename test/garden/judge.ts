/** A project file with the printed blocks, read as Garden reads it: loader, project, environment, provider schema, provider. */
import { dockerConfigOf, dockerConfigText, mergeDockerConfigs } from "../../infra/documents/dockerConfig.ts";
import type { BuildSetup } from "../../infra/setup.ts";
import { core, type DockerAuth, type GardenConfig } from "./core.ts";

const root = "/project";
const log = { warn() {}, error() {}, info() {}, debug() {}, silly() {}, verbose() {} };
const vcsInfo = { branch: "main", commitHash: "0".repeat(40), originUrl: "" };
const who = {
  log,
  artifactsPath: `${root}/.garden`,
  vcsInfo,
  username: "dev",
  loggedIn: false,
  enterpriseDomain: "",
  secrets: {},
};

/** project.garden.yml: a head that somebody wrote, and below it what `pergola garden` prints. */
export function projectFile(environments: readonly string[], providers: string): string {
  return `apiVersion: garden.io/v1
kind: Project
name: shop
environments: [${environments.map((name) => `{name: ${name}, defaultNamespace: dev}`).join(", ")}]
${providers}
`;
}

/**
 * The provider `kubernetes` that Garden would work with in an environment.
 * @throws whatever Garden throws, and Error for a toleration that its schema describes otherwise (see {@link checkTolerations})
 */
export async function loadProvider(text: string, environment: string): Promise<GardenConfig> {
  const configPath = `${root}/project.garden.yml`;
  const [raw] = await core.base.validateRawConfig({ log, rawConfig: text, configPath, projectRoot: root });
  const commandInfo = { name: "deploy", args: {}, opts: {} };
  const given = { ...who, commandInfo };
  const project = core.project.resolveProjectConfig({ ...given, defaultEnvironmentName: environment, config: raw });
  const picked = await core.project.pickEnvironment({ ...given, projectConfig: project, envString: environment });
  const [provider, ...others] = picked.providers.filter(({ name }: GardenConfig) => name === "kubernetes");
  if (provider === undefined || others.length > 0) throw new Error(`not one provider in environment ${environment}`);
  const config = core.validation.validateWithPath({
    config: provider,
    schema: core.config.configSchema(),
    path: root,
    projectRoot: root,
    configType: "provider configuration",
    source: undefined,
  });
  checkTolerations(config);
  return (await core.kubernetes.configureProvider({ namespace: "dev", projectName: "shop", projectRoot: root, config }))
    .config;
}

/**
 * Garden's schema lists effects and operators, but with joi's `allow`, which refuses none: the API server would. The judge takes the
 * lists for what their descriptions say that they are.
 */
function checkTolerations(config: GardenConfig): void {
  const { keys } = core.config.tolerationSchema().describe();
  for (const toleration of [...(config.clusterBuildkit?.tolerations ?? []), ...(config.kaniko?.tolerations ?? [])]) {
    for (const key of ["effect", "operator"]) {
      const listed = keys[key]?.allow?.filter((value) => typeof value === "string");
      if (listed === undefined || listed.length < 2) throw new Error(`Garden's schema lists no values for ${key}`);
      if (toleration[key] === undefined || listed.includes(toleration[key])) continue;
      throw new Error(`toleration ${key} ${toleration[key]} is none of ${listed.join(", ")}`);
    }
  }
}

/** A cluster as far as Garden's reading of pull secrets goes: each holds this config.json. */
export function clusterWith(config: object): object {
  const data = { ".dockerconfigjson": Buffer.from(JSON.stringify(config)).toString("base64") };
  const type = "kubernetes.io/dockerconfigjson";
  return { core: { readNamespacedSecret: async ({ name }: { name: string }) => ({ metadata: { name }, type, data }) } };
}

/** What Garden makes of the pull secrets that an environment has: their hosts, each with its helper or some password. */
export function mergedLogins(setup: BuildSetup, secrets: readonly object[]): Promise<DockerAuth> {
  const hosts = new Set(setup.pullSecrets.flatMap((secret) => secret.hosts));
  const parts = [...hosts].map((host) => {
    const helper = setup.credHelpers[host];
    return dockerConfigOf(helper === undefined ? { host, username: "builder", password: "token" } : { host, helper });
  });
  const config = JSON.parse(dockerConfigText(mergeDockerConfigs(parts)));
  return core.init.buildDockerAuthConfig(secrets, clusterWith(config));
}

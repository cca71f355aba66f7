/**
 * docker's config.json, the content of Secrets of type kubernetes.io/dockerconfigjson.
 *
 * How clients read it (docker/cli, cli/config/configfile): per registry `credHelpers[key]`, else `credsStore`, else
 * `auths[key]`; an entry in credHelpers replaces one in auths, with no way back. Keys are matched exactly. The kubelet
 * reads `auths` only.
 */
import { canonicalHost, configKey, helperProblem, hostProblem } from "./registryHost.ts";

/** What a config.json of ours may hold. */
export interface DockerConfig {
  readonly auths: Readonly<Record<string, { readonly auth: string }>>;
  readonly credHelpers: Readonly<Record<string, string>>;
}

/** A login at one registry: a name with a password, or a credential helper that has them. */
export type RegistryLogin =
  | { readonly host: string; readonly username: string; readonly password: string }
  | { readonly host: string; readonly helper: string };

/** Thrown by {@link mergeDockerConfigs} and {@link dockerConfigOf}. Names hosts, never credentials. */
export class DockerConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DockerConfigError";
  }
}

/** The config.json of one login. Throws {@link DockerConfigError} for a host or helper that no client would match. */
export function dockerConfigOf(login: RegistryLogin): DockerConfig {
  const problem = hostProblem(canonicalHost(login.host));
  if (problem !== null) throw new DockerConfigError(`the registry ${JSON.stringify(login.host)} ${problem}`);
  const key = configKey(login.host);
  if ("helper" in login) {
    const unfit = helperProblem(login.helper, login.host);
    if (unfit !== null) throw new DockerConfigError(`the credential helper ${JSON.stringify(login.helper)} ${unfit}`);
    return { auths: {}, credHelpers: { [key]: login.helper } };
  }
  if (login.username === "" || login.username.includes(":")) {
    throw new DockerConfigError(
      `the user name for ${login.host} is empty or has a colon, which basic auth cannot carry`,
    );
  }
  return { auths: { [key]: authEntry(login.username, login.password) }, credHelpers: {} };
}

/** An entry of `auths`. */
export function authEntry(username: string, password: string): { readonly auth: string } {
  return { auth: Buffer.from(`${username}:${password}`, "utf8").toString("base64") };
}

/**
 * One config.json of several. Equal entries become one; two different credentials, or a credential and a helper, for one
 * registry are refused with {@link DockerConfigError}: whoever came last would silently win. Keys are sorted, so that the
 * result does not depend on the order of the parts.
 */
export function mergeDockerConfigs(parts: readonly DockerConfig[]): DockerConfig {
  const auths = new Map<string, { readonly auth: string }>();
  const credHelpers = new Map<string, string>();
  for (const part of parts) {
    for (const [key, entry] of Object.entries(part.auths)) {
      if (auths.has(key) && auths.get(key)!.auth !== entry.auth) {
        throw new DockerConfigError(`two different logins for the registry ${key}`);
      }
      auths.set(key, entry);
    }
    for (const [key, helper] of Object.entries(part.credHelpers)) {
      const other = credHelpers.get(key);
      if (other !== undefined && other !== helper) {
        throw new DockerConfigError(`two credential helpers for the registry ${key}: ${other} and ${helper}`);
      }
      credHelpers.set(key, helper);
    }
  }
  for (const key of credHelpers.keys()) {
    if (auths.has(key)) {
      throw new DockerConfigError(`a login and the credential helper ${credHelpers.get(key)} for the registry ${key}`);
    }
  }
  return { auths: sorted(auths), credHelpers: sorted(credHelpers) };
}

/** The text of a config.json, and in base64 for the `data` of a Secret. Empty maps are left out. */
export function dockerConfigText(config: DockerConfig): string {
  const { auths, credHelpers } = config;
  return JSON.stringify({
    ...(Object.keys(auths).length > 0 ? { auths } : {}),
    ...(Object.keys(credHelpers).length > 0 ? { credHelpers } : {}),
  });
}

function sorted<T>(entries: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** A docker config JSON that somebody brings, read to what Secrets of ours may hold. */
import { authEntry, type DockerConfig, DockerConfigError, mergeDockerConfigs } from "./dockerConfig.ts";
import { canonicalHost, configKey, DOCKER_HUB, DOCKER_HUB_KEY, helperProblem, hostProblem } from "./registryHost.ts";

/**
 * Reads a config.json as docker writes it: `auth`, or user name and password, in `auths`, and `credHelpers`. Keys get the form in
 * which clients look them up: old ones are URLs, and Docker Hub has several. Everything else in it is left out.
 *
 * Throws {@link DockerConfigError} for what is no config.json, or holds no login where one is expected: the message is the end of a
 * sentence that begins with the config. It names hosts, never credentials.
 */
export function readDockerConfig(text: string): DockerConfig {
  const config = objectOf(jsonOf(text));
  if (config === null) throw new DockerConfigError('is no docker config JSON: {"auths": {"HOST": {"auth": "..."}}}');
  const auths = objectOf(config.auths ?? {});
  const credHelpers = objectOf(config.credHelpers ?? {});
  if (auths === null || credHelpers === null) {
    throw new DockerConfigError(`is no docker config JSON: ${auths === null ? "auths" : "credHelpers"} is no object`);
  }
  const parts = [
    ...Object.entries(auths).map(([key, entry]) => authOf(key, objectOf(entry), config.credsStore)),
    ...Object.entries(credHelpers).map(([key, helper]) => helperOf(key, helper)),
  ];
  if (parts.length === 0) throw new DockerConfigError("has no login: neither auths nor credHelpers has an entry");
  try {
    return mergeDockerConfigs(parts);
  } catch (error) {
    if (error instanceof DockerConfigError) throw new DockerConfigError(`has ${error.message}`);
    throw error;
  }
}

/** A key of a config.json as people write the registry. */
export function hostOfKey(key: string): string {
  return key === DOCKER_HUB_KEY ? DOCKER_HUB : key;
}

/**
 * Keys that are more than a host: a path below one, or a pattern. The kubelet goes by them (Kubernetes, "Images", interpretation of
 * config.json); docker, BuildKit and skopeo match hosts exactly, so for builders there would be no login.
 */
export function widerKeys(config: DockerConfig): string[] {
  return [...Object.keys(config.auths), ...Object.keys(config.credHelpers)].filter(
    (key) => hostProblem(hostOfKey(key)) !== null,
  );
}

/** docker once wrote keys with a scheme and the version of the API. */
function keyOf(written: string): string {
  const bare = written.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
  return configKey(canonicalHost(bare));
}

function authOf(written: string, entry: Record<string, unknown> | null, store: unknown): DockerConfig {
  const key = keyOf(written);
  const { auth, username, password, identitytoken, registrytoken } = entry ?? {};
  if (typeof auth === "string" && /^[^:]+:./s.test(Buffer.from(auth, "base64").toString("utf8"))) {
    return { auths: { [key]: { auth } }, credHelpers: {} };
  }
  if (typeof username === "string" && typeof password === "string" && username !== "" && !username.includes(":")) {
    return { auths: { [key]: authEntry(username, password) }, credHelpers: {} };
  }
  const host = hostOfKey(key);
  if (identitytoken !== undefined || registrytoken !== undefined) {
    throw new DockerConfigError(
      `has a token for ${host} that a login on somebody's machine gave; it needs user and password`,
    );
  }
  const where =
    typeof store === "string" ? `: it is in the credential store ${store} of the machine that it is from` : "";
  throw new DockerConfigError(`has no user and password for ${host}${where}`);
}

function helperOf(written: string, helper: unknown): DockerConfig {
  const key = keyOf(written);
  const host = hostOfKey(key);
  if (typeof helper !== "string") throw new DockerConfigError(`names no credential helper for ${host}`);
  const unfit = helperProblem(helper, host);
  if (unfit !== null) {
    throw new DockerConfigError(`names the credential helper ${JSON.stringify(helper)} for ${host}, which ${unfit}`);
  }
  return { auths: {}, credHelpers: { [key]: helper } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
}

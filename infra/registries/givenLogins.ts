/** The logins that a stack file lists for builders, beside those that follow from its registries: pure. */
import type { ParsedSections } from "../config.ts";
import type { DockerConfig } from "../documents/dockerConfig.ts";
import { DockerConfigError } from "../documents/dockerConfig.ts";
import { readDockerConfig } from "../documents/givenDockerConfig.ts";
import { configKey } from "../documents/registryHost.ts";

/** A secret of the stack file by its name, which is the file's own, also "constructor". */
export function secretOf(secrets: ParsedSections["secrets"], name: string): string | undefined {
  return secrets !== undefined && Object.hasOwn(secrets, name) ? secrets[name] : undefined;
}

/** A docker config among the secrets, or what is wrong with it; null where there is none, which another rule says. */
export function givenDockerConfig(
  secrets: ParsedSections["secrets"],
  name: string,
): { readonly config: DockerConfig } | { readonly wrong: string } | null {
  const text = secretOf(secrets, name);
  if (text === undefined) return null;
  try {
    return { config: readDockerConfig(text) };
  } catch (error) {
    if (error instanceof DockerConfigError) return { wrong: error.message };
    throw error;
  }
}

/** Whether `cluster.pullSecret` has a login for a host. */
export function hasListedLogin({ cluster, secrets }: ParsedSections, host: string): boolean {
  const key = configKey(host);
  if (cluster === undefined) return false;
  const { logins, dockerConfigSecrets } = cluster.pullSecret;
  if (logins.some((login) => configKey(login.host) === key)) return true;
  return dockerConfigSecrets.some((name) => {
    const given = givenDockerConfig(secrets, name);
    if (given === null || "wrong" in given) return false;
    return Object.hasOwn(given.config.auths, key) || Object.hasOwn(given.config.credHelpers, key);
  });
}

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

/** A login of `cluster.pullSecret`. */
interface ListedLogin {
  /** of docker's config.json */
  readonly key: string;
  /** the credential helper, without `docker-credential-`; null for a password */
  readonly helper: string | null;
}

/** The logins of `cluster.pullSecret`: listed one by one, then those of its docker configs. */
export function listedLogins({ cluster, secrets }: ParsedSections): ListedLogin[] {
  if (cluster === undefined) return [];
  const { logins, dockerConfigSecrets } = cluster.pullSecret;
  const listed = logins.map((login) => ({
    key: configKey(login.host),
    helper: "helper" in login ? login.helper : null,
  }));
  const given = dockerConfigSecrets.flatMap((name) => {
    const read = givenDockerConfig(secrets, name);
    if (read === null || "wrong" in read) return [];
    const { auths, credHelpers } = read.config;
    return [
      ...Object.keys(auths).map((key) => ({ key, helper: null })),
      ...Object.entries(credHelpers).map(([key, helper]) => ({ key, helper })),
    ];
  });
  return [...listed, ...given];
}

/** Whether `cluster.pullSecret` has a login for a host. */
export function hasListedLogin(config: ParsedSections, host: string): boolean {
  return listedLogins(config).some(({ key }) => key === configKey(host));
}

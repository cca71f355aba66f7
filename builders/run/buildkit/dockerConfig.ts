/** Reads a docker config.json: which entry or which credential helper answers for a registry. Pure. */

export interface DockerConfig {
  auths?: Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

export type CredentialSource =
  /** a helper program `docker-credential-<helper>` has it */
  | { readonly helper: string }
  | { readonly username: string; readonly secret: string }
  /** there is an entry, and it cannot be read */
  | { readonly broken: true }
  | null;

/** What Docker Hub is called in config files and by clients. */
const HUB = ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"];

/** `https://host/v1/` and the like -> host */
const bare = (key: string): string => key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");

/**
 * Where the credentials for a registry are, in docker's order: the host's helper, the store, the entry itself.
 * @param host as a client asks for it: `host[:port]`, or `https://index.docker.io/v1/`
 */
export function credentialSource(config: DockerConfig, host: string): CredentialSource {
  const names = HUB.includes(host) || HUB.includes(bare(host)) ? HUB : [host, bare(host)];
  const find = <T>(entries: Record<string, T> | undefined): T | undefined => {
    const match = Object.keys(entries ?? {}).find((key) => names.includes(key) || names.includes(bare(key)));
    return match === undefined ? undefined : entries?.[match];
  };
  const helper = find(config.credHelpers) || config.credsStore;
  if (helper) return { helper };
  const entry = find(config.auths);
  if (!entry) return null;
  // An identity token goes by this user name: https://github.com/docker/docker-credential-helpers
  if (entry.identitytoken) return { username: "<token>", secret: entry.identitytoken };
  if (entry.username !== undefined && entry.password !== undefined)
    return { username: entry.username, secret: entry.password };
  if (!entry.auth) return null;
  const decoded = Buffer.from(entry.auth, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  return colon < 0
    ? { broken: true }
    : { username: decoded.slice(0, colon), secret: decoded.slice(colon + 1).replace(/\0+$/, "") };
}

/** Whose login a registry is asked with, and how it wants it: docker configs and challenges, read. Pure. */

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Where a login is to be had. */
export type LoginSource =
  | { readonly from: "config"; readonly login: Login }
  /** a program `docker-credential-NAME`, asked for `server` */
  | { readonly from: "helper"; readonly name: string; readonly server: string }
  | { readonly from: "nowhere" };

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { auth?: string; username?: string; password?: string }>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

/**
 * Docker Hub: its hosts in references, the one that its API is at, and its key in a config.json (docker/cli, registry: IndexServer;
 * distribution/reference: normalize).
 */
export const DOCKER_HUB: { readonly hosts: readonly string[]; readonly api: string; readonly key: string } = {
  hosts: ["docker.io", "index.docker.io"],
  api: "registry-1.docker.io",
  key: "https://index.docker.io/v1/",
};

/** Helpers that kaniko has built in for clouds' registries (its pkg/creds), and its image beside it as a program. */
const BUILT_IN: readonly [host: RegExp, helper: string][] = [
  [/^\d+\.dkr[.-]ecr(?:-fips)?\.[\w.-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$|^public\.ecr\.aws$/, "ecr-login"],
  [/(?:^|\.)gcr\.io$|-docker\.pkg\.dev$/, "gcr"],
  [/\.azurecr\.(?:io|cn|us)$/, "acr-env"],
];

/** @param config text of a config.json, null where there is none @throws Error for a text that is none */
export function loginSource(config: string | null, host: string): LoginSource {
  const { auths = {}, credHelpers = {}, credsStore }: DockerConfig = config === null ? {} : JSON.parse(config);
  const server = DOCKER_HUB.hosts.includes(host) ? DOCKER_HUB.key : host;
  const helper = credHelpers[server];
  if (helper !== undefined) return { from: "helper", name: helper, server };
  const names = [
    server,
    host,
    `https://${host}`,
    `https://${host}/`,
    `https://${host}/v1/`,
    `https://${host}/v2/`,
    `http://${host}`,
  ];
  for (const entry of names.map((name) => auths[name])) {
    if (entry?.auth) {
      const [username = "", ...password] = Buffer.from(entry.auth, "base64").toString("utf8").split(":");
      return { from: "config", login: { username, password: password.join(":") } };
    }
    if (entry?.username) return { from: "config", login: { username: entry.username, password: entry.password ?? "" } };
  }
  if (credsStore) return { from: "helper", name: credsStore, server };
  const known = BUILT_IN.find(([pattern]) => pattern.test(host))?.[1];
  return known === undefined ? { from: "nowhere" } : { from: "helper", name: known, server: host };
}

/** What a credential helper printed for `get` (github.com/docker/docker-credential-helpers); null when it has nothing. */
export function helperLogin(printed: string): Login | null {
  try {
    const { Username, Secret } = JSON.parse(printed);
    return typeof Username === "string" && typeof Secret === "string" ? { username: Username, password: Secret } : null;
  } catch {
    return null;
  }
}

/** How a registry wants to be told who asks. */
export type Challenge =
  | { readonly scheme: "basic" }
  /** a token from another server, for the answer to GET of this URL */
  | { readonly scheme: "bearer"; readonly url: string };

/**
 * Reads `www-authenticate` (RFC 9110, 11; distribution.github.io, token authentication). Null for what is neither.
 * @param scope what is asked for: "repository:shop/api:pull,push"
 */
export function readChallenge(header: string, scope: string): Challenge | null {
  const [, scheme = "", rest = ""] = /^\s*(\w+)\s*(.*)$/s.exec(header) ?? [];
  if (/^basic$/i.test(scheme)) return { scheme: "basic" };
  const fields = new Map([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value as string]));
  const realm = fields.get("realm");
  if (!/^bearer$/i.test(scheme) || realm === undefined || !URL.canParse(realm)) return null;
  const url = new URL(realm);
  const service = fields.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", scope);
  return { scheme: "bearer", url: url.href };
}

export function basic({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

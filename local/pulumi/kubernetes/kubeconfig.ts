// Reads kubeconfigs as kubectl does (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/).
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";

/** A `cluster` of a kubeconfig; file names in it are absolute. */
export interface ClusterEntry {
  readonly server: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "tls-server-name"?: string;
  readonly "proxy-url"?: string;
}

/** How a `user` of a kubeconfig gets its credentials from a program. */
export interface ExecEntry {
  readonly apiVersion: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

/** A `user` of a kubeconfig; file names in it are absolute. */
export interface UserEntry {
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly exec?: ExecEntry;
  readonly "auth-provider"?: unknown;
}

interface ContextEntry {
  readonly cluster: string;
  readonly user: string;
  readonly namespace?: string;
}

/** A kubeconfig, several files merged into one. */
export interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts: readonly { readonly name: string; readonly context: ContextEntry }[];
  readonly clusters: readonly { readonly name: string; readonly cluster: ClusterEntry }[];
  readonly users: readonly { readonly name: string; readonly user: UserEntry }[];
}

/** The cluster that was chosen, who talks to it, and the context's namespace. */
export interface SelectedCluster {
  readonly name: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
  readonly namespace: string | undefined;
}

/**
 * Reads a kubeconfig.
 *
 * @param given content, a path, or undefined for KUBECONFIG (several paths are merged, the first wins) and ~/.kube/config
 * @throws Error when there is none, or when it cannot be read
 */
export function readKubeconfig(given: string | undefined, environment: NodeJS.ProcessEnv = process.env): Kubeconfig {
  if (given !== undefined && /^\s*[{]|\n|clusters:/.test(given))
    return parseKubeconfig(given, "the kubeconfig", process.cwd());
  const named = given ?? (environment.KUBECONFIG || undefined);
  const files =
    named === undefined ? [join(homedir(), ".kube", "config")] : named.split(delimiter).filter((file) => file !== "");
  const present = files.map(expandHome).filter((file) => existsSync(file));
  if (present.length === 0)
    throw new Error(
      `no kubeconfig: ${files.join(" and ")} not found; set kubeconfig, or KUBECONFIG to an existing file`,
    );
  const configs = present.map((file) => parseKubeconfig(readFileSync(file, "utf8"), file, dirname(file)));
  return configs.reduce(
    (first, next) =>
      ({
        "current-context": first["current-context"] ?? next["current-context"],
        contexts: [...first.contexts, ...next.contexts],
        clusters: [...first.clusters, ...next.clusters],
        users: [...first.users, ...next.users],
      }) as Kubeconfig,
  );
}

/** @throws Error naming the context, cluster or user that is missing, and those that there are */
export function selectCluster(
  config: Kubeconfig,
  choice: { readonly context?: string | undefined; readonly cluster?: string | undefined },
): SelectedCluster {
  const contextName = choice.context ?? config["current-context"];
  if (!contextName) throw new Error("the kubeconfig has no current-context; set context");
  const { context } = named(config.contexts, contextName, "context");
  const name = choice.cluster ?? context.cluster;
  return {
    name,
    cluster: named(config.clusters, name, "cluster").cluster,
    user: context.user ? named(config.users, context.user, "user").user : {},
    namespace: context.namespace,
  };
}

function named<T extends { readonly name: string }>(list: readonly T[], name: string, what: string): T {
  const found = list.find((entry) => entry.name === name);
  if (found) return found;
  throw new Error(
    `the kubeconfig has no ${what} "${name}"; it has ${list.map((entry) => entry.name).join(", ") || "none"}`,
  );
}

function parseKubeconfig(text: string, source: string, folder: string): Kubeconfig {
  let content: Partial<Kubeconfig> | null;
  try {
    content = parse(text) as Partial<Kubeconfig> | null;
  } catch {
    // The parser quotes the text, which may hold credentials.
    throw new Error(`${source} is not YAML`);
  }
  if (typeof content !== "object" || content === null) throw new Error(`${source} is not a kubeconfig`);
  const absolute = <T extends object>(entry: T, keys: readonly string[]): T =>
    Object.fromEntries(
      Object.entries(entry ?? {}).map(([key, value]) => [
        key,
        keys.includes(key) && !isAbsolute(value) ? join(folder, value) : value,
      ]),
    ) as T;
  return {
    ...(content["current-context"] ? { "current-context": content["current-context"] } : {}),
    contexts: content.contexts ?? [],
    clusters: (content.clusters ?? []).map(({ name, cluster }) => ({
      name,
      cluster: absolute(cluster, ["certificate-authority"]),
    })),
    users: (content.users ?? []).map(({ name, user }) => ({
      name,
      user: absolute(user, ["client-certificate", "client-key", "tokenFile"]),
    })),
  };
}

function expandHome(file: string): string {
  return file.startsWith("~/") ? join(homedir(), file.slice(2)) : file;
}

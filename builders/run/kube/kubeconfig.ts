/**
 * Reads kubeconfig files the way kubectl does: every file of `KUBECONFIG` (or `~/.kube/config`), merged so that
 * the first mention of a name wins; inside a pod, without any file, the service account's own credentials.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 *
 * Written here and not taken from `@kubernetes/client-node`, as importing that library takes longer than a whole
 * unchanged build; what this reader does not know (`auth-provider`, `proxy-url`) is handed to the library.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import path from "node:path";
import { PergolaError } from "../../errors.ts";

/** Extension of a context entry that says where this machine reaches a registry: registry host -> host:port. */
export const REGISTRY_ENDPOINTS_EXTENSION = "pergola.dev/registry-endpoints";

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** `cluster` of a kubeconfig's `clusters` entry. */
export interface ClusterEntry {
  server?: string;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "tls-server-name"?: string;
  "proxy-url"?: string;
}

/** `exec` of a user entry: a credential plugin. */
export interface ExecEntry {
  apiVersion?: string;
  command: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  installHint?: string;
  provideClusterInfo?: boolean;
}

/** `user` of a kubeconfig's `users` entry. */
export interface UserEntry {
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  exec?: ExecEntry;
  "auth-provider"?: unknown;
  /** act as somebody else (kubectl's --as) */
  as?: string;
  "as-uid"?: string;
  "as-groups"?: string[] | null;
  "as-user-extra"?: Record<string, string[]> | null;
}

interface ContextEntry {
  cluster?: string;
  user?: string;
  namespace?: string;
  extensions?: { name: string; extension: unknown }[] | null;
}

/** One kubeconfig, or several merged ones; file names inside are absolute. */
export interface Kubeconfig {
  readonly currentContext: string | null;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
}

/** What one context says about how to reach a cluster and as whom. */
export interface KubeTarget {
  /** name of the context; "in-cluster" for a pod's own service account */
  readonly context: string;
  /** namespace of the context, "default" where it names none */
  readonly namespace: string;
  /** https://host:port[/path] of the API server, without a slash at the end */
  readonly server: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
  /** registry host -> host:port at which this machine reaches that registry */
  readonly registryEndpoints: Readonly<Record<string, string>>;
}

interface Named {
  name: string;
}

/**
 * Parses one kubeconfig. Relative file names become absolute, from `directory`.
 * @throws PergolaError kubeconfig, naming `file`
 */
export function parseKubeconfig(text: string, file: string): Kubeconfig {
  let raw: {
    "current-context"?: string;
    contexts?: (Named & { context?: ContextEntry })[] | null;
    clusters?: (Named & { cluster?: ClusterEntry })[] | null;
    users?: (Named & { user?: UserEntry })[] | null;
  } | null;
  try {
    raw = parseYaml(text);
  } catch (error) {
    throw new PergolaError({
      code: "kubeconfig",
      message: `The kubeconfig ${file} is not valid YAML: ${(error as Error).message.split("\n")[0]}`,
    });
  }
  if (raw === null || typeof raw !== "object") {
    throw new PergolaError({ code: "kubeconfig", message: `The kubeconfig ${file} is empty or not an object.` });
  }
  for (const key of ["contexts", "clusters", "users"] as const) {
    if (Array.isArray(raw[key] ?? [])) continue;
    throw new PergolaError({ code: "kubeconfig", message: `The kubeconfig ${file} has ${key} that are not a list.` });
  }
  const absolute = <T extends object>(entry: T | undefined, keys: (keyof T)[]): T => {
    const copy = { ...entry } as T;
    for (const key of keys) {
      const value = copy[key];
      if (typeof value === "string" && value !== "") copy[key] = path.resolve(path.dirname(file), value) as T[keyof T];
    }
    return copy;
  };
  return {
    currentContext: raw["current-context"] || null,
    contexts: new Map((raw.contexts ?? []).map((entry) => [entry.name, entry.context ?? {}])),
    clusters: new Map(
      (raw.clusters ?? []).map((entry) => [entry.name, absolute(entry.cluster, ["certificate-authority"])]),
    ),
    users: new Map(
      (raw.users ?? []).map((entry) => [
        entry.name,
        absolute(entry.user, ["client-certificate", "client-key", "tokenFile"]),
      ]),
    ),
  };
}

const require = createRequire(import.meta.url);

/** JSON, which is YAML too, is read without what reads YAML: that takes 25 ms to load. @throws Error */
function parseYaml(text: string): object | null {
  if (/^\s*\{/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML may begin like this
    }
  }
  return (require("yaml") as typeof import("yaml")).parse(text);
}

/** Merges kubeconfigs: the first file that names a context, cluster, user or the current context decides. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const first = <T>(maps: ReadonlyMap<string, T>[]) => new Map([...maps].reverse().flatMap((map) => [...map]));
  return {
    currentContext: configs.find((config) => config.currentContext !== null)?.currentContext ?? null,
    contexts: first(configs.map((config) => config.contexts)),
    clusters: first(configs.map((config) => config.clusters)),
    users: first(configs.map((config) => config.users)),
  };
}

/**
 * Chooses a context.
 * @param name context, or null for the current one
 * @throws PergolaError kubeconfig: no such context (the message lists what there is), no cluster, no server
 */
export function selectContext(config: Kubeconfig, name: string | null): KubeTarget {
  const context = name ?? config.currentContext;
  const known = [...config.contexts.keys()];
  const choices = known.length > 0 ? `Contexts there: ${known.join(", ")}.` : "It has no context at all.";
  if (context === null) {
    throw new PergolaError({
      code: "kubeconfig",
      message: "The kubeconfig has no current context.",
      hint: `Pass --context NAME. ${choices}`,
    });
  }
  const entry = config.contexts.get(context);
  if (!entry) {
    throw new PergolaError({ code: "kubeconfig", message: `The kubeconfig has no context ${context}.`, hint: choices });
  }
  const cluster = config.clusters.get(entry.cluster ?? "");
  if (!cluster?.server) {
    throw new PergolaError({
      code: "kubeconfig",
      message: `Context ${context} names the cluster ${entry.cluster ?? "(none)"}, which the kubeconfig ${cluster ? "gives no server" : "does not have"}.`,
    });
  }
  if (entry.user && !config.users.has(entry.user)) {
    throw new PergolaError({
      code: "kubeconfig",
      message: `Context ${context} names the user ${entry.user}, which the kubeconfig does not have.`,
    });
  }
  const server = String(cluster.server).replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(server)?.protocol ?? "")) {
    throw new PergolaError({
      code: "kubeconfig",
      message: `Context ${context} names the cluster ${entry.cluster}, whose server ${JSON.stringify(cluster.server)} is not an http or https address.`,
      hint: "Write it as https://HOST:PORT.",
    });
  }
  const endpoints = entry.extensions?.find((extension) => extension.name === REGISTRY_ENDPOINTS_EXTENSION)?.extension;
  return {
    context,
    namespace: entry.namespace || "default",
    server,
    cluster,
    user: config.users.get(entry.user ?? "") ?? {},
    registryEndpoints: Object.fromEntries(
      Object.entries((endpoints ?? {}) as Record<string, unknown>).filter(
        (pair): pair is [string, string] => typeof pair[1] === "string",
      ),
    ),
  };
}

/** The kubeconfig files that `environment` names, in order; those that do not exist are left out, as kubectl does. */
export function kubeconfigFiles(environment: NodeJS.ProcessEnv): string[] {
  const named = environment.KUBECONFIG?.split(path.delimiter).filter((file) => file !== "");
  const files = named && named.length > 0 ? named : [path.join(environment.HOME || homedir(), ".kube", "config")];
  return files.map((file) => path.resolve(file)).filter((file) => existsSync(file));
}

/**
 * Reads what `environment` points to and chooses a context.
 * @throws PergolaError kubeconfig when there is none, it cannot be read, or lacks the context
 */
export function readKubeTarget(context: string | null, environment: NodeJS.ProcessEnv): KubeTarget {
  const files = kubeconfigFiles(environment);
  if (files.length === 0) {
    const own = context === null ? inCluster(environment) : null;
    if (own) return own;
    throw new PergolaError({
      code: "kubeconfig",
      message: `There is no kubeconfig: ${environment.KUBECONFIG || "~/.kube/config"} does not exist.`,
      hint: "Set KUBECONFIG to a kubeconfig file that has the cluster.",
    });
  }
  const configs = files.map((file) => {
    try {
      return parseKubeconfig(readFileSync(file, "utf8"), file);
    } catch (error) {
      if (error instanceof PergolaError) throw error;
      throw new PergolaError({
        code: "kubeconfig",
        message: `The kubeconfig ${file} cannot be read: ${(error as Error).message}`,
      });
    }
  });
  return selectContext(mergeKubeconfigs(configs), context);
}

/** A pod's own service account, null outside of a cluster. */
function inCluster(environment: NodeJS.ProcessEnv): KubeTarget | null {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port || !existsSync(`${SERVICE_ACCOUNT}/token`)) return null;
  const namespaceFile = `${SERVICE_ACCOUNT}/namespace`;
  return {
    context: "in-cluster",
    namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, "utf8").trim() : "default",
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    cluster: { "certificate-authority": `${SERVICE_ACCOUNT}/ca.crt` },
    user: { tokenFile: `${SERVICE_ACCOUNT}/token` },
    registryEndpoints: {},
  };
}

import type { ValueMap } from "../wire.ts";
import { sameValue, unknown, withoutSecrets } from "../wire.ts";
import type { ClusterEntry } from "./kubeconfig.ts";
import { readKubeconfig, selectCluster } from "./kubeconfig.ts";
import type { ReplacementSettings } from "./replacement.ts";

/** The provider's configuration, parsed. */
export interface ProviderSettings extends ReplacementSettings {
  /** Content of a kubeconfig or a path to one; undefined means KUBECONFIG, then ~/.kube/config. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  /** Namespace for objects that name none. */
  readonly namespace: string | undefined;
  readonly deleteUnreachable: boolean;
  readonly skipUpdateUnreachable: boolean;
  readonly upsertExistingObjects: boolean;
}

/** One thing wrong with the provider's configuration. */
export interface SettingsFailure {
  readonly property: string;
  readonly reason: string;
}

/** What a change of the provider's configuration means. */
export interface SettingsChange {
  readonly changed: readonly string[];
  /** Those of `changed` that mean another cluster, so that every object has to be made anew. */
  readonly replaces: readonly string[];
}

const texts = ["kubeconfig", "context", "cluster", "namespace", "clusterIdentifier"] as const;
const switches = [
  "deleteUnreachable",
  "skipUpdateUnreachable",
  "upsertExistingObjects",
  "enableSecretMutable",
  "enableConfigMapMutable",
  "enableServerSideApply",
  "enablePatchForce",
  "suppressDeprecationWarnings",
  "suppressHelmHookWarnings",
] as const;
/** Known to the official provider, but not done here: the reason for each. */
const refused: Readonly<Record<string, string>> = {
  renderYamlToDirectory: "it renders no YAML; it talks to a cluster only",
  helmReleaseSettings: "it installs no charts",
  kubeClientSettings: "its client has nothing to tune",
  alwaysRender: "it renders no YAML; it talks to a cluster only",
};
const own = "Pergola's Kubernetes provider";

/** Checks a configuration; the SDK sends switches as JSON text (`"true"`). An empty result means that it is in order. */
export function checkSettings(inputs: ValueMap): SettingsFailure[] {
  const plain = withoutSecrets(inputs);
  return Object.entries(plain).flatMap(([property, value]): SettingsFailure[] => {
    if (value === null || value === undefined || value === unknown) return [];
    const reason = reasonAgainst(property, value);
    return reason === undefined ? [] : [{ property, reason }];
  });
}

function reasonAgainst(property: string, value: unknown): string | undefined {
  if (property === "version" || property === "pluginDownloadURL") return undefined;
  const cannot = refused[property];
  if (cannot !== undefined) {
    return value === false || value === "false" ? undefined : `${own} does not take ${property}: ${cannot}`;
  }
  if (includes(texts, property)) return typeof value === "string" ? undefined : `${property} must be a string`;
  if (!includes(switches, property))
    return `${own} does not know the setting ${property}; it knows ${[...texts, ...switches].join(", ")}`;
  const on = readSwitch(value);
  if (on === undefined) return `${property} must be true or false, found ${JSON.stringify(value)}`;
  if (property === "enableServerSideApply" && !on)
    return `${own} applies on the server side only; leave enableServerSideApply out`;
  if (property === "enablePatchForce" && on) {
    return `${own} never forces: a conflict names the other manager, and one of the two has to give the field up; leave enablePatchForce out`;
  }
  return undefined;
}

/** Reads a configuration that {@link checkSettings} found in order. */
export function readSettings(inputs: ValueMap): ProviderSettings {
  const plain = withoutSecrets(inputs);
  const text = (name: (typeof texts)[number]) => {
    const value = plain[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const on = (name: (typeof switches)[number]) => readSwitch(plain[name]) ?? false;
  return {
    kubeconfig: text("kubeconfig"),
    context: text("context"),
    cluster: text("cluster"),
    namespace: text("namespace"),
    deleteUnreachable: on("deleteUnreachable"),
    skipUpdateUnreachable: on("skipUpdateUnreachable"),
    upsertExistingObjects: on("upsertExistingObjects"),
    enableSecretMutable: on("enableSecretMutable"),
    enableConfigMapMutable: on("enableConfigMapMutable"),
  };
}

/**
 * What changed between two configurations, and whether it may mean another cluster. The official provider's rules
 * (provider_diffconfig_test.go): where both sides carry a `clusterIdentifier`, only a change of it counts; otherwise
 * another cluster entry behind kubeconfig, context or cluster does, and so does one of these that is not known yet.
 */
export function diffSettings(
  olds: ValueMap,
  news: ValueMap,
  environment: NodeJS.ProcessEnv = process.env,
): SettingsChange {
  const [before, after] = [withoutSecrets(olds), withoutSecrets(news)];
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => !sameValue(before[key] ?? undefined, after[key] ?? undefined))
    .sort();
  const connection = changed.filter((key) => ["kubeconfig", "context", "cluster"].includes(key));
  const [was, becomes] = [before.clusterIdentifier, after.clusterIdentifier];
  if (was !== undefined && becomes !== undefined) {
    return { changed, replaces: was === becomes ? [] : ["clusterIdentifier", ...connection] };
  }
  if (connection.some((key) => after[key] === unknown)) {
    return { changed, replaces: connection.filter((key) => after[key] === unknown) };
  }
  const [oldCluster, newCluster] = [clusterOf(before, environment), clusterOf(after, environment)];
  const differs = oldCluster !== undefined && newCluster !== undefined && oldCluster.server !== newCluster.server;
  return { changed, replaces: differs ? connection : [] };
}

/** The cluster entry that a configuration leads to; undefined where there is none to compare. */
function clusterOf(inputs: ValueMap, environment: NodeJS.ProcessEnv): ClusterEntry | undefined {
  if (typeof inputs.kubeconfig !== "string") return undefined;
  const settings = readSettings(inputs);
  try {
    return selectCluster(readKubeconfig(settings.kubeconfig, environment), settings).cluster;
  } catch {
    return undefined;
  }
}

function readSwitch(value: unknown): boolean | undefined {
  if (value === true || value === "true") return true;
  if (value === false || value === "false" || value === undefined) return false;
  return undefined;
}

function includes<T extends string>(list: readonly T[], value: string): value is T {
  return (list as readonly string[]).includes(value);
}

/**
 * The provider `kubernetes` of Garden's project.garden.yml, as far as an environment has something to say about it: field names and
 * units are Garden's (its reference, "kubernetes" provider; the tier `garden` validates with the schema of @garden-io/core).
 */
import type { ClusterModeName, Toleration } from "../../infra/setup.ts";

export interface GardenRegistry {
  readonly hostname: string;
  readonly port?: number;
  /** path between host and image name; Garden writes `_` where there is none */
  readonly namespace: string;
  /** plain http */
  readonly insecure?: true;
}

export interface GardenCache {
  readonly type: "registry";
  readonly registry?: GardenRegistry;
  readonly mode: "min" | "max" | "inline";
  readonly tag: string;
  readonly export: boolean;
}

/** Millicores and MiB. */
export interface GardenAmounts {
  readonly cpu?: number;
  readonly memory?: number;
  readonly ephemeralStorage?: number;
}

/** Where builder pods run, and as whom. */
export interface GardenPlacement {
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  /** Garden rewrites the account when it has any other than these */
  readonly serviceAccountAnnotations: Readonly<Record<string, string>>;
}

export interface GardenBuildkit extends GardenPlacement {
  readonly rootless: boolean;
  readonly cache: readonly GardenCache[];
}

export interface GardenKaniko extends GardenPlacement {
  readonly image: string;
  readonly namespace: string;
  readonly extraFlags: readonly string[];
}

/** One entry of `providers`. */
export interface GardenProvider {
  readonly name: "kubernetes";
  /** Garden merges entries of one name in an environment: each is for an environment of its own */
  readonly environments: readonly [string];
  readonly context: string;
  /** Garden's namespace for what it deploys; it builds there, too */
  readonly namespace: string;
  readonly buildMode: ClusterModeName;
  readonly deploymentRegistry: GardenRegistry;
  readonly imagePullSecrets: readonly { readonly name: string; readonly namespace: string }[];
  readonly clusterBuildkit?: GardenBuildkit;
  readonly kaniko?: GardenKaniko;
  readonly resources: { readonly builder: { readonly limits?: GardenAmounts; readonly requests?: GardenAmounts } };
}

/** Something to know about a block: a comment in the YAML. */
export interface Remark {
  /** field that it stands before: `kaniko.image`; "" for the block itself */
  readonly at: string;
  readonly text: string;
  /** what does not work with Garden in this environment: said on stderr, too */
  readonly lacking?: true;
}

export interface GardenBlock {
  readonly mode: ClusterModeName;
  readonly provider: GardenProvider;
  readonly remarks: readonly Remark[];
}

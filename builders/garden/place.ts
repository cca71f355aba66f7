/** The namespace that a provider block is for: its annotations are those of one account. */
import type { BuilderMode, BuilderNamespace, BuildSetup, ClusterModeName } from "../../infra/setup.ts";
import { clusterModes } from "../clusterModes.ts";
import { PergolaError } from "../errors.ts";
import { modeOf, placeMode } from "../plan/placement.ts";

export interface GardenPlace {
  readonly modeName: ClusterModeName;
  readonly mode: BuilderMode;
  readonly namespace: BuilderNamespace;
  /** other listed namespaces for which the same block is right, but for their name and their own copy of the pull secret */
  readonly alike: readonly string[];
  /** listed namespaces with other annotations or images: each has a block of its own */
  readonly others: readonly string[];
  readonly pullSecrets: BuildSetup["pullSecrets"];
}

/**
 * The modes to print, the environment's default first.
 * @param namespace leaves out modes that are not provisioned there
 * @throws PergolaError mode-not-provisioned, namespace-not-provisioned, usage
 */
export function gardenPlaces(
  setup: BuildSetup,
  only: ClusterModeName | null,
  namespace: string | null,
): { readonly places: readonly GardenPlace[]; readonly left: readonly ClusterModeName[] } {
  const names = only === null ? modesOf(setup) : [only];
  const fitting = names.filter((name) => only !== null || namespace === null || isProvisioned(setup, name, namespace));
  // Where none fits, the first mode says why.
  const chosen = fitting.length > 0 ? fitting : names.slice(0, 1);
  return {
    places: chosen.map((name) => gardenPlace(setup, name, namespace)),
    left: names.filter((name) => !chosen.includes(name)),
  };
}

function modesOf(setup: BuildSetup): ClusterModeName[] {
  const { default: first } = setup.builders;
  const names = clusterModes(setup).map(([name]) => name);
  if (names.length > 0) return names.toSorted((a, b) => Number(b === first) - Number(a === first));
  throw new PergolaError({
    code: "mode-not-provisioned",
    message: `The environment ${setup.environment} has no mode that builds in its cluster, so there is nothing to tell Garden.`,
    hint: `Add cluster-buildkit or kaniko to pergola:builder.modes in stacks/Pulumi.${setup.environment}.yaml and run pulumi up. Without either Garden builds by the Docker of its machine, as it does by itself.`,
    path: "pergola:builder.modes",
  });
}

function isProvisioned(setup: BuildSetup, modeName: ClusterModeName, namespace: string): boolean {
  try {
    placeMode(setup, modeName, { namespace, contextNamespace: null });
    return true;
  } catch (error) {
    if (error instanceof PergolaError && error.data.code === "namespace-not-provisioned") return false;
    throw error;
  }
}

function gardenPlace(setup: BuildSetup, modeName: ClusterModeName, wanted: string | null): GardenPlace {
  const mode = modeOf(setup, modeName);
  if (wanted === null) refuseDifferent(setup, modeName, mode);
  const name = wanted ?? mode.namespaces[0]?.name ?? null;
  const { namespace, fresh } = placeMode(setup, modeName, { namespace: name, contextNamespace: null });
  const source = fresh ? setup.freshNamespaces?.source : namespace.name;
  const same = (one: BuilderNamespace): boolean => groupOf(one) === groupOf(namespace);
  const rest = mode.namespaces.filter((one) => one.name !== namespace.name);
  return {
    modeName,
    mode,
    namespace,
    alike: rest.filter(same).map((one) => one.name),
    others: rest.filter((one) => !same(one)).map((one) => one.name),
    pullSecrets: setup.pullSecrets.filter((secret) => secret.namespace === source),
  };
}

/** What a block has of a namespace, beside its name. */
function groupOf({ annotations, images }: BuilderNamespace): string {
  const sorted = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([sorted, images === "*" ? images : images.toSorted()]);
}

function refuseDifferent(setup: BuildSetup, modeName: ClusterModeName, { namespaces }: BuilderMode): void {
  const groups = Map.groupBy(namespaces, groupOf);
  if (groups.size < 2) return;
  const list = [...groups.values()].map((group) => group.map(describe).join(", ")).join("; ");
  throw new PergolaError({
    code: "namespace-not-provisioned",
    message: `The namespaces of the mode ${modeName} of the environment ${setup.environment} differ in annotations or images, and a provider block is for one account: ${list}.`,
    hint: `Choose one with --namespace, and give each team its own block: ${namespaces.map(({ name }) => name).join(", ")}.`,
  });
}

function describe({ name, team }: BuilderNamespace): string {
  return team === null ? name : `${name} (team ${team})`;
}

/** Rules of a stack file about its repositories in Artifact Registry. What they are made with is in registries/garPlan.ts. */
import { builderServiceAccount, isGcpAccess } from "../access/builderServiceAccount.ts";
import { gcpCiPlan } from "../access/gcpCi.ts";
import { nodeAccountOf } from "../cluster/gkeNodeNames.ts";
import type { ParsedSections } from "../config.ts";
import { listedTwice, type Problem, problem } from "../configProblems.ts";
import { repositoryIdProblem } from "../documents/gcp/names.ts";
import { garLocation, garRepository, isGar, registryOfCaches } from "../registries/registryPlace.ts";
import type { GarConfig } from "../sections/artifactRegistry.ts";
import { cleanupProblems } from "./garCleanup.ts";

type Path = readonly (string | number)[];

/** API reference of Repository: labels. */
const MOST_LABELS = 64;

/** All violations, in the order of the rules. @param stack its name, of which names of nodes' accounts are made */
export function garProblems(config: ParsedSections, stack: string): Problem[] {
  const { registry } = config;
  if (!isGar(registry)) return [];
  return [
    ...bothWays(registry),
    ...cacheRepository(registry),
    ...remotes(registry),
    ...keyLocation(["registry"], registry.kmsKey, garLocation(registry)),
    ...labelCount(["registry"], registry.labels),
    ...withoutEffect(registry),
    ...cleanupProblems(["registry", "cleanup"], registry.cleanup),
    ...pullers(registry, config, stack),
  ];
}

/** A repository takes a key of its own location ("Enable customer-managed encryption keys"). */
export function keyLocation(path: Path, key: string | undefined, location: string): Problem[] {
  const found = /\/locations\/([^/]+)\//.exec(key ?? "")?.[1];
  if (found === undefined || found === location) return [];
  return [
    problem([...path, "kmsKey"], `is a key of ${found}, but the repositories are in ${location}, whose keys they take`),
  ];
}

/** Labels of one repository. */
export function labelCount(path: Path, labels: Readonly<Record<string, string>>): Problem[] {
  const count = Object.keys(labels).length;
  if (count <= MOST_LABELS) return [];
  return [problem([...path, "labels"], `are ${count}, a repository takes at most ${MOST_LABELS}`)];
}

function bothWays(registry: GarConfig): Problem[] {
  if (!registry.existing || !registry.import) return [];
  return [
    problem(["registry"], "has both existing, which leaves it as it is, and import, which takes it over; keep one"),
  ];
}

/** Caches have a second repository where tags of the first never move, and nowhere else. */
function cacheRepository(registry: GarConfig): Problem[] {
  const path = ["registry", "cacheRepository"];
  const caches = registryOfCaches({ registry });
  if (caches === null) {
    if (registry.cacheRepository === undefined) return [];
    const message =
      "has no effect: without immutableTags caches are in the repository of the images, as tags move there; remove it, or add " +
      "immutableTags: true";
    return [problem(path, message)];
  }
  const images = garRepository(registry);
  if (caches.repository === images) {
    return [
      problem(path, `is ${JSON.stringify(images)}, the repository of the images, where no tag moves; name another one`),
    ];
  }
  const unfit = registry.cacheRepository === undefined ? repositoryIdProblem(caches.repository) : null;
  if (unfit === null) return [];
  const message = `is ${JSON.stringify(caches.repository)} where nothing else is said, which ${unfit}; name one`;
  return [problem(path, message)];
}

/** Each is a repository of its own. */
function remotes(registry: GarConfig): Problem[] {
  if (registry.kind === "gcr") return [];
  const caches = registryOfCaches({ registry })?.repository;
  const ids = registry.remotes.map(({ repository }) => repository);
  return ids.flatMap((id, index) => {
    const whose =
      id === registry.repository
        ? "the repository of the images"
        : id === caches
          ? "the repository of the caches"
          : ids.indexOf(id) < index
            ? "listed twice"
            : null;
    if (whose === null) return [];
    const path = ["registry", "remotes", index, "repository"];
    return [problem(path, `${JSON.stringify(id)} is ${whose}; a remote repository is one of its own`)];
  });
}

/** What is said about a repository that stays as it is. */
function withoutEffect(registry: GarConfig): Problem[] {
  if (!registry.existing) return [];
  const { scanning, cleanup, protect, kmsKey, labels } = registry;
  const caches = registryOfCaches({ registry });
  const isAnyMade =
    (caches !== null && !caches.existing) ||
    (registry.kind === "artifactRegistry" && registry.remotes.some((remote) => "of" in remote));
  const said = [
    ...(scanning === "disabled" ? ["scanning"] : []),
    ...(Object.keys(cleanup.policies).length > 0 ? ["cleanup"] : []),
    ...(protect ? [] : ["protect"]),
    ...(kmsKey === undefined || isAnyMade ? [] : ["kmsKey"]),
    ...(Object.keys(labels).length === 0 || isAnyMade ? [] : ["labels"]),
  ];
  const id = garRepository(registry);
  return said.map((key) =>
    problem(
      ["registry", key],
      `changes nothing: ${id} is existing and stays as it is; remove it, or write import: true instead of existing`,
    ),
  );
}

/** Nodes that others made, and nobody else whom the stack knows. */
function pullers(registry: GarConfig, config: ParsedSections, stack: string): Problem[] {
  const { pull } = registry;
  const path = ["registry", "pull", "serviceAccounts"];
  const known = knownAccounts(registry, config, stack);
  return [
    ...listedTwice(path, pull.serviceAccounts),
    ...pull.serviceAccounts.flatMap((email, index) => {
      const what = known.get(email);
      return what === undefined ? [] : [problem([...path, index], `${JSON.stringify(email)} ${what}; remove it`)];
    }),
  ];
}

/**
 * Service accounts that a stack gives their rights itself -> what they are, as the end of a sentence. A member that two parts add is
 * one, and goes with whichever of them goes first.
 */
function knownAccounts(registry: GarConfig, config: ParsedSections, stack: string): Map<string, string> {
  const { access, cluster } = config;
  const found = new Map<string, string>();
  const jobs = gcpCiPlan(config, stack);
  if (jobs !== null)
    found.set(jobs.email, "is that of CI jobs, which need no right to the registry and never are nodes");
  const project = cluster?.gke?.project;
  for (const [index, nodes] of (cluster?.builderNodes ?? []).entries()) {
    if (nodes.kind !== "gke" || project === undefined) continue;
    const what = `is that of the nodes of pergola:cluster.builderNodes[${index}], which may pull already`;
    found.set(nodeAccountOf(nodes, stack, project).email, what);
  }
  if (access === undefined || !isGcpAccess(access)) return found;
  return found.set(builderServiceAccount({ access, registry }), "is that of builders, which push and pull already");
}

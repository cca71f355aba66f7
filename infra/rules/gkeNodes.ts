/** Rules about builder nodes that are made in GKE. */
import { builderServiceAccount, serviceAccountProject } from "../access/builderServiceAccount.ts";
import { nodeAccountOf, poolNameOf } from "../cluster/gkeNodeNames.ts";
import type { ParsedSections } from "../config.ts";
import { listedTwice, type Problem, problem } from "../configProblems.ts";
import { defaultDiskType, diskTypeProblem, machineArchitecture } from "../documents/gcp/machineTypes.ts";
import { regionProblem, serviceAccountIdProblem } from "../documents/gcp/names.ts";
import { type PoolCluster, poolNameProblem } from "../documents/gcp/nodePool.ts";
import type { BuilderNodesConfig } from "../sections/builderNodes.ts";
import type { GkeNodesConfig } from "../sections/gkeNodes.ts";
import { GSA_ANNOTATION } from "../setupNames.ts";

type Path = readonly (string | number)[];

/** What Google would refuse of the node pools that are made, or what would never become a node, or could push. */
export function gkeNodeProblems(config: ParsedSections, stack: string): Problem[] {
  const { cluster } = config;
  const problems: Problem[] = [];
  if (cluster?.gke !== undefined && cluster.eks !== undefined) {
    problems.push(problem(["cluster"], "has both eks and gke, but is one cluster; keep one"));
  }
  problems.push(...annotated(config));
  for (const [index, nodes] of (cluster?.builderNodes ?? []).entries()) {
    if (nodes.kind !== "gke") continue;
    const path = ["cluster", "builderNodes", index];
    problems.push(...machines(path, nodes), ...sizes(path, nodes), ...poolName(path, nodes, stack));
    if (cluster?.gke === undefined) {
      const message =
        "is of kind gke, which needs pergola:cluster.gke: { project, location, name } of the cluster; add it";
      problems.push(problem(path, message));
      continue;
    }
    problems.push(...places(path, nodes, cluster.gke), ...account(path, nodes, config, stack, cluster.gke));
    problems.push(...madeElsewhere(path, nodes, cluster.builderNodes, stack, cluster.gke));
  }
  return problems;
}

/** The annotation by which GKE's metadata server knows whom a pod is. */
function annotated({ access, cluster }: ParsedSections): Problem[] {
  if (cluster?.gke?.workloadIdentity !== false || access?.kind !== "none") return [];
  if (!Object.hasOwn(access.annotations, GSA_ANNOTATION)) return [];
  const message =
    "is for Workload Identity, but pergola:cluster.gke.workloadIdentity is false: builders would be the nodes' service account; " +
    "remove one of both";
  return [problem(["access", "annotations", GSA_ANNOTATION], message)];
}

function machines(path: Path, { machineType, architecture, diskType }: GkeNodesConfig): Problem[] {
  const problems: Problem[] = [];
  const own = machineArchitecture(machineType);
  if (own !== architecture) {
    const message = `${JSON.stringify(machineType)} is an ${own} machine, but these nodes are ${architecture}`;
    problems.push(problem([...path, "machineType"], message));
  }
  const unfit = diskTypeProblem(machineType, diskType ?? defaultDiskType(machineType));
  if (unfit !== null) problems.push(problem([...path, "diskType"], `${JSON.stringify(diskType)} ${unfit}`));
  return problems;
}

function sizes(path: Path, { min, max }: GkeNodesConfig): Problem[] {
  return min > max ? [problem([...path, "min"], `is ${min}, more than max, which is ${max}`)] : [];
}

/** A name that is written was judged where it stands. */
function poolName(path: Path, nodes: GkeNodesConfig, stack: string): Problem[] {
  const name = poolNameOf(nodes, stack);
  const unfit = nodes.name === undefined ? poolNameProblem(name) : null;
  return unfit === null
    ? []
    : [problem([...path, "name"], `is missing, and the name by rule, ${JSON.stringify(name)}, ${unfit}; write one`)];
}

function places(path: Path, { zones = [], diskKey }: GkeNodesConfig, { location }: PoolCluster): Problem[] {
  const region = location.replace(/-[a-z]$/, "");
  const problems = listedTwice([...path, "zones"], zones);
  for (const [index, zone] of zones.entries()) {
    if (zone.startsWith(`${region}-`)) continue;
    const message = `${JSON.stringify(zone)} is not in ${region}, where the cluster is`;
    problems.push(problem([...path, "zones", index], message));
  }
  const keyPlace = diskKey?.split("/")[3];
  // A key of a multi-region or of the world serves disks of its regions; which those are is Google's to say.
  if (keyPlace !== undefined && keyPlace !== region && regionProblem(keyPlace) === null) {
    const message = `is a key in ${keyPlace}, but the nodes' disks are in ${region}, where their key has to be`;
    problems.push(problem([...path, "diskKey"], message));
  }
  return problems;
}

/** Whoever is on a node that may push, may push: so nodes and builders are never one account. */
function account(
  path: Path,
  nodes: GkeNodesConfig,
  { access, registry }: ParsedSections,
  stack: string,
  { project }: PoolCluster,
): Problem[] {
  const at = [...path, "nodeServiceAccount"];
  const { id, email } = nodeAccountOf(nodes, stack, project);
  const unfit = nodes.nodeServiceAccount === undefined ? serviceAccountIdProblem(id ?? "") : null;
  if (unfit !== null) {
    const found = `is missing, and the id by rule, ${JSON.stringify(id)}, ${unfit}`;
    return [problem(at, `${found}; write one, or { existing: ADDRESS }`)];
  }
  if (access?.kind !== "workloadIdentity" && access?.kind !== "serviceAccountKey") return [];
  if (registry === undefined) return [];
  if (typeof access.serviceAccount === "string" && serviceAccountProject(access, registry) === null) return [];
  if (builderServiceAccount({ access, registry }) !== email) return [];
  const message = `is ${email}, which builders push as: nodes only pull. Give them an account of their own`;
  return [problem(at, message)];
}

/** An account is made, or there already: what it gets depends on that. */
function madeElsewhere(
  path: Path,
  { nodeServiceAccount }: GkeNodesConfig,
  all: BuilderNodesConfig,
  stack: string,
  { project }: PoolCluster,
): Problem[] {
  if (typeof nodeServiceAccount !== "object") return [];
  const { existing } = nodeServiceAccount;
  const maker = all.findIndex((other) => {
    const made = other.kind === "gke" ? nodeAccountOf(other, stack, project) : null;
    return made !== null && made.id !== null && made.email === existing;
  });
  if (maker < 0) return [];
  const id = existing.slice(0, existing.indexOf("@"));
  const message =
    `is ${existing}, which is made for entry ${maker}: it cannot be there already as well. Write ${JSON.stringify(id)} for both, or ` +
    "{ existing: ADDRESS } for both";
  return [problem([...path, "nodeServiceAccount"], message)];
}

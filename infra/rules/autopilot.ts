/** Rules about builders on GKE Autopilot, which takes pods as they are or changes them, and makes nodes after their requests. */
import { type ModeConfig, modesOf, type ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { quantityValue } from "../documents/quantity.ts";

type Path = readonly (string | number)[];

/**
 * GKE, "Resource requests in Autopilot": what a container gets that asks for nothing, and the least of a pod on nodes of its own
 * ("workload separation"; agones-dev/agones pull request 2876 has the CPU, GoogleCloudPlatform/gcs-fuse-csi-driver issue 21 the storage).
 */
const REQUESTS = {
  cpu: { fallback: "500m", least: "500m" },
  memory: { fallback: "2Gi", least: "512Mi" },
  "ephemeral-storage": { fallback: "1Gi", least: "10Mi" },
} as const;

/** The same document: the most ephemeral storage of a pod, to which Autopilot lowers what asks for more. */
const MOST_STORAGE = "10Gi";

/**
 * The same document, general-purpose pods: GiB of memory for each CPU. Where it is less or more, Autopilot raises memory or CPU
 * (GoogleContainerTools/config-sync, pull request 1105). How much a pod may have of both, sources do not agree on: that is Google's to say.
 */
const GIB_FOR_CPU = { least: 1, most: 6.5 };
const GIB = 2 ** 30;

/** What Autopilot would refuse, or change without a word. */
export function autopilotProblems({ builder, cluster }: ParsedSections): Problem[] {
  const nodes = cluster?.builderNodes ?? [];
  if (!nodes.some(({ kind }) => kind === "autopilot")) return [];
  const problems = nodes.flatMap(({ kind, architecture }, index) => {
    const path = ["cluster", "builderNodes", index];
    if (kind !== "autopilot") {
      const message = `is ${JSON.stringify(kind)}, beside an entry of kind autopilot: Autopilot makes all nodes of its cluster itself; keep one of the kinds`;
      return [problem([...path, "kind"], message)];
    }
    if (architecture === "amd64") return [];
    const message =
      'is "arm64", which Autopilot gives only to pods of a ComputeClass, and that is not offered here; write amd64, or nodes of ' +
      "kind gke in a Standard cluster";
    return [problem([...path, "architecture"], message)];
  });
  // GKE, "Authenticate to Google Cloud APIs from GKE workloads": on Autopilot it is always enabled.
  if (cluster?.gke?.workloadIdentity === false) {
    const message = "is false, but clusters of Autopilot have Workload Identity, which cannot be turned off; remove it";
    problems.push(problem(["cluster", "gke", "workloadIdentity"], message));
  }
  for (const [name, mode] of builder === undefined ? [] : modesOf({ builder })) {
    const path = ["builder", "modes", name];
    if (name !== "kaniko") {
      problems.push(buildkit(path));
      continue;
    }
    const at = [...path, "resources"];
    const each = resources(at, mode.resources);
    problems.push(...each, ...(each.length > 0 ? [] : ratio([...at, "requests"], mode.resources.requests)));
  }
  return problems;
}

function buildkit(path: Path): Problem {
  const message =
    "does not run on GKE Autopilot: it refuses privileged containers, which the profile rootful needs, and rootless BuildKit " +
    "does not start there; build with the mode kaniko";
  return problem(path, message);
}

/**
 * Autopilot lowers a limit to its request, of ephemeral storage always, of memory where the cluster is not one that bursts; so what
 * a build may use is what it asks for.
 */
function resources(path: Path, { limits, requests }: ModeConfig["resources"]): Problem[] {
  return Object.entries(REQUESTS).flatMap(([resource, { fallback, least }]) => {
    const at = [...path, "requests", resource];
    const request = own(requests, resource);
    if (request === undefined) {
      const message = `is missing: Autopilot makes nodes after requests, and gives a container that has none ${fallback}; add it`;
      return [problem(at, message)];
    }
    if (quantityValue(request)! < quantityValue(least)!) {
      return [
        problem(
          at,
          `is ${request}, less than the ${least} that a pod on nodes of its own has on Autopilot; ask for that or more`,
        ),
      ];
    }
    if (resource === "cpu") return [];
    if (resource === "ephemeral-storage" && quantityValue(request)! > quantityValue(MOST_STORAGE)!) {
      return [
        problem(
          at,
          `is ${request}, more than the ${MOST_STORAGE} that a pod may have on Autopilot; ask for that or less`,
        ),
      ];
    }
    const limit = own(limits, resource);
    if (limit === undefined || quantityValue(limit)! <= quantityValue(request)!) return [];
    const message = `is ${limit}, more than the request ${request}: Autopilot lowers it to that, and ends what uses more; write the same for both`;
    return [problem([...path, "limits", resource], message)];
  });
}

/** What is asked for is what a pod gets, and what is paid for. */
function ratio(path: Path, { cpu = "", memory = "" }: ModeConfig["resources"]["requests"]): Problem[] {
  const [cores, gib] = [quantityValue(cpu)!, quantityValue(memory)! / GIB];
  if (gib > cores * GIB_FOR_CPU.most) {
    const enough = `${Math.ceil((gib / GIB_FOR_CPU.most) * 1000)}m`;
    const message = `is ${cpu}, less than a CPU for each ${GIB_FOR_CPU.most}Gi of memory, of which ${memory} is requested: Autopilot raises it; ask for ${enough} or more, or for less memory`;
    return [problem([...path, "cpu"], message)];
  }
  if (gib < cores * GIB_FOR_CPU.least) {
    const enough = `${Math.ceil(cores * GIB_FOR_CPU.least * 1024)}Mi`;
    const message = `is ${memory}, less than ${GIB_FOR_CPU.least}Gi for each CPU, of which ${cpu} is requested: Autopilot raises it; ask for ${enough} or more, or for less CPU`;
    return [problem([...path, "memory"], message)];
  }
  return [];
}

/** Resources have the names that a stack file gives them, also "constructor". */
function own(amounts: Readonly<Record<string, string>>, resource: string): string | undefined {
  return Object.hasOwn(amounts, resource) ? amounts[resource] : undefined;
}

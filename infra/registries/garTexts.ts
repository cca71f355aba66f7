/** What whoever runs `up` should know of Google's registries and cannot see in the resources. Pure. */
import { clusterProjectOf } from "../access/gcpGrants.ts";
import type { StackConfig } from "../config.ts";
import { READER } from "../documents/gcp/members.ts";
import { pulledRepositories } from "./garRepositories.ts";
import { isGar } from "./registryPlace.ts";

/**
 * That nodes which the stack does not make, in a cluster of another project than the registry, need a right to pull; null where
 * there are none, nothing tells the cluster's project, or somebody is named who may. Node pools that are made have an account that gets
 * the right.
 */
export function nodesNeedReaderText({
  registry,
  access,
  cluster,
}: Pick<StackConfig, "registry" | "access" | "cluster">): string | null {
  if (!isGar(registry) || registry.pull.serviceAccounts.length > 0) return null;
  const project = clusterProjectOf({ access, cluster });
  if (project === null || project === registry.project) return null;
  if (!cluster.builderNodes.some(({ kind }) => kind === "existing" || kind === "autopilot")) return null;
  const names = pulledRepositories({ registry }).map(
    ({ location, repository }) => `projects/${registry.project}/locations/${location}/repositories/${repository}`,
  );
  return (
    `the cluster is in the project ${project}, and the registry in ${registry.project}: builders may use it, but nodes that this stack does ` +
    `not make can pull only if their service account has ${READER} on ${names.join(", ")}. For pods that run these images write ` +
    "pergola:registry.pull: { serviceAccounts: [ADDRESS] }"
  );
}

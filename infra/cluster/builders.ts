/** Everything that builders find in the cluster, for all modes of a stack. */
import { PriorityClass } from "@pulumi/kubernetes/scheduling/v1/priorityClass.js";
import * as pulumi from "@pulumi/pulumi";
import type { ProvisionedAccess } from "../access/access.ts";
import { ciUser } from "../access/gcpCi.ts";
import { priorityClassName } from "../documents/builderPriority.ts";
import { ciGroup } from "../documents/ciRole.ts";
import { physicalName } from "../documents/names.ts";
import type { Environment } from "../environment.ts";
import type { BuildSetup } from "../setup.ts";
import { ClusterIdentityAccess } from "./ciAccess.ts";
import type { ClusterConnection } from "./connection.ts";
import { builderDockerConfig } from "./dockerConfigs.ts";
import { egressOf, unseenHostsText } from "./egress.ts";
import { BuilderNamespace, builderNamespaces } from "./namespace.ts";

/**
 * Below everything that has no class (0), so that builders wait rather than services. Not lower: cluster-autoscaler starts
 * no node for pods below -10 (its flag --expendable-pods-priority-cutoff).
 */
const PRIORITY = -10;

/** Makes the PriorityClass, the access of those who build, and all builder namespaces, which it returns. */
export async function provisionBuilders(
  environment: Environment,
  cluster: ClusterConnection,
  access: ProvisionedAccess,
  setup: BuildSetup,
): Promise<BuilderNamespace[]> {
  const { config, stack } = environment;
  const unseen = unseenHostsText(config);
  if (unseen !== null) await pulumi.log.info(unseen);
  const name = priorityClassName(stack);
  new PriorityClass(
    "builder-priority",
    {
      metadata: { name },
      value: PRIORITY,
      preemptionPolicy: "Never",
      description: `Image builders of the stack ${stack}: they wait for room and never push anything out`,
    },
    { provider: cluster.provider },
  );
  const group = ciGroup(config.cluster.ci.group, stack);
  const roleName = physicalName(["pergola", stack, "ci"]);
  new ClusterIdentityAccess(
    "ci-cluster",
    { roleName, group, user: ciUser(config, stack) },
    { providers: [cluster.provider] },
  );

  const dockerConfig = builderDockerConfig(environment, access);
  const egress = egressOf(config);
  const namespaces = builderNamespaces(environment);
  const adopting = namespaces.some((namespace) => namespace.existing) ? cluster.adopting() : null;
  return namespaces.map((namespace) => {
    const args = { namespace, environment, setup, dockerConfig, egress, adopting };
    return new BuilderNamespace(namespace.name, args, { providers: [cluster.provider] });
  });
}

/** Everything that builders find in the cluster, for all modes of a stack. */
import { PriorityClass } from "@pulumi/kubernetes/scheduling/v1/priorityClass.js";
import * as pulumi from "@pulumi/pulumi";
import { ciGroup } from "../documents/ciRole.ts";
import type { RegistryLogin } from "../documents/dockerConfig.ts";
import { physicalName } from "../documents/names.ts";
import type { Environment } from "../environment.ts";
import type { ProvisionedRegistry } from "../registries/provisioned.ts";
import type { BuildSetup } from "../setup.ts";
import { ClusterIdentityAccess } from "./ciAccess.ts";
import type { ClusterConnection } from "./connection.ts";
import { egressOf } from "./egress.ts";
import { BuilderNamespace, builderNamespaces } from "./namespace.ts";

/**
 * Below everything that has no class (0), so that builders wait rather than services. Not lower: cluster-autoscaler starts
 * no node for pods below -10 (its flag --expendable-pods-priority-cutoff).
 */
const PRIORITY = -10;

/** Name of the PriorityClass of a stack's builders. */
export function priorityClassName(stack: string): string {
  return physicalName(["pergola", stack, "builder"]);
}

/** Makes the PriorityClass, the access of those who build, and all builder namespaces. */
export function provisionBuilders(
  environment: Environment,
  cluster: ClusterConnection,
  registry: ProvisionedRegistry,
  setup: BuildSetup,
): void {
  const { config, stack } = environment;
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
  new ClusterIdentityAccess("ci-cluster", { roleName, group }, { providers: [cluster.provider] });

  const logins = allLogins(environment, registry);
  const egress = egressOf(config, registry);
  const namespaces = builderNamespaces(environment);
  const adopting = namespaces.some((namespace) => namespace.existing) ? cluster.adopting() : null;
  for (const namespace of namespaces) {
    new BuilderNamespace(
      namespace.name,
      { namespace, environment, setup, logins, egress, adopting },
      { providers: [cluster.provider] },
    );
  }
}

/** The registry's own login and those of the stack file, with their passwords. */
function allLogins(environment: Environment, registry: ProvisionedRegistry): pulumi.Output<readonly RegistryLogin[]> {
  const named = environment.config.cluster.pullSecret.logins.map((login): pulumi.Input<RegistryLogin> => {
    if ("helper" in login) return login;
    const { host, username, passwordSecret } = login;
    return environment.secret(passwordSecret).apply((password) => ({ host, username, password }));
  });
  return pulumi.all([registry.logins, pulumi.all(named)]).apply(([own, others]) => [...own, ...others]);
}

/** Everything that builders find in the cluster, for all modes of a stack. */
import { PriorityClass } from "@pulumi/kubernetes/scheduling/v1/priorityClass.js";
import * as pulumi from "@pulumi/pulumi";
import type { ProvisionedAccess } from "../access/access.ts";
import { ciUser } from "../access/gcpCi.ts";
import { priorityClassName } from "../documents/builderPriority.ts";
import { ciGroup } from "../documents/ciRole.ts";
import type { RegistryLogin } from "../documents/dockerConfig.ts";
import { physicalName } from "../documents/names.ts";
import type { Environment } from "../environment.ts";
import { type HostLogin, hostLogins } from "../registries/hostLogins.ts";
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

/** Makes the PriorityClass, the access of those who build, and all builder namespaces. */
export function provisionBuilders(
  environment: Environment,
  cluster: ClusterConnection,
  access: ProvisionedAccess,
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
  new ClusterIdentityAccess(
    "ci-cluster",
    { roleName, group, user: ciUser(config, stack) },
    { providers: [cluster.provider] },
  );

  const logins = allLogins(environment, access);
  const egress = egressOf(config);
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

/** The logins that follow from registry and access, and those of the stack file, with their passwords. */
function allLogins(environment: Environment, access: ProvisionedAccess): pulumi.Output<readonly RegistryLogin[]> {
  const { config } = environment;
  const withPassword = (host: string, username: string, password: pulumi.Output<string>) =>
    password.apply((password) => ({ host, username, password }));
  const loginOf = (login: HostLogin): pulumi.Input<RegistryLogin> => {
    const { host } = login;
    switch (login.by) {
      case "helper":
        return { host, helper: login.helper };
      case "password":
        return withPassword(host, login.username, environment.secret(login.passwordSecret));
      case "key":
        if (access.key === null) throw new pulumi.RunError(`no key was made to log in to ${host} with`);
        return withPassword(host, login.username, access.key);
    }
  };
  const named = config.cluster.pullSecret.logins.map((login): pulumi.Input<RegistryLogin> => {
    if ("helper" in login) return login;
    const { host, username, passwordSecret } = login;
    return withPassword(host, username, environment.secret(passwordSecret));
  });
  return pulumi.all([...hostLogins(config).map(loginOf), ...named]);
}

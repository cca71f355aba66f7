/** Identities in AWS: roles of builders, and who runs builds. All of them are made in the cluster's account. */
import * as pulumi from "@pulumi/pulumi";
import { inAwsPlace } from "../awsProviders.ts";
import { IRSA_AUDIENCE } from "../documents/aws/builderTrust.ts";
import { issuerOf } from "../documents/aws/webIdentity.ts";
import { ciGroup } from "../documents/ciRole.ts";
import type { Environment } from "../environment.ts";
import {
  builderRolePolicy,
  builderTrust,
  type CiRole,
  ciJobRole,
  ciOf,
  clusterOidcProviders,
} from "./accessDocuments.ts";
import { documentsText, givenAwayText } from "./accessTexts.ts";
import { builderRoles, clusterHome } from "./builderRoles.ts";
import type { CiIdentityArgs } from "./ciIdentity.ts";
import type { PodIdentityArgs } from "./podIdentity.ts";

/**
 * Makes the roles of builders and of CI; says what a role that is there needs, and what a pattern gives away. Each of
 * them is loaded only where it is made, with the SDK that it needs.
 */
export async function provisionAwsAccess({ config, stack }: Environment): Promise<void> {
  const [givenAway, needed] = [givenAwayText(config, stack), documentsText(config)];
  if (givenAway !== null) await pulumi.log.warn(givenAway);
  if (needed !== null) await pulumi.log.info(needed);
  const { eks } = config.cluster;
  const roles = builderRoles(config, stack);
  const ci = ciOf(config);
  const home = clusterHome(config);
  if (home === null || (roles.length === 0 && ci === null)) return;
  const there = inAwsPlace({ ...home, assumeRole: eks?.assumeRole });
  // A resource that is no component takes its provider in the singular.
  const {
    transformations,
    providers: [provider],
  } = there;

  const oidcProviders: pulumi.Resource[] = [];
  for (const { arn, create } of clusterOidcProviders(config)) {
    if (create === null) continue;
    const { makeOidcProvider } = await import("./oidcProvider.ts");
    oidcProviders.push(makeOidcProvider(`oidc-${issuerOf(arn)}`, create, IRSA_AUDIENCE, { provider, transformations }));
  }
  const associations: PodIdentityArgs["namespaces"][number][] = [];
  for (const role of roles) {
    const { BuilderAccess } = await import("./builderAccess.ts");
    const { role: made } = new BuilderAccess(
      role.team === null ? "builder-access" : `builder-access-${role.team}`,
      {
        role,
        stack,
        trust: builderTrust(config, role),
        policy: builderRolePolicy(config, role.repositories),
        after: oidcProviders,
      },
      there,
    );
    associations.push(...role.namespaces.map((name) => ({ name, roleArn: role.arn, role: made })));
  }
  if (eks === undefined) return;
  if (config.access.kind === "podIdentity") {
    const { PodIdentity } = await import("./podIdentity.ts");
    const args = { clusterName: eks.name, namespaces: associations };
    new PodIdentity("pod-identity", args, there);
  }
  if (ci !== null) {
    const role = ciJobRole(config, stack) ?? ("role" in ci && typeof ci.role === "string" ? ci.role : null);
    if (role === null) throw new pulumi.RunError("pergola:access.ci has no role");
    const { CiIdentity } = await import("./ciIdentity.ts");
    const group = ciGroup(config.cluster.ci.group, stack);
    const args = { ...(await principalOf(role, stack)), clusterName: eks.name, group };
    new CiIdentity("ci-identity", args, there);
  }
}

/** Who CI jobs are, and what makes that role where this stack does. */
async function principalOf(
  role: CiRole | string,
  stack: string,
): Promise<Pick<CiIdentityArgs, "principalArn" | "makeRole">> {
  if (typeof role === "string") return { principalArn: role, makeRole: null };
  const { ciRoleMaker } = await import("./ciIdentityRole.ts");
  return { principalArn: role.arn, makeRole: await ciRoleMaker(role, stack) };
}

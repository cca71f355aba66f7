/** Jobs of GitHub or GitLab as a service account of Google Cloud, by Workload Identity Federation. */
import { WorkloadIdentityPool } from "@pulumi/gcp/iam/workloadIdentityPool.js";
import { WorkloadIdentityPoolProvider } from "@pulumi/gcp/iam/workloadIdentityPoolProvider.js";
import type { Provider } from "@pulumi/gcp/provider.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { IAMMember } from "@pulumi/gcp/serviceaccount/iammember.js";
import * as pulumi from "@pulumi/pulumi";
import { ATTRIBUTE_MAPPING } from "../documents/gcp/federation.ts";
import { federatedMember, WORKLOAD_IDENTITY_USER } from "../documents/gcp/members.ts";
import type { FederationPlan, GcpCiPlan } from "./gcpCi.ts";
import type { MakeCiAccount } from "./gcpCiIdentity.ts";

type Child = { readonly parent: pulumi.Resource; readonly dependsOn: pulumi.Resource[] };

/**
 * What makes the service account of the jobs, the pool and provider that their tokens come by, and one member for each subject.
 * What is there is left as it is, but for the members.
 * @param accounts provider of the service account's project
 * @param after what all of it waits for: the APIs
 */
export function ciAccountMaker(
  { account, federation }: NonNullable<GcpCiPlan["federated"]>,
  stack: string,
  accounts: Provider,
  after: readonly pulumi.Resource[],
): MakeCiAccount {
  return (identity, child) => {
    const opts = { ...child, provider: accounts, dependsOn: [...after] };
    const made =
      account.create === null
        ? [...after]
        : [
            new Account(
              `${identity}-account`,
              {
                project: account.project,
                accountId: account.create,
                displayName: "CI jobs that build images",
                description: `CI jobs that build with the stack ${stack}`,
              },
              opts,
            ),
          ];
    const pool = federation.pool ?? makePool(identity, federation, stack, { ...child, dependsOn: [...after] });
    for (const subject of federation.subjects) {
      new IAMMember(
        `${identity}-${subject}`,
        {
          serviceAccountId: account.name,
          role: WORKLOAD_IDENTITY_USER,
          member: pulumi.output(pool).apply((name) => federatedMember(name, subject)),
        },
        { ...opts, dependsOn: made },
      );
    }
    return made;
  };
}

/** The pool and its one provider. @returns the pool's full name, which has the number of its project, that only Google knows */
function makePool(identity: string, federation: FederationPlan, stack: string, child: Child): pulumi.Output<string> {
  const pool = new WorkloadIdentityPool(
    `${identity}-pool`,
    {
      workloadIdentityPoolId: federation.createPool ?? "",
      displayName: "CI jobs that build images",
      description: `CI jobs that build with the stack ${stack}`,
    },
    child,
  );
  // Tokens have to be meant for this very provider, which is what it asks for when no audience is allowed.
  const provider = new WorkloadIdentityPoolProvider(
    `${identity}-${federation.of}`,
    {
      workloadIdentityPoolId: pool.workloadIdentityPoolId,
      workloadIdentityPoolProviderId: federation.of,
      attributeMapping: { ...ATTRIBUTE_MAPPING },
      attributeCondition: federation.condition,
      oidc: { issuerUri: federation.issuer },
    },
    child,
  );
  // Nobody is a member before the condition stands.
  return pulumi.all([pool.name, provider.id]).apply(([name]) => name);
}

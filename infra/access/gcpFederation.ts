/** Jobs of GitHub or GitLab as a service account of Google Cloud, by Workload Identity Federation. */
import type { Provider } from "@pulumi/gcp/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import { federatedMember } from "../documents/gcp/members.ts";
import type { GcpCiPlan } from "./gcpCi.ts";
import type { MakeCiAccount } from "./gcpCiIdentity.ts";
import { addMember } from "./serviceAccountMember.ts";

/** Jobs that become a service account. */
export type FederatedCi = Pick<GcpCiPlan, "clusterProject"> & NonNullable<GcpCiPlan["federated"]>;

/**
 * What makes the service account of the jobs, the pool and provider that their tokens come by, and one member for each subject.
 * What is there is left as it is, but for the members; what is made of the SDK is loaded for that.
 * @param accounts provider of the service account's project
 * @param after what all of it waits for: the APIs
 */
export async function ciAccountMaker(
  { clusterProject: project, account, federation }: FederatedCi,
  stack: string,
  accounts: Provider,
  after: readonly pulumi.Resource[],
): Promise<MakeCiAccount> {
  const said = {
    displayName: "CI jobs that build images",
    description: `CI jobs that build with the stack ${stack}`,
  };
  const accountSdk = account.create === null ? null : await import("./serviceAccount.ts");
  const poolSdk = federation.pool === null ? await import("./identityPool.ts") : null;
  return (identity, child) => {
    const wait = { ...child, dependsOn: [...after] };
    const opts = { ...wait, provider: accounts };
    const made = accountSdk?.makeServiceAccount(`${identity}-account`, account, said, opts);
    const dependsOn = made === undefined ? [...after] : [made];
    const pool = poolSdk?.makePool(identity, { project, ...federation }, said, wait);
    for (const subject of federation.subjects) {
      const member =
        pool?.apply((name) => federatedMember(name, subject)) ?? federatedMember(federation.pool ?? "", subject);
      addMember(`${identity}-${subject}`, account.name, member, { ...opts, dependsOn });
    }
    return dependsOn;
  };
}

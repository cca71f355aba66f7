/** A pool of Workload Identity Federation with its one provider. */
import { WorkloadIdentityPool } from "@pulumi/gcp/iam/workloadIdentityPool.js";
import { WorkloadIdentityPoolProvider } from "@pulumi/gcp/iam/workloadIdentityPoolProvider.js";
import * as pulumi from "@pulumi/pulumi";
import { ATTRIBUTE_MAPPING } from "../documents/gcp/federation.ts";
import type { FederationPlan } from "./gcpCi.ts";

/** @returns the pool's full name, which has the number of its project, that only Google knows */
export function makePool(
  name: string,
  { project, ...federation }: FederationPlan & { readonly project: string },
  said: { readonly displayName: string; readonly description: string },
  options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  // Who disables one keeps jobs out for longer than until the next run.
  const opts = { ...options, ignoreChanges: ["disabled"] };
  const pool = new WorkloadIdentityPool(
    `${name}-pool`,
    { project, workloadIdentityPoolId: federation.createPool ?? "", ...said },
    opts,
  );
  // Tokens have to be meant for this very provider, which is what it asks for when no audience is allowed.
  const provider = new WorkloadIdentityPoolProvider(
    `${name}-${federation.of}`,
    {
      project,
      workloadIdentityPoolId: pool.workloadIdentityPoolId,
      workloadIdentityPoolProviderId: federation.of,
      attributeMapping: { ...ATTRIBUTE_MAPPING },
      attributeCondition: federation.condition,
      oidc: { issuerUri: federation.issuer },
    },
    opts,
  );
  // Nobody is a member before the condition stands.
  return pulumi.all([pool.name, provider.id]).apply(([full]) => full);
}

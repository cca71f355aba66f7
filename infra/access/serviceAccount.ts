/** Service accounts of Google Cloud. */
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import type * as pulumi from "@pulumi/pulumi";
import type { ServiceAccountPlan } from "./gcpGrants.ts";

/** Makes a service account; an account that is there is none of these. */
export function makeServiceAccount(
  name: string,
  { project, create }: Pick<ServiceAccountPlan, "project" | "create">,
  said: { readonly displayName: string; readonly description: string },
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  // Somebody who disables one, as after a leak, does so for longer than until the next run.
  return new Account(name, { project, accountId: create ?? "", ...said }, { ...opts, ignoreChanges: ["disabled"] });
}

/** What makes a service account; its SDK is loaded only where one is made. */
export type MakeServiceAccount = typeof makeServiceAccount;

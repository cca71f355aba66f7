/** Who is a service account of Google Cloud. */
import { IAMMember } from "@pulumi/gcp/serviceaccount/iammember.js";
import type * as pulumi from "@pulumi/pulumi";
import { WORKLOAD_IDENTITY_USER } from "../documents/gcp/members.ts";

/** Lets one member be the service account, and leaves all others. @param serviceAccountId its full name */
export function addMember(
  name: string,
  serviceAccountId: string,
  member: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): void {
  new IAMMember(name, { serviceAccountId, role: WORKLOAD_IDENTITY_USER, member }, opts);
}

/** What adds a member; its SDK is loaded only where one is added. */
export type AddMember = typeof addMember;

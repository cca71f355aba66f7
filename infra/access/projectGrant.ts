/** Rights to whole projects of Google Cloud. */
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import type * as pulumi from "@pulumi/pulumi";

/** Adds one member to one role of a project, and leaves all others. */
export function grantProject(
  name: string,
  args: { readonly project: string; readonly role: string; readonly member: string },
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  return new IAMMember(name, args, opts);
}

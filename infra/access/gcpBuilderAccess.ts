/** The service account of builders in Google Cloud, its rights, and who is it. */
import type { Repository } from "@pulumi/gcp/artifactregistry/repository.js";
import type { Provider } from "@pulumi/gcp/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { serviceAccountMember } from "../documents/gcp/members.ts";
import { grantRepository } from "../registries/repositoryMember.ts";
import type { RepositoryGrant, ServiceAccountPlan } from "./gcpGrants.ts";
import type { MakeServiceAccount } from "./serviceAccount.ts";
import type { AddMember } from "./serviceAccountMember.ts";

/** Gives the service account a right to a whole project, as a child of the component. */
export type GrantProject = (
  member: string,
  child: { readonly parent: pulumi.Resource; readonly dependsOn: pulumi.Resource[] },
) => pulumi.Resource;

export interface GcpBuilderAccessArgs {
  readonly account: ServiceAccountPlan;
  /** null where it is there */
  readonly makeAccount: MakeServiceAccount | null;
  readonly stack: string;
  /** what everything of the service account waits for: the API */
  readonly after: readonly pulumi.Resource[];
  /** each with the provider of its project, and its repository where this stack makes it */
  readonly grants: readonly (RepositoryGrant & {
    readonly provider: Provider;
    readonly made: Repository | undefined;
  })[];
  /** null where every right is to one repository */
  readonly grantProject: GrantProject | null;
  /** namespace -> the member that its builders are */
  readonly members: ReadonlyMap<string, string>;
  /** null where there are none */
  readonly addMember: AddMember | null;
}

/**
 * The service account, made or as it is, a member of its role on each repository, and a member on itself for each namespace. All
 * of them are single members: what others added to the same policies stays.
 */
export class GcpBuilderAccess extends pulumi.ComponentResource {
  /** what keys of it wait for */
  readonly made: pulumi.Resource[];

  constructor(name: string, args: GcpBuilderAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:GcpBuilderAccess", name, {}, opts);
    const { account, stack, after } = args;
    const child = { parent: this };
    const said = {
      displayName: "Image builders",
      description: `Image builders of the stack ${stack}: they push and pull its images`,
    };
    const made = args.makeAccount?.(`${name}-account`, account, said, { ...child, dependsOn: [...after] });
    this.made = made === undefined ? [...after] : [made];
    // Members are addresses, known before the account is; IAM takes none that is not there.
    const member = serviceAccountMember(account.email);
    for (const { key, repository, role, provider, made } of args.grants) {
      const opts = { ...child, provider, dependsOn: this.made };
      grantRepository(`${name}-${key}`, { ...repository, made }, { role, member }, opts);
    }
    args.grantProject?.(member, { ...child, dependsOn: this.made });
    for (const [namespace, builders] of args.members) {
      args.addMember?.(`${name}-${namespace}`, account.name, builders, { ...child, dependsOn: this.made });
    }
    this.registerOutputs({});
  }
}

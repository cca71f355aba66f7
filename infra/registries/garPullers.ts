/** Who else may pull from Artifact Registry: service accounts of nodes that others made. */
import * as pulumi from "@pulumi/pulumi";
import { READER, serviceAccountMember } from "../documents/gcp/members.ts";
import { gcpProvider } from "../gcpProviders.ts";
import type { GarConfig } from "../sections/artifactRegistry.ts";
import { garKey } from "./garPlan.ts";
import { pulledRepositories } from "./garRepositories.ts";
import type { ProvisionedRegistry } from "./registry.ts";
import { grantRepository, type KnownRepository } from "./repositoryMember.ts";

export interface GarPullersArgs {
  /** addresses of service accounts, which are there */
  readonly serviceAccounts: readonly string[];
  /** each as it is made where this stack makes it */
  readonly repositories: readonly KnownRepository[];
}

/** One member for each service account and repository, beside whoever else may pull. */
export class GarPullers extends pulumi.ComponentResource {
  constructor(name: string, { serviceAccounts, repositories }: GarPullersArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:GarPullers", name, {}, opts);
    for (const email of serviceAccounts) {
      const right = { role: READER, member: serviceAccountMember(email) };
      for (const known of repositories) {
        grantRepository(`${name}-${email}-${known.repository}`, known, right, { parent: this });
      }
    }
    this.registerOutputs({});
  }
}

/** Adds them to the repositories of images and base images. */
export function provisionGarPullers(registry: GarConfig, { repositories: made }: ProvisionedRegistry): void {
  const repositories = pulledRepositories({ registry }).map((one) => ({ ...one, made: made.get(garKey(one)) }));
  const { serviceAccounts } = registry.pull;
  new GarPullers("registry-pull", { serviceAccounts, repositories }, { providers: [gcpProvider(registry)] });
}

/** Who else may pull from Artifact Registry: service accounts of nodes that others made. */
import type { Repository } from "@pulumi/gcp/artifactregistry/repository.js";
import { RepositoryIamMember } from "@pulumi/gcp/artifactregistry/repositoryIamMember.js";
import * as pulumi from "@pulumi/pulumi";
import { READER, serviceAccountMember } from "../documents/gcp/members.ts";
import type { GarRepository } from "../documents/gcp/registryHosts.ts";
import { gcpProvider } from "../gcpProviders.ts";
import type { GarConfig } from "../sections/artifactRegistry.ts";
import { garKey } from "./garPlan.ts";
import { builderRepositories } from "./garRepositories.ts";
import type { ProvisionedRegistry } from "./registry.ts";

export interface GarPullersArgs {
  /** addresses of service accounts, which are there */
  readonly serviceAccounts: readonly string[];
  /** each as it is made where this stack makes it */
  readonly repositories: readonly (GarRepository & { readonly made: Repository | undefined })[];
}

/** One member for each service account and repository, beside whoever else may pull. */
export class GarPullers extends pulumi.ComponentResource {
  constructor(name: string, { serviceAccounts, repositories }: GarPullersArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:GarPullers", name, {}, opts);
    for (const email of serviceAccounts) {
      for (const { project, location, repository, made } of repositories) {
        new RepositoryIamMember(
          `${name}-${email}-${repository}`,
          // Policies go with their repository: where that is replaced, its id tells the engine that this is to be made again.
          {
            ...{ project, location, repository: made?.repositoryId ?? repository },
            ...{ role: READER, member: serviceAccountMember(email) },
          },
          { parent: this },
        );
      }
    }
    this.registerOutputs({});
  }
}

/** Adds them to the repositories of images and base images; caches are between builders and the registry. */
export function provisionGarPullers(registry: GarConfig, { repositories: made }: ProvisionedRegistry): void {
  const repositories = builderRepositories({ registry, cache: [] })
    .filter(({ use }) => use !== "caches")
    .map((repository) => ({ ...repository, made: made.get(garKey(repository)) }));
  const { serviceAccounts } = registry.pull;
  new GarPullers("registry-pull", { serviceAccounts, repositories }, { providers: [gcpProvider(registry)] });
}

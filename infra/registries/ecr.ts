/** Amazon ECR. */
import { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy.js";
import { Repository, type RepositoryArgs } from "@pulumi/aws/ecr/repository.js";
import { RepositoryPolicy } from "@pulumi/aws/ecr/repositoryPolicy.js";
import * as pulumi from "@pulumi/pulumi";
import { inAwsPlace } from "../awsProviders.ts";
import { lifecycleText } from "../documents/aws/ecrLifecycle.ts";
import { repositoryPolicyText } from "../documents/aws/ecrRepositoryPolicy.ts";
import type { Environment } from "../environment.ts";
import { type PlannedRepository, plannedRegistries } from "./ecrPlan.ts";
import { nodesMayNotPullText } from "./ecrTexts.ts";

export interface EcrRegistryArgs {
  readonly repositories: readonly PlannedRepository[];
}

/** The repositories of a registry, with their lifecycle policies and who else may use them. */
export class EcrRegistry extends pulumi.ComponentResource {
  constructor(name: string, args: EcrRegistryArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:EcrRegistry", name, {}, opts);
    for (const planned of args.repositories) this.repository(`${name}-${planned.name}`, planned);
    this.registerOutputs({});
  }

  private repository(name: string, planned: PlannedRepository): void {
    const { lifecycle, policy } = planned;
    const made = new Repository(name, argsOf(planned), {
      parent: this,
      protect: planned.protect,
      ...(planned.import ? { import: planned.name } : {}),
    });
    const repository = made.name;
    if (lifecycle !== null) {
      new LifecyclePolicy(`${name}-lifecycle`, { repository, policy: lifecycleText(lifecycle) }, { parent: this });
    }
    if (policy !== null) {
      new RepositoryPolicy(`${name}-policy`, { repository, policy: repositoryPolicyText(policy) }, { parent: this });
    }
  }
}

function argsOf(planned: PlannedRepository): RepositoryArgs {
  const { name, tagMutability, mutableTags, scanOnPush, encryption, forceDelete, tags } = planned;
  return {
    name,
    imageTagMutability: tagMutability,
    ...(mutableTags.length > 0
      ? { imageTagMutabilityExclusionFilters: mutableTags.map((filter) => ({ filter, filterType: "WILDCARD" })) }
      : {}),
    imageScanningConfiguration: { scanOnPush },
    encryptionConfigurations: [
      encryption.kind === "KMS" && encryption.key !== undefined
        ? { encryptionType: encryption.kind, kmsKey: encryption.key }
        : { encryptionType: encryption.kind },
    ],
    forceDelete,
    ...(Object.keys(tags).length > 0 ? { tags: { ...tags } } : {}),
  };
}

/** Makes the repositories of a stack whose registry is of kind `ecr`, also those of registries that only hold caches. */
export async function provisionEcrRegistry({ config, stack }: Environment): Promise<void> {
  const closed = nodesMayNotPullText(config);
  if (closed !== null) await pulumi.log.warn(closed);
  for (const { name, place, repositories } of plannedRegistries(config, stack)) {
    new EcrRegistry(name, { repositories }, inAwsPlace(place));
  }
}

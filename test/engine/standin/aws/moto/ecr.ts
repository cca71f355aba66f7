/** Amazon ECR in the words of AWS's SDK. */
import type { ValueMap } from "../../../../../local/pulumi/wire.ts";
import { text } from "../../values.ts";
import { type JudgedType, type Moto, tagList } from "./calls.ts";

const putLifecycle = async ({ ecr }: Moto, inputs: ValueMap) => {
  const { PutLifecyclePolicyCommand } = await import("@aws-sdk/client-ecr");
  const [repositoryName, lifecyclePolicyText] = [text(inputs, "repository"), text(inputs, "policy")];
  return (await ecr()).send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText }));
};

const setRepositoryPolicy = async ({ ecr }: Moto, inputs: ValueMap) => {
  const { SetRepositoryPolicyCommand } = await import("@aws-sdk/client-ecr");
  const [repositoryName, policyText] = [text(inputs, "repository"), text(inputs, "policy")];
  return (await ecr()).send(new SetRepositoryPolicyCommand({ repositoryName, policyText }));
};

function exclusionFilters(inputs: ValueMap) {
  return inputs.imageTagMutabilityExclusionFilters as unknown as { filter: string; filterType: "WILDCARD" }[];
}

export const ECR_CALLS: Readonly<Record<string, JudgedType>> = {
  "aws:ecr/repository:Repository": {
    async created({ ecr }, inputs) {
      const { CreateRepositoryCommand } = await import("@aws-sdk/client-ecr");
      const [encryption] = (inputs.encryptionConfigurations as { encryptionType?: "AES256"; kmsKey?: string }[]) ?? [];
      const { encryptionType = "AES256", ...key } = encryption ?? {};
      const command = new CreateRepositoryCommand({
        repositoryName: text(inputs, "name"),
        imageTagMutability: inputs.imageTagMutability as "MUTABLE",
        ...(inputs.imageTagMutabilityExclusionFilters
          ? { imageTagMutabilityExclusionFilters: exclusionFilters(inputs) }
          : {}),
        ...(inputs.imageScanningConfiguration
          ? { imageScanningConfiguration: inputs.imageScanningConfiguration as { scanOnPush: boolean } }
          : {}),
        encryptionConfiguration: { encryptionType, ...key },
        tags: tagList(inputs),
      });
      return (await ecr()).send(command);
    },
    async updated(moto, inputs) {
      const { PutImageTagMutabilityCommand, TagResourceCommand } = await import("@aws-sdk/client-ecr");
      const client = await moto.ecr();
      const filters = inputs.imageTagMutabilityExclusionFilters
        ? { imageTagMutabilityExclusionFilters: exclusionFilters(inputs) }
        : {};
      const imageTagMutability = inputs.imageTagMutability as "MUTABLE";
      const repositoryName = text(inputs, "name");
      await client.send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability, ...filters }));
      if (tagList(inputs).length === 0) return;
      const resourceArn = `arn:aws:ecr:${moto.region}:${moto.account}:repository/${repositoryName}`;
      await client.send(new TagResourceCommand({ resourceArn, tags: tagList(inputs) }));
    },
    async deleted({ ecr }, inputs) {
      const { DeleteRepositoryCommand } = await import("@aws-sdk/client-ecr");
      const force = inputs.forceDelete === true;
      return (await ecr()).send(new DeleteRepositoryCommand({ repositoryName: text(inputs, "name"), force }));
    },
  },
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": {
    created: putLifecycle,
    updated: putLifecycle,
    async deleted({ ecr }, inputs) {
      const { DeleteLifecyclePolicyCommand } = await import("@aws-sdk/client-ecr");
      return (await ecr()).send(new DeleteLifecyclePolicyCommand({ repositoryName: text(inputs, "repository") }));
    },
  },
  "aws:ecr/repositoryPolicy:RepositoryPolicy": {
    created: setRepositoryPolicy,
    updated: setRepositoryPolicy,
    async deleted({ ecr }, inputs) {
      const { DeleteRepositoryPolicyCommand } = await import("@aws-sdk/client-ecr");
      return (await ecr()).send(new DeleteRepositoryPolicyCommand({ repositoryName: text(inputs, "repository") }));
    },
  },
};

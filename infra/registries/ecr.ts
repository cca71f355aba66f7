/** Amazon ECR. */
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../environment.ts";
import type { EcrRegistryConfig } from "../sections/ecrRegistry.ts";
import { ecrHostOf, imageRepositories } from "./ecrRepositories.ts";
import type { ProvisionedRegistry } from "./provisioned.ts";

const MUTABILITY = {
  mutable: "MUTABLE",
  immutable: "IMMUTABLE",
  immutableWithExclusion: "IMMUTABLE_WITH_EXCLUSION",
} as const;

/** Makes the repositories. */
export async function provisionEcrRegistry(
  _environment: Environment,
  config: EcrRegistryConfig,
): Promise<ProvisionedRegistry> {
  const host = ecrHostOf(config);
  return {
    setup: { kind: "ecr", host, namespace: "", insecure: false, mirrors: {}, createsRepositoriesOnPush: false },
    images: imageRepositories(config).map(({ name, cacheRepository, tagMutability }) => ({
      name,
      repository: name,
      cacheRepository,
      tagMutability: MUTABILITY[tagMutability],
    })),
    logins: pulumi.output([{ host, helper: "ecr-login" }]),
    loginHosts: [host],
    pods: null,
  };
}

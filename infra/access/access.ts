/** The choice of the kind of access. */
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../environment.ts";
import type { ProvisionedRegistry } from "../registries/registry.ts";
import { noIdentityText } from "./gcpTexts.ts";

/** What identities give to the rest of the program. */
export interface ProvisionedAccess {
  /** password that builders log in to Google's registries with, secret: the key in the form of its user name; null where there is none */
  readonly key: pulumi.Output<string> | null;
}

const NO_KEY: ProvisionedAccess = { key: null };

/** Makes the identities of the stack. Each kind is loaded only when it is asked for, with the SDK that it needs. */
export async function provisionAccess(
  environment: Environment,
  registry: ProvisionedRegistry,
): Promise<ProvisionedAccess> {
  const { access } = environment.config;
  const unsaid = noIdentityText(environment.config);
  if (unsaid !== null) await pulumi.log.info(unsaid);
  switch (access.kind) {
    case "none":
      return NO_KEY;
    case "workloadIdentity":
    case "serviceAccountKey": {
      const { provisionGcpAccess } = await import("./gcpAccess.ts");
      return provisionGcpAccess(environment, registry);
    }
    case "irsa":
    case "podIdentity":
    case "existing": {
      const { provisionAwsAccess } = await import("./awsAccess.ts");
      await provisionAwsAccess(environment);
      return NO_KEY;
    }
  }
}

/** The choice of the kind of access. */
import type * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../environment.ts";
import type { ProvisionedRegistry } from "../registries/registry.ts";

/** What identities give to the rest of the program. */
export interface ProvisionedAccess {
  /** secret key that builders log in to Google's registries with, as base64 of its JSON; null where there is none */
  readonly key: pulumi.Output<string> | null;
}

const NO_KEY: ProvisionedAccess = { key: null };

/** Makes the identities of the stack. Each kind is loaded only when it is asked for, with the SDK that it needs. */
export async function provisionAccess(
  environment: Environment,
  registry: ProvisionedRegistry,
): Promise<ProvisionedAccess> {
  const { access } = environment.config;
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

/** Identities in Google Cloud: the service account of builders, and who runs builds. */
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../environment.ts";
import type { ProvisionedRegistry } from "../registries/registry.ts";
import type { ProvisionedAccess } from "./access.ts";

/** Makes the service account of builders, its rights and keys, and the identity of CI. */
export async function provisionGcpAccess(
  { config }: Environment,
  _registry: ProvisionedRegistry,
): Promise<ProvisionedAccess> {
  throw new pulumi.RunError(`pergola:access of kind ${config.access.kind} is not made yet`);
}

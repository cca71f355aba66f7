/** Google's Artifact Registry, also behind gcr.io. */
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../environment.ts";
import type { ArtifactRegistryConfig, GcrConfig } from "../sections/artifactRegistry.ts";
import type { ProvisionedRegistry } from "./registry.ts";

/** Makes the repositories of a stack whose registry is Google's. */
export function provisionArtifactRegistry(
  _environment: Environment,
  config: ArtifactRegistryConfig | GcrConfig,
): ProvisionedRegistry {
  throw new pulumi.RunError(`pergola:registry of kind ${config.kind} is not made yet`);
}

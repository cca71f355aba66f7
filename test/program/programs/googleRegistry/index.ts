// The registry of a stack on Google Cloud alone, and what another part asks of its project.
import "../../../../infra/stackTraces.ts";
import { readEnvironment } from "../../../../infra/environment.ts";
import { enableApis } from "../../../../infra/gcpApis.ts";
import { provisionArtifactRegistry } from "../../../../infra/registries/artifactRegistry.ts";

const { repositories } = provisionArtifactRegistry(readEnvironment());
enableApis("access", { project: "shop-registry" }, ["artifactregistry", "iam"]);

/** `PROJECT/LOCATION/REPOSITORY` of what was made. */
export const made: string[] = [...repositories.keys()];

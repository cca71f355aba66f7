/** Values of Google Cloud that stack files are made of. */
import { z } from "zod";
import { checked } from "../configValues.ts";
import {
  clusterLocationProblem,
  projectProblem,
  regionProblem,
  registryLocationProblem,
  serviceAccountEmailProblem,
  serviceAccountIdProblem,
} from "../documents/gcp/names.ts";

export const projectId = checked(projectProblem, (found) =>
  typeof found === "number" ? "the id of a project, which is not its number" : null,
).describe("id of a project of Google Cloud");
export const registryLocation = checked(registryLocationProblem).describe(
  "location of Artifact Registry: a region, or us, europe, asia",
);
export const gcpRegion = checked(regionProblem).describe("region, such as europe-west3");
export const clusterLocation = checked(clusterLocationProblem).describe("region or zone of a GKE cluster");
export const serviceAccountEmail = checked(serviceAccountEmailProblem).describe("address of a service account");
export const serviceAccountId = checked(serviceAccountIdProblem).describe(
  "id of a service account, without @ and project",
);

/** A service account: the id of one that is made, or the address of one that is there. */
export const serviceAccount = z.union([serviceAccountId, z.strictObject({ existing: serviceAccountEmail })]);

/** Labels of Google Cloud's resources ("Requirements for labels"). */
export const labels = z
  .record(
    z
      .string()
      .regex(
        /^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u,
        "is not the key of a label: a lower-case letter, then lower-case letters, digits, _ and -, at most 63 characters",
      ),
    z
      .string()
      .regex(
        /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u,
        "is not the value of a label: lower-case letters, digits, _ and -, at most 63 characters",
      ),
  )
  .default({});

export const kmsKey = z
  .string()
  .regex(
    /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
    "is not the name of a key: projects/P/locations/L/keyRings/R/cryptoKeys/K",
  );

/** Whom a provider acts as, where it is not the ambient identity. */
export const impersonate = serviceAccountEmail.describe(
  "service account that makes what is made there; who runs pulumi needs roles/iam.serviceAccountTokenCreator on it",
);

/** Values that many of Google Cloud's resources are made of: how they may be written, and names that follow from others. */
import { z } from "zod";
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Place } from "../resourceType.ts";
import { drawn, text } from "../values.ts";

/** A project's id (Resource Manager REST reference, `projects`: projectId); of a domain, the domain stands before it. */
export const projectId = z
  .string()
  .regex(/^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "is not the id of a project");

/** Project of a resource: its own, or the provider's (provider schema: `project`, Optional and Computed, ForceNew). */
export function projectOf(inputs: ValueMap, { account }: Place): string {
  return inputs.project === undefined ? account : text(inputs, "project");
}

/** The number of a project, which Google draws. */
export function projectNumber(project: string): string {
  return String(1e11 + (Number.parseInt(drawn(project).slice(0, 9), 16) % 9e11)).slice(0, 12);
}

/** Address of a service account (IAM REST reference, `projects.serviceAccounts`: email). */
export const accountEmail = z
  .string()
  .regex(/^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/, "is not the address of a service account");

/** Address by account id; a project of a domain is written the other way around in it. */
export function emailOf(accountId: string, project: string): string {
  return `${accountId}@${project.split(":").reverse().join(".")}.iam.gserviceaccount.com`;
}

/**
 * Regions of Artifact Registry and GKE (Artifact Registry REST reference, `projects.locations.repositories.create`: service
 * endpoints).
 */
const REGIONS = [
  ...["africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3"],
  ...["asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2", "australia-southeast1"],
  ...["australia-southeast2", "europe-central2", "europe-north1", "europe-southwest1", "europe-west1", "europe-west10"],
  ...["europe-west12", "europe-west2", "europe-west3", "europe-west4", "europe-west6", "europe-west8", "europe-west9"],
  ...["me-central1", "me-central2", "me-west1", "northamerica-northeast1", "northamerica-northeast2"],
  ...["southamerica-east1", "southamerica-west1", "us-central1", "us-east1", "us-east4", "us-east5", "us-south1"],
  ...["us-west1", "us-west2", "us-west3", "us-west4"],
];

export const isRegion = (location: string) => REGIONS.includes(location);

/** A zone is its region and a letter. */
export const isZone = (location: string) => /-[a-f]$/.test(location) && isRegion(location.slice(0, -2));

/** A key of Cloud KMS (Cloud KMS REST reference, `projects.locations.keyRings.cryptoKeys`: name). */
export const kmsKey = z
  .string()
  .regex(
    /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/,
    "is not the name of a key of Cloud KMS",
  );

/** At most 64 (Artifact Registry REST reference, `repositories`: labels; Resource Manager, "Requirements for labels"). */
export const labels = z
  .record(
    z.string().regex(/^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u, "is not the key of a label"),
    z.string().regex(/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u, "is not the value of a label"),
  )
  .refine((all) => Object.keys(all).length <= 64, "has more than 64 labels")
  .optional();

/** `labels` as given, and with the label that Pulumi's provider puts onto everything (provider setting addPulumiAttributionLabel). */
export function labelled(inputs: ValueMap): ValueMap {
  const all = { ...(inputs.labels as ValueMap | undefined), "goog-pulumi-provisioned": "true" };
  return { effectiveLabels: all, pulumiLabels: all };
}

/** What Google's client library makes of an answer (google.golang.org/api/googleapi: Error). */
export function googleError(code: number, message: string): string {
  const status = { 400: "badRequest", 403: "forbidden", 404: "notFound", 409: "alreadyExists" }[code];
  return `googleapi: Error ${code}: ${message}, ${status}`;
}

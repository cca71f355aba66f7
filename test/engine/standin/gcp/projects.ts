/** Projects: their APIs (Service Usage REST reference, `services.enable`) and their allow policy (Resource Manager, `projects.setIamPolicy`). */
import { z } from "zod";
import type { Reference, ResourceType } from "../resourceType.ts";
import { text } from "../values.ts";
import { authoritative, iamMember, PROJECT } from "./members.ts";
import { googleError, projectId, projectNumber, projectOf } from "./values.ts";

export const SERVICE = "gcp:projects/service:Service";

/** APIs that a stack may need; enabling any other is refused, as Google does with one that there is not. */
const APIS = [
  ...["artifactregistry", "cloudkms", "cloudresourcemanager", "compute", "container", "containerscanning", "iam"],
  ...["iamcredentials", "secretmanager", "serviceusage", "sts"],
].map((name) => `${name}.googleapis.com`);

/** A project; Google does not say to strangers whether there is one. */
export function projectReference(project: string): Reference {
  return { type: PROJECT, key: project, missing: googleError(403, `Permission denied on resource project ${project}`) };
}

/** An API of a project that is enabled, without which its resources cannot be made. */
export function apiReference(project: string, api: string): Reference {
  const name = `${api}.googleapis.com`;
  const missing = googleError(403, `${name} has not been used in project ${project} before or it is disabled`);
  return { type: SERVICE, key: `${project}/${name}`, missing };
}

const BASIC = "gives rights on everything in the project";

export const PROJECTS: Readonly<Record<string, ResourceType>> = {
  // Not Pergola's to make: tests put one there.
  [PROJECT]: {
    inputs: z.strictObject({ projectId }),
    key: (inputs) => text(inputs, "projectId"),
    unique: "cloud",
    duplicate: googleError(409, "Requested entity already exists"),
    replaces: ["projectId"],
    computes: (inputs) => ({ number: projectNumber(text(inputs, "projectId")) }),
  },
  [SERVICE]: {
    inputs: z.strictObject({
      service: z
        .string()
        .refine((name) => name !== "containerregistry.googleapis.com", "was shut down with Container Registry")
        .refine((name) => APIS.includes(name), "Not found or permission denied for service(s)"),
      project: projectId.optional(),
      disableOnDestroy: z.boolean().optional(),
      disableDependentServices: z.boolean().optional(),
    }),
    key: (inputs, place) => `${projectOf(inputs, place)}/${text(inputs, "service")}`,
    unique: "cloud",
    duplicate: "",
    // Provider: resourceGoogleProjectServiceCreate looks whether it is enabled, and makes nothing of it.
    adopts: true,
    references: (inputs, place) => [projectReference(projectOf(inputs, place))],
    left: (properties) => (properties.disableOnDestroy === true ? undefined : properties),
    replaces: ["service", "project"],
    computes: (inputs, place) => ({ project: projectOf(inputs, place) }),
  },
  "gcp:projects/iAMMember:IAMMember": iamMember({
    parent: { project: projectId },
    resource: (inputs) => text(inputs, "project"),
    reference: (inputs) => projectReference(text(inputs, "project")),
    roles: [
      ...["artifactregistry.reader", "artifactregistry.writer", "container.clusterViewer"],
      ...["container.defaultNodeServiceAccount", "logging.logWriter", "monitoring.metricWriter", "monitoring.viewer"],
      ...["stackdriver.resourceMetadata.writer"],
    ].map((name) => `roles/${name}`),
    tooMuch: {
      "roles/owner": BASIC,
      "roles/editor": BASIC,
      "roles/viewer": BASIC,
      "roles/storage.admin": "was for the buckets of Container Registry, which is shut down",
      "roles/artifactregistry.admin": "gives rights on everything in the project's registry, its deletion too",
      "roles/iam.workloadIdentityUser": "lets the member act as every service account of the project",
      "roles/iam.serviceAccountTokenCreator": "lets the member act as every service account of the project",
      "roles/iam.serviceAccountUser": "lets the member act as every service account of the project",
    },
  }),
  "gcp:projects/iAMBinding:IAMBinding": authoritative("a role in the project"),
  "gcp:projects/iAMPolicy:IAMPolicy": authoritative("the project's whole policy"),
};

/**
 * Workload Identity Federation (IAM REST reference, `projects.locations.workloadIdentityPools` and `.providers`). What is deleted
 * is kept for about 30 days, and its id is not free until then.
 */
import { z } from "zod";
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Place, ResourceType } from "../resourceType.ts";
import { text } from "../values.ts";
import { POOL } from "./members.ts";
import { projectReference } from "./projects.ts";
import { googleError, projectId, projectNumber, projectOf } from "./values.ts";

export const POOL_PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider";

/** Provider: ValidateWorkloadIdentityPoolId, ValidateWorkloadIdentityPoolProviderId. */
const id = z.string().regex(/^(?!gcp-)[a-z0-9-]{4,32}$/, "is not 4 to 32 of a-z, 0-9 and -, without gcp- before them");

/** REST reference: limits of both. */
const shown = {
  displayName: z.string().max(32, "is longer than 32 characters").optional(),
  description: z.string().max(256, "is longer than 256 characters").optional(),
  disabled: z.boolean().optional(),
};

/**
 * Issuers that have tokens for everybody ("Configure Workload Identity Federation with deployment pipelines", "Define an attribute
 * mapping and condition"): a provider of theirs needs a condition on its claims.
 */
const FOR_EVERYBODY = ["https://token.actions.githubusercontent.com", "https://gitlab.com", "https://app.terraform.io"];

/** REST reference, `attributeMapping`: its keys, and how long an expression may be; an OIDC provider has to map the subject. */
const mapping = z
  .record(
    z.string().regex(/^(google\.(subject|groups)|attribute\.[a-z0-9_]{1,100})$/, "is no attribute of Google's"),
    z.string().min(1).max(2048),
  )
  .refine((all) => "google.subject" in all, "has no google.subject");

const providerInputs = z
  .strictObject({
    workloadIdentityPoolId: id,
    workloadIdentityPoolProviderId: id,
    project: projectId.optional(),
    ...shown,
    attributeMapping: mapping,
    attributeCondition: z.string().min(1).max(4096).optional(),
    oidc: z.strictObject({
      issuerUri: z.string().regex(/^https:\/\/[^\s]+$/, "does not begin with https://"),
      allowedAudiences: z.array(z.string().min(1).max(256)).max(10).optional(),
      jwksJson: z.string().optional(),
    }),
  })
  .superRefine(({ attributeMapping, attributeCondition = "", oidc }, context) => {
    const problem = (message: string) => context.addIssue({ code: "custom", path: ["attributeCondition"], message });
    const used = [...attributeCondition.matchAll(/\b(?:attribute|google)\.[a-z0-9_]+/g)].map(([name]) => name);
    for (const name of used.filter((one) => !(one in attributeMapping))) problem(`uses ${name}, which is not mapped`);
    const conditional = used.length > 0 || /\bassertion\.\w+/.test(attributeCondition);
    if (FOR_EVERYBODY.includes(oidc.issuerUri.replace(/\/$/, "")) && !conditional) {
      problem("The attribute condition must reference one of the provider's claims.");
    }
  });

const DELETED = "DELETED";

/** Provider: the decoder takes what is in this state for gone. */
const softly: Pick<ResourceType, "unique" | "duplicate" | "left" | "isGone"> = {
  unique: "cloud",
  duplicate: googleError(409, "Requested entity already exists"),
  left: (properties) => ({ ...properties, state: DELETED }),
  isGone: ({ state }) => state === DELETED,
};

const poolPath = (inputs: ValueMap) =>
  `locations/global/workloadIdentityPools/${text(inputs, "workloadIdentityPoolId")}`;
const providerPath = (inputs: ValueMap) =>
  `${poolPath(inputs)}/providers/${text(inputs, "workloadIdentityPoolProviderId")}`;

/** By project id, as the provider has it; Google's own names have the project's number. */
const byId = (path: (inputs: ValueMap) => string) => (inputs: ValueMap, place: Place) =>
  `projects/${projectOf(inputs, place)}/${path(inputs)}`;

const computed = (path: (inputs: ValueMap) => string) => (inputs: ValueMap, place: Place) => {
  const project = projectOf(inputs, place);
  return { project, name: `projects/${projectNumber(project)}/${path(inputs)}`, state: "ACTIVE" };
};

export const FEDERATION: Readonly<Record<string, ResourceType>> = {
  [POOL]: {
    ...softly,
    inputs: z.strictObject({ workloadIdentityPoolId: id, project: projectId.optional(), ...shown }),
    key: byId(poolPath),
    references: (inputs, place) => [projectReference(projectOf(inputs, place))],
    replaces: ["workloadIdentityPoolId", "project"],
    computes: computed(poolPath),
  },
  [POOL_PROVIDER]: {
    ...softly,
    inputs: providerInputs,
    key: byId(providerPath),
    references: (inputs, place) => {
      const key = byId(poolPath)(inputs, place);
      return [{ type: POOL, key, missing: googleError(404, `Requested entity was not found: ${key}`) }];
    },
    replaces: ["workloadIdentityPoolId", "workloadIdentityPoolProviderId", "project"],
    computes: computed(providerPath),
  },
};

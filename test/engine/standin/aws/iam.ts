/** IAM (API reference: CreateRole, PutRolePolicy, CreatePolicy, AttachRolePolicy, CreateOpenIDConnectProvider). */
import { z } from "zod";
import type { Value, ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Place, Reference, ResourceType, Stored } from "../resourceType.ts";
import { asSet, drawn, text } from "../values.ts";
import { managedPolicyText, policyForm, policyText } from "./policies.ts";
import { arn, arnText, tagged, tags } from "./values.ts";

export const ROLE = "aws:iam/role:Role";
const ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy";
const POLICY = "aws:iam/policy:Policy";
const ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";

/** AWS's own policies that there are here; attaching any other fails. */
const AWS_POLICIES = [
  "AmazonEC2ContainerRegistryPullOnly",
  "AmazonEC2ContainerRegistryReadOnly",
  "AmazonEKSWorkerNodePolicy",
  "AmazonEKS_CNI_Policy",
  "AmazonSSMManagedInstanceCore",
];

const name = (limit: number) => z.string().regex(new RegExp(`^[\\w+=,.@-]{1,${limit}}$`), "is not a name in IAM");
const path = z
  .string()
  .max(512)
  .regex(/^\/([!-~]+\/)?$/, "must begin and end with /");

/** Where IAM allows them (CreateRole: description). */
const description = z
  .string()
  .max(1000)
  .regex(/^[\t\n\r\u0020-\u007e\u00a1-\u00ff]*$/, "has characters that IAM does not take");

const needsRole = (inputs: ValueMap): Reference[] => [roleReference(text(inputs, "role"))];

/** A role by its name. */
export function roleReference(role: string): Reference {
  const missing = `NoSuchEntity: The role with name ${role} cannot be found.`;
  return { type: ROLE, key: role, missing };
}

/** A role by its ARN, where it is of the same account: what others have nobody here can look up. */
export function roleArnReference(roleArn: string, { account }: Place, missing: string): Reference[] {
  const own = new RegExp(`^arn:aws[\\w-]*:iam::${account}:role/(?:.*/)?([^/]+)$`).exec(roleArn);
  return own === null ? [] : [{ type: ROLE, key: own[1] as string, missing }];
}

const created = (previous: ValueMap | undefined) => (previous?.createDate as string) ?? "2026-01-01T00:00:00Z";

const hangsOn = (role: string, { type, properties }: Stored) =>
  (type === ROLE_POLICY || type === ATTACHMENT) && properties.role === role;

export const IAM: Readonly<Record<string, ResourceType>> = {
  [ROLE]: {
    inputs: z.strictObject({
      name: name(64),
      assumeRolePolicy: policyText("trust"),
      description: description.optional(),
      path,
      permissionsBoundary: arnText.optional(),
      maxSessionDuration: z.int().min(3600).max(43_200),
      forceDetachPolicies: z.boolean().optional(),
      tags,
    }),
    defaults: { path: "/", maxSessionDuration: 3600 },
    key: (inputs) => text(inputs, "name"),
    unique: "account",
    duplicate: "EntityAlreadyExists: Role with name %s already exists.",
    inUse: ({ name: role }, all) =>
      all.some((one) => hangsOn(String(role), one))
        ? "DeleteConflict: Cannot delete entity, must detach all policies first."
        : undefined,
    replaces: ["name", "path"],
    forms: { assumeRolePolicy: policyForm },
    computes: (inputs, place, previous) => ({
      arn: arn(place, "iam", `role${text(inputs, "path")}${text(inputs, "name")}`),
      createDate: created(previous),
      uniqueId: `AROA${drawn(place.account, text(inputs, "name")).toUpperCase()}`,
      ...tagged(inputs),
    }),
  },
  [ROLE_POLICY]: {
    inputs: z.strictObject({ name: name(128), role: name(64), policy: policyText("identity") }),
    key: (inputs) => `${text(inputs, "role")}:${text(inputs, "name")}`,
    unique: "account",
    // PutRolePolicy itself overwrites: this is what the provider would do unasked to somebody else's.
    duplicate: "the policy %s is there already",
    references: needsRole,
    replaces: ["name", "role"],
    forms: { policy: policyForm },
    computes: () => ({}),
  },
  [POLICY]: {
    inputs: z.strictObject({
      name: name(128),
      path,
      policy: managedPolicyText,
      description: description.optional(),
      tags,
    }),
    defaults: { path: "/" },
    key: (inputs) => text(inputs, "name"),
    id: (inputs, place) => policyArn(inputs, place),
    unique: "account",
    duplicate: "EntityAlreadyExists: A policy called %s already exists. Duplicate names are not allowed.",
    inUse: ({ arn: own }, all) =>
      all.some(({ type, properties }) => type === ATTACHMENT && properties.policyArn === own)
        ? "DeleteConflict: Cannot delete a policy attached to entities."
        : undefined,
    replaces: ["name", "path", "description"],
    forms: { policy: policyForm },
    computes: (inputs, place) => ({
      arn: policyArn(inputs, place),
      policyId: `ANPA${drawn(place.account, text(inputs, "name")).toUpperCase()}`,
      attachmentCount: 0,
      ...tagged(inputs),
    }),
  },
  [ATTACHMENT]: {
    inputs: z.strictObject({
      role: name(64),
      policyArn: arnText.refine(isKnownPolicy, "NoSuchEntity: no such policy"),
    }),
    key: (inputs) => `${text(inputs, "role")}/${text(inputs, "policyArn")}`,
    unique: "account",
    duplicate: "%s is attached already",
    references: (inputs) => [...needsRole(inputs), ...ownPolicy(text(inputs, "policyArn"))],
    replaces: ["role", "policyArn"],
    computes: () => ({}),
  },
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
    inputs: z.strictObject({
      url: z
        .string()
        .max(255)
        .regex(/^https:\/\/[a-z0-9.-]+(:\d+)?(\/[\w./-]*)?$/, "must begin with https://"),
      clientIdLists: z.array(z.string().min(1).max(255)).min(1).max(100),
      thumbprintLists: z
        .array(z.string().regex(/^[0-9a-f]{40}$/i, "is no SHA-1 thumbprint"))
        .max(5)
        .optional(),
      tags,
    }),
    key: (inputs) => text(inputs, "url").replace("https://", ""),
    id: (inputs, place) => arn(place, "iam", `oidc-provider/${text(inputs, "url").replace("https://", "")}`),
    unique: "account",
    duplicate: "EntityAlreadyExists: Provider with url https://%s already exists.",
    replaces: ["url"],
    forms: { url: (url) => String(url).replace("https://", ""), clientIdLists: asSet },
    // IAM gives the address back without its scheme.
    returns: (inputs) => ({ ...inputs, url: text(inputs, "url").replace("https://", "") }),
    computes: (inputs, place) => ({
      arn: arn(place, "iam", `oidc-provider/${text(inputs, "url").replace("https://", "")}`),
      ...tagged(inputs),
    }),
  },
};

function policyArn(inputs: ValueMap, place: Place): Value & string {
  return arn(place, "iam", `policy${text(inputs, "path")}${text(inputs, "name")}`);
}

function isKnownPolicy(value: string): boolean {
  const own = /^arn:aws[\w-]*:iam::aws:policy\/(?:service-role\/)?(.+)$/.exec(value);
  return own === null || AWS_POLICIES.includes(own[1] as string);
}

function ownPolicy(value: string): Reference[] {
  const own = /^arn:aws[\w-]*:iam::\d{12}:policy\/(?:.*\/)?([^/]+)$/.exec(value);
  if (own === null) return [];
  const missing = `NoSuchEntity: Policy ${value} does not exist or is not attachable.`;
  return [{ type: POLICY, key: own[1] as string, missing }];
}

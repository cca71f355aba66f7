/**
 * Members of allow policies (IAM, "Principal identifiers"; provider docs of the `IAMMember` types, which add one member and
 * leave the others).
 */
import { z } from "zod";
import type { Value, ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Place, Reference, ResourceType, Stored } from "../resourceType.ts";
import { text } from "../values.ts";
import { emailOf, googleError, projectNumber } from "./values.ts";

export const ACCOUNT = "gcp:serviceaccount/account:Account";
export const CLUSTER = "gcp:container/cluster:Cluster";
export const POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool";
export const PROJECT = "gcp:organizations/project:Project";

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const POOLS = "//iam\\.googleapis\\.com/projects/\\d+/locations/global/workloadIdentityPools";

/** A Kubernetes service account of a cluster's project (GKE, "Authenticate to Google Cloud APIs from GKE workloads"). */
const KUBERNETES = new RegExp(`^serviceAccount:([a-z0-9.:-]+)\\.svc\\.id\\.goog\\[${LABEL}/${LABEL}\\]$`);
/** Of a pool of one's own: one subject, or those with one value of an attribute or one group. */
const FEDERATED = [
  new RegExp(`^principal:${POOLS}/[a-z0-9.-]+/subject/[^*\\s]+$`),
  new RegExp(`^principalSet:${POOLS}/[a-z0-9.-]+/(?:attribute\\.[a-z0-9_]+|group)/[^*\\s]+$`),
];

const member = z.string().superRefine((value, context) => {
  const problem = memberProblem(value);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
});

function memberProblem(value: string): string | undefined {
  // Google takes these three; no stack of Pergola's may say them.
  if (/^all(Authenticated)?Users$/.test(value)) return "gives the right to everybody";
  if (/^principalSet:.*\/\*$/.test(value)) return "gives the right to every identity of a pool";
  if (/^project(Owner|Editor|Viewer):/.test(value)) return "gives the right to whoever has a basic role";
  if (/^deleted:/.test(value)) return "Terraform does not support IAM members for deleted principals";
  if (/\[.*\]$/.test(value)) {
    return KUBERNETES.test(value) ? undefined : "is not serviceAccount:PROJECT.svc.id.goog[NAMESPACE/SERVICE_ACCOUNT]";
  }
  if (FEDERATED.some((form) => form.test(value))) return undefined;
  if (/^(user|group):[^@\s]+@[a-z0-9.-]+\.[a-z]+$/.test(value)) return undefined;
  if (/^serviceAccount:[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/.test(value)) return undefined;
  return "is not a member of an allow policy";
}

/** Of custom roles (IAM REST reference, `projects.roles`: name) only the form can be judged here. */
const customRole = /^(projects|organizations)\/[^/]+\/roles\/[\w.]{3,64}$/;

/** What an allow policy of one kind of resource is like. */
export interface Policy {
  /** which properties say the resource that the policy is of */
  readonly parent: Readonly<Record<string, z.ZodType>>;
  /** defaults of these */
  readonly defaults?: ValueMap;
  /** full name of that resource */
  resource(inputs: ValueMap, place: Place): string;
  reference(inputs: ValueMap, place: Place): Reference;
  /** predefined roles that may be given on it (IAM, "IAM basic and predefined roles reference") */
  readonly roles: readonly string[];
  /** predefined roles that Google would take on it and no stack of Pergola's may give -> why */
  readonly tooMuch: Readonly<Record<string, string>>;
  /** parents as the provider gives and compares them */
  readonly forms?: Readonly<Record<string, (value: Value) => Value>>;
  returns?(inputs: ValueMap, place: Place): ValueMap;
}

/** One member of one role in a resource's allow policy. Every property is ForceNew (provider: IamMemberBaseSchema). */
export function iamMember(policy: Policy): ResourceType {
  const role = z.string().superRefine((value, context) => {
    const problem = roleProblem(policy, value);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });
  const key = (inputs: ValueMap, place: Place) =>
    [policy.resource(inputs, place), text(inputs, "role"), text(inputs, "member")].join("/");
  return {
    inputs: z.strictObject({
      ...policy.parent,
      role,
      member,
      // Provider schema: title and expression are required.
      condition: z
        .strictObject({
          title: z.string().min(1),
          expression: z.string().min(1),
          description: z.string().optional(),
        })
        .optional(),
    }),
    ...(policy.defaults === undefined ? {} : { defaults: policy.defaults }),
    key,
    unique: "cloud",
    // Google merges them, and whichever resource is deleted first takes the right from both.
    duplicate: "%s is in the policy already",
    references: (inputs, place) => [policy.reference(inputs, place)],
    refuses: (inputs, all) => strangerProblem(text(inputs, "member"), all),
    replaces: [...Object.keys(policy.parent), "role", "member", "condition"],
    forms: { ...policy.forms, member: memberForm },
    ...(policy.returns === undefined ? {} : { returns: policy.returns }),
    computes: (inputs, place) => ({ etag: `BwY${key(inputs, place).length.toString(16).padStart(9, "0")}=` }),
  };
}

function roleProblem({ roles, tooMuch }: Policy, role: string): string | undefined {
  if (tooMuch[role] !== undefined) return tooMuch[role];
  if (roles.includes(role) || customRole.test(role)) return undefined;
  return `Role ${role} is not supported for this resource`;
}

/** Members of one spelling, but for those of pools, whose case counts (provider: iamMemberCaseDiffSuppress). */
function memberForm(value: Value): Value {
  return /^principal/.test(String(value)) ? value : String(value).toLowerCase();
}

/** A policy takes nobody who is not there (IAM, "Troubleshoot allow and deny policies": errors of setIamPolicy). */
function strangerProblem(name: string, all: readonly Stored[]): string | undefined {
  const projects = all.filter(({ type }) => type === PROJECT).map(({ id }) => id);
  const cluster = KUBERNETES.exec(name)?.[1];
  if (cluster !== undefined) {
    const pool = `${cluster}.svc.id.goog`;
    const there = all.some(({ type, properties }) => type === CLUSTER && properties.workloadPool === pool);
    return there ? undefined : googleError(400, `Identity Pool does not exist (${pool})`);
  }
  const email = /^serviceAccount:(.+)$/.exec(name)?.[1];
  if (email !== undefined) {
    // Those of projects that nobody here knows may well be there.
    const ours = projects.some((project) => email.endsWith(emailOf("", project)));
    const there = all.some(({ type, properties }) => type === ACCOUNT && properties.email === email);
    return there || !ours ? undefined : googleError(400, `Service account ${email} does not exist.`);
  }
  const [, number, pool] = /projects\/(\d+)\/locations\/global\/workloadIdentityPools\/([^/]+)/.exec(name) ?? [];
  const project = projects.find((one) => projectNumber(one) === number);
  if (project === undefined || pool === `${project}.svc.id.goog`) return undefined;
  const there = all.some(({ type, properties }) => type === POOL && properties.workloadIdentityPoolId === pool);
  return there ? undefined : googleError(400, `Identity Pool does not exist (${pool})`);
}

/** Members that name a service account, which its deletion would leave as `deleted:serviceAccount:...` in policies. */
export function membersNaming(email: string, all: readonly Stored[]): string[] {
  const member = `serviceAccount:${email}`;
  return all.filter(({ type, properties }) => type !== ACCOUNT && properties.member === member).map(({ id }) => id);
}

/**
 * What is a part of a resource and gone with it: its own allow policy (IAM, "Allow policies": a policy is attached to a resource,
 * and setIamPolicy is a method of it in each REST reference), the keys of a service account.
 * @param name full name of the resource @param types of such parts
 */
export function isBelow(name: string, types: readonly string[], other: Stored): boolean {
  return types.includes(other.type) && other.id.startsWith(`${name}/`);
}

/** Types that own a whole policy, or a role in one. */
export function authoritative(what: string): ResourceType {
  return notOffered(`owns ${what}: it takes the rights of everybody whom the stack does not name`);
}

/** A type that no stack of Pergola's may use, with the reason. */
export function notOffered(reason: string): ResourceType {
  return {
    inputs: z.unknown().superRefine((_, context) => {
      context.addIssue({ code: "custom", path: ["type"], message: reason });
    }),
    key: () => "",
    unique: "cloud",
    duplicate: "",
    replaces: [],
    computes: () => ({}),
  };
}

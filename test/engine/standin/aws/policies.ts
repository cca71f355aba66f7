/**
 * Policy documents as IAM and ECR read them (IAM user guide, "Grammar of the IAM JSON policy language"): what is refused, and
 * when two are the same.
 */
import { z } from "zod";
import type { Value, ValueMap } from "../../../../local/pulumi/wire.ts";
import { isList, isMap } from "../../../../local/pulumi/wire.ts";
import { asSet, canonical } from "../values.ts";

/** What a document is: what a principal may do, who may assume a role, or who may use a repository. */
export type PolicyKind = "identity" | "trust" | "repository";

/** Characters that a document may have, without white space (IAM user guide, "IAM and AWS STS quotas"; ECR, SetRepositoryPolicy). */
const LIMITS = { identity: 10_240, trust: 2048, repository: 10_240, managed: 6144 };

const STATEMENT = new Set([
  ...["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"],
]);
const OPERATOR =
  /^(ForAllValues:|ForAnyValue:)?(String(Not)?Equals(IgnoreCase)?|String(Not)?Like|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like)|Null)(IfExists)?$/;
const STS = /^sts:(AssumeRole|AssumeRoleWithSAML|AssumeRoleWithWebIdentity|TagSession|SetSourceIdentity|SetContext)$/;

/** Issuers that many strangers have accounts with: a trust has to say whose (IAM user guide, "Identity-provider controls for shared OIDC providers"). */
const SHARED_ISSUERS = ["token.actions.githubusercontent.com", "gitlab.com"];

/** A policy document as JSON text. */
export function policyText(kind: PolicyKind, limit: number = LIMITS[kind]): z.ZodType {
  return z.string().superRefine((value, context) => {
    const problem = policyProblem(value, kind, limit);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });
}

/** A managed policy, which is smaller. */
export const managedPolicyText = policyText("identity", LIMITS.managed);

/** What is wrong with a document; undefined when nothing is. */
export function policyProblem(value: string, kind: PolicyKind, limit: number): string | undefined {
  if (/^\s/.test(value)) return "contains an invalid JSON policy: leading space characters are not allowed";
  const document = parsed(value);
  if (!isMap(document)) return "contains an invalid JSON policy";
  const size = value.replaceAll(/\s/g, "").length;
  if (size > limit) return `MalformedPolicyDocument: the document has ${size} characters, at most ${limit} are allowed`;
  const { Version, Id, Statement, ...rest } = document;
  const unknownKey = Object.keys(rest)[0];
  if (unknownKey !== undefined) return `MalformedPolicyDocument: ${unknownKey} is no part of a policy`;
  if (Version !== "2012-10-17" && Version !== "2008-10-17") return "MalformedPolicyDocument: no such Version";
  if (Id !== undefined && typeof Id !== "string") return "MalformedPolicyDocument: Id is no text";
  const statements = isList(Statement) ? Statement : [Statement];
  if (statements.length === 0) return "MalformedPolicyDocument: there is no statement";
  const problem = statements.map((one) => statementProblem(one, kind)).find((found) => found !== undefined);
  if (problem !== undefined) return `MalformedPolicyDocument: ${problem}`;
  const sids = (statements as ValueMap[]).flatMap(({ Sid }) => (Sid === undefined ? [] : [Sid]));
  if (new Set(sids).size < sids.length) return "MalformedPolicyDocument: two statements have one Sid";
  return undefined;
}

function statementProblem(statement: Value | undefined, kind: PolicyKind): string | undefined {
  if (!isMap(statement)) return "a statement is no object";
  const strange = Object.keys(statement).find((key) => !STATEMENT.has(key));
  if (strange !== undefined) return `${strange} is no part of a statement`;
  const { Sid, Effect, Condition } = statement;
  if (Effect !== "Allow" && Effect !== "Deny") return "Effect is neither Allow nor Deny";
  // ECR's own examples have spaces in a Sid, IAM takes none.
  if (Sid !== undefined && (typeof Sid !== "string" || (kind !== "repository" && !/^[A-Za-z0-9]*$/.test(Sid)))) {
    return "a Sid has letters and digits only";
  }
  return (
    actionProblem(statement, kind) ??
    resourceProblem(statement, kind) ??
    principalProblem(statement, kind) ??
    conditionProblem(Condition) ??
    (kind === "trust" ? sharedIssuerProblem(statement) : undefined)
  );
}

function actionProblem({ Action, NotAction }: ValueMap, kind: PolicyKind): string | undefined {
  if ((Action === undefined) === (NotAction === undefined)) return "a statement has either Action or NotAction";
  const actions = texts(Action ?? NotAction);
  if (actions === undefined || actions.length === 0) return "the actions are no texts";
  const wrong = actions.find((action) => !/^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/.test(action));
  if (wrong !== undefined) return `${wrong} is no action`;
  const other = actions.find((action) => kind === "trust" && !STS.test(action));
  return other === undefined ? undefined : `AssumeRole policy may only specify STS AssumeRole actions, not ${other}`;
}

function resourceProblem({ Resource, NotResource }: ValueMap, kind: PolicyKind): string | undefined {
  if (kind !== "identity") {
    const has = Resource !== undefined || NotResource !== undefined;
    if (!has) return undefined;
    return kind === "trust" ? "Has prohibited field Resource" : "Invalid repository policy provided: it has a Resource";
  }
  if ((Resource === undefined) === (NotResource === undefined)) return "Policy statement must contain resources.";
  const resources = texts(Resource ?? NotResource);
  if (resources === undefined || resources.length === 0) return "the resources are no texts";
  const wrong = resources.find((one) => one !== "*" && !/^arn:[^:]*:[^:]+:[^:]*:[^:]*:.+$/.test(one));
  return wrong === undefined ? undefined : `Resource ${wrong} must be in ARN format or "*".`;
}

function principalProblem({ Principal, NotPrincipal }: ValueMap, kind: PolicyKind): string | undefined {
  const principal = Principal ?? NotPrincipal;
  if (kind === "identity") {
    return principal === undefined ? undefined : "Policy document should not specify a principal.";
  }
  if (principal === undefined) return "Missing required field Principal";
  if (principal === "*") return undefined;
  if (!isMap(principal) || Object.keys(principal).length === 0) return "Principal is no object";
  for (const [type, value] of Object.entries(principal)) {
    const names = texts(value);
    const form = PRINCIPALS[type];
    if (form === undefined) return `${type} is no kind of principal`;
    const wrong = names === undefined || names.length === 0 ? String(value) : names.find((name) => !form.test(name));
    if (wrong !== undefined) return `Invalid principal in policy: ${JSON.stringify({ [type]: wrong })}`;
  }
  return undefined;
}

/**
 * A `*` is everyone, and stands for no part of a name or ARN (IAM user guide, "AWS JSON policy elements: Principal"); in the names
 * of roles and users it is no character at all.
 */
const PRINCIPALS: Readonly<Record<string, RegExp>> = {
  AWS: /^(\*|\d{12}|arn:aws[\w-]*:(iam|sts)::\d{12}:(root|(role|user|assumed-role)\/[\w+=,.@/-]+))$/,
  Federated: /^(arn:aws[\w-]*:iam::\d{12}:(oidc-provider|saml-provider)\/[^*?]+|[a-z0-9.-]+\.[a-z]+)$/,
  Service: /^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws\.internal)$/,
};

function conditionProblem(condition: Value | undefined): string | undefined {
  if (condition === undefined) return undefined;
  if (!isMap(condition)) return "Condition is no object";
  for (const [operator, keys] of Object.entries(condition)) {
    if (!OPERATOR.test(operator)) return `Invalid Condition type : ${operator}.`;
    if (!isMap(keys) || Object.keys(keys).length === 0) return `the condition ${operator} names no key`;
    const wrong = Object.entries(keys).find(([, value]) => texts(value) === undefined);
    if (wrong !== undefined) return `the values of ${wrong[0]} are no texts`;
  }
  return undefined;
}

function sharedIssuerProblem({ Principal, Condition }: ValueMap): string | undefined {
  const federated = isMap(Principal) ? (texts(Principal.Federated) ?? []) : [];
  const issuer = SHARED_ISSUERS.find((host) => federated.some((one) => one.endsWith(`:oidc-provider/${host}`)));
  if (issuer === undefined) return undefined;
  const subjects = Object.values(isMap(Condition) ? Condition : {}).flatMap((keys) =>
    isMap(keys) ? (texts(keys[`${issuer}:sub`]) ?? []) : [],
  );
  return subjects.some((subject) => !/^\**$/.test(subject)) ? undefined : `it does not say which ${issuer}:sub`;
}

/** A text or a list of texts as a list; undefined for anything else. */
function texts(value: Value | undefined): string[] | undefined {
  const list = isList(value) ? value : [value];
  return list.every((one) => typeof one === "string") ? (list as string[]) : undefined;
}

function parsed(value: string): Value | undefined {
  try {
    return JSON.parse(value) as Value;
  } catch {
    return undefined;
  }
}

/**
 * A document in the form in which the provider compares it (Terraform's awspolicyequivalence): the order of members,
 * statements and values makes no difference, nor does one value alone or in a list, nor an account's id or its root.
 */
export function policyForm(value: Value): Value {
  const document = typeof value === "string" ? parsed(value) : undefined;
  if (!isMap(document)) return value;
  const statements = isList(document.Statement) ? document.Statement : [document.Statement ?? null];
  const form = { ...document, Statement: asSet(statements.map((one) => canonical(spread(one, [])))) };
  return JSON.stringify(canonical(form));
}

function spread(value: Value, path: readonly string[]): Value {
  if (isMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spread(item ?? null, [...path, key])]));
  }
  if (["Sid", "Effect"].includes(path.at(-1) ?? "")) return value;
  const list = isList(value) ? value : [value];
  return asSet(list.map((one) => (typeof one === "string" ? accountRoot(one) : one)));
}

function accountRoot(principal: string): string {
  return /^arn:aws[\w-]*:iam::(\d{12}):root$/.exec(principal)?.[1] ?? principal;
}

/**
 * Policy documents of IAM, as data: what writes them, writes objects, and JSON is made in one place. A document is the same text
 * for the same set of things, whatever their order was.
 */

/** A condition: operator -> key -> value or values, any of which is enough. */
export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** A statement of the document that says who may become a role. Without Sid, as every character of these documents counts. */
export interface TrustStatement {
  readonly Effect: "Allow";
  readonly Principal: { readonly Federated: string } | { readonly Service: string };
  readonly Action: string | readonly string[];
  readonly Condition: Condition;
}

/** A statement of the document that says what a role may do. It has no Principal, which is for policies of resources. */
export interface IdentityStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** A document of IAM. */
export interface PolicyDocument<Statement> {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

export type TrustDocument = PolicyDocument<TrustStatement>;
export type IdentityDocument = PolicyDocument<IdentityStatement>;

/** A document of these statements. */
export function policyDocument<Statement>(statements: readonly Statement[]): PolicyDocument<Statement> {
  return { Version: "2012-10-17", Statement: statements };
}

/** The text that AWS gets: JSON without white space. */
export function policyText(document: PolicyDocument<unknown>): string {
  return JSON.stringify(document);
}

/** Each once, sorted, so that the order in a stack file makes no difference. */
export function inOrder(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/**
 * Most characters of a document, white space not counted (IAM user guide, "IAM and AWS STS quotas"): of who may become a role,
 * where an administrator has not raised it, and of all inline policies of a role together. A managed policy would have 6,144.
 */
export const POLICY_LIMITS = { trust: 2048, inline: 10_240 } as const;

/** How many characters of a document count. Spaces within values are counted, which IAM's guide leaves open. */
export function policySize(document: PolicyDocument<unknown>): number {
  return policyText(document).length;
}

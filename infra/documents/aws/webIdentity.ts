/**
 * Trust in tokens of an OpenID Connect issuer: a cluster's (IRSA), GitHub's, GitLab's (IAM user guide, "Available keys for AWS
 * OIDC federation"). A token's audience is always compared as a whole, and its subject, too, unless it is meant as a pattern:
 * under StringEquals a `*` is only a star, and under StringLike any `*` of a name would be more than the name.
 */
import { parseArn } from "./partition.ts";
import { inOrder, type TrustStatement } from "./policyDocument.ts";

/** Whose tokens are trusted. */
export interface WebIdentity {
  /** ARN of the OIDC provider, which has to be of the role's account */
  readonly provider: string;
  readonly audience: string;
  /** subjects without wildcards */
  readonly exact: readonly string[];
  /** subjects with `*` or `?` */
  readonly patterns: readonly string[];
  /** patterns of subjects that no pattern admits */
  readonly never: readonly string[];
}

/** ARN of the OIDC provider of an issuer. @param issuer its URL */
export function oidcProviderArnOf(
  issuer: string,
  { partition, account }: { partition: string; account: string },
): string {
  return `arn:${partition}:iam::${account}:oidc-provider/${issuer.replace(/^https:\/\//, "")}`;
}

/** Issuer of the tokens that an OIDC provider stands for, without `https://`: host and path, as condition keys begin. */
export function issuerOf(provider: string): string {
  const { resource = "" } = parseArn(provider) ?? {};
  return resource.replace(/^oidc-provider\//, "");
}

/** One statement for the exact subjects, and one for the patterns, as the conditions of a statement hold together. */
export function webIdentityStatements(identity: WebIdentity): TrustStatement[] {
  const issuer = issuerOf(identity.provider);
  const [audience, subject] = [`${issuer}:aud`, `${issuer}:sub`];
  const statement = (Condition: TrustStatement["Condition"]): TrustStatement => ({
    Effect: "Allow",
    Principal: { Federated: identity.provider },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition,
  });
  const { exact, patterns, never } = identity;
  const statements: TrustStatement[] = [];
  if (exact.length > 0) {
    const StringEquals = { [audience]: identity.audience, [subject]: inOrder(exact) };
    statements.push(statement({ StringEquals }));
  }
  if (patterns.length > 0) {
    const condition = {
      StringEquals: { [audience]: identity.audience },
      StringLike: { [subject]: inOrder(patterns) },
      ...(never.length === 0 ? {} : { StringNotLike: { [subject]: inOrder(never) } }),
    };
    statements.push(statement(condition));
  }
  return statements;
}

/**
 * Policies of ECR repositories: who of other accounts, or beside the builders, may pull or push. A policy of a repository has
 * principals, and is about that repository alone: no Resource, and no login, which an identity has to be allowed by its own policy
 * (ECR user guide, "Private repository policies in Amazon ECR"). In another account than the repository's, the identity's own policy
 * has to allow the same.
 */
import { PULL_ACTIONS, PUSH_ACTIONS } from "./ecrActions.ts";
import { parseArn } from "./partition.ts";
import { inOrder } from "./policyDocument.ts";

/** Most characters of a policy (API reference, SetRepositoryPolicy: policyText). */
export const REPOSITORY_POLICY_LIMIT = 10_240;

/** Who is meant, by whatever names them. */
export interface Principals {
  /** ids: whoever is allowed to by the account itself */
  readonly accounts: readonly string[];
  /** ids: every account of an organization */
  readonly organizations: readonly string[];
  /** ARNs */
  readonly roles: readonly string[];
}

export interface RepositoryStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal: "*" | { readonly AWS: readonly string[] };
  readonly Action: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface RepositoryPolicy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly RepositoryStatement[];
}

/** Whose access a policy grants. Whoever may push may pull, too. */
export interface RepositoryAccess {
  /** as it stands in ARNs */
  readonly partition: string;
  readonly pull: Principals;
  readonly push: Principals;
  /** ARNs of builders' roles in other accounts */
  readonly builders: readonly string[];
  /** the builders only read */
  readonly buildersOnlyPull?: boolean;
}

/** The policy, the same text for the same set of principals whatever their order; null where nobody is meant. */
export function repositoryPolicy(access: RepositoryAccess): RepositoryPolicy | null {
  const { partition, pull, push, builders, buildersOnlyPull = false } = access;
  const both = [...PULL_ACTIONS, ...PUSH_ACTIONS].sort();
  const statements = [
    ...statementsFor("Pull", partition, pull, PULL_ACTIONS),
    ...statementsFor("Push", partition, push, both),
    ...builderStatement(partition, builders, buildersOnlyPull ? PULL_ACTIONS : both),
  ];
  return statements.length === 0 ? null : { Version: "2012-10-17", Statement: statements };
}

/** The text that ECR gets. */
export function repositoryPolicyText(policy: RepositoryPolicy): string {
  return JSON.stringify(policy);
}

/** What is wrong with a policy as a whole, as the end of a sentence that begins with it; null when nothing is. */
export function repositoryPolicyProblem(policy: RepositoryPolicy): string | null {
  const { length } = repositoryPolicyText(policy);
  if (length <= REPOSITORY_POLICY_LIMIT) return null;
  return (
    `has ${length} characters, ECR takes at most ${REPOSITORY_POLICY_LIMIT}; name accounts instead of their roles, or an ` +
    "organization instead of its accounts"
  );
}

function statementsFor(
  sid: string,
  partition: string,
  { accounts, organizations, roles }: Principals,
  actions: readonly string[],
): RepositoryStatement[] {
  const named = inOrder([...accounts.map((account) => rootOf(partition, account)), ...roles]);
  const found: RepositoryStatement[] = [];
  if (named.length > 0) found.push({ Sid: sid, Effect: "Allow", Principal: { AWS: named }, Action: actions });
  if (organizations.length > 0) {
    found.push({
      Sid: `${sid}Organizations`,
      Effect: "Allow",
      Principal: "*",
      Action: actions,
      Condition: { StringEquals: { "aws:PrincipalOrgID": inOrder(organizations) } },
    });
  }
  return found;
}

/**
 * The builders' roles by a condition on their accounts: AWS refuses a principal that does not exist yet, and replaces one that was
 * deleted by an id that no new role of that name has (IAM user guide, "AWS JSON policy elements: Principal").
 */
function builderStatement(
  partition: string,
  builders: readonly string[],
  actions: readonly string[],
): RepositoryStatement[] {
  if (builders.length === 0) return [];
  const accounts = builders.map((role) => rootOf(partition, parseArn(role)?.account ?? ""));
  return [
    {
      Sid: "Builders",
      Effect: "Allow",
      Principal: { AWS: inOrder(accounts) },
      Action: actions,
      Condition: { ArnEquals: { "aws:PrincipalArn": inOrder(builders) } },
    },
  ];
}

function rootOf(partition: string, account: string): string {
  return `arn:${partition}:iam::${account}:root`;
}

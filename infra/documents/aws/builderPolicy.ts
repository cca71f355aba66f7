/** What the role of builders may do. */
import { PULL_ACTIONS, PUSH_ACTIONS } from "./ecrActions.ts";
import { type IdentityDocument, type IdentityStatement, inOrder, policyDocument } from "./policyDocument.ts";

/** ARNs of repositories, without wildcards. */
export interface RepositoryRights {
  /** pushed to and pulled from */
  readonly push: readonly string[];
  /** only pulled from */
  readonly pull: readonly string[];
}

/**
 * A login to ECR, which is about no repository and can be allowed by an identity's policy only, and the images of exactly these
 * repositories. Nothing is deleted, listed or made.
 */
export function builderPolicy(rights: RepositoryRights): IdentityDocument {
  const images = (Sid: string, Action: readonly string[], arns: readonly string[]): IdentityStatement[] =>
    arns.length === 0 ? [] : [{ Sid, Effect: "Allow", Action, Resource: inOrder(arns) }];
  return policyDocument<IdentityStatement>([
    { Sid: "Login", Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
    ...images("Push", inOrder([...PULL_ACTIONS, ...PUSH_ACTIONS]), rights.push),
    ...images("Pull", PULL_ACTIONS, rights.pull),
  ]);
}

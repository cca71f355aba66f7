/** What the role of builders may do (ECR user guide, "IAM permissions for pushing an image to an Amazon ECR private repository"). */
import { type IdentityDocument, type IdentityStatement, inOrder, policyDocument } from "./policyDocument.ts";

const PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
const PUSH = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"];

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
    ...images("Push", inOrder([...PULL, ...PUSH]), rights.push),
    ...images("Pull", PULL, rights.pull),
  ]);
}

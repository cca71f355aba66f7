/**
 * Who may become the role of builders: the service account `garden-in-cluster-builder` of the namespaces of a stack file, and
 * nothing else (EKS user guide, "Assign IAM roles to Kubernetes service accounts", "Create IAM role with trust policy required by
 * EKS Pod Identity").
 */
import { BUILDER_SERVICE_ACCOUNT } from "../../setupNames.ts";
import { inOrder, policyDocument, type TrustDocument } from "./policyDocument.ts";
import { webIdentityStatements } from "./webIdentity.ts";

/**
 * Audience of the tokens that EKS gives to pods for IAM. It is a name, not the address of a service, and also in China it is this
 * one: clusters there ask for it, and OIDC providers for `sts.amazonaws.com.cn` were refused with "Incorrect token audience"
 * (github.com/eksctl-io/eksctl/issues/1910, github.com/terraform-aws-modules/terraform-aws-eks/issues/1704).
 */
export const IRSA_AUDIENCE = "sts.amazonaws.com";

/** Namespaces that builders never get, also where a pattern matches them. */
const NEVER = ["kube-*", "default"];

/** Subject of the tokens of builders in a namespace, or in those of a pattern. */
export function builderSubject(namespace: string): string {
  return `system:serviceaccount:${namespace}:${BUILDER_SERVICE_ACCOUNT}`;
}

export interface IrsaTrust {
  /** ARNs of the OIDC providers of the clusters */
  readonly providers: readonly string[];
  readonly namespaces: readonly string[];
  readonly namespacePatterns: readonly string[];
}

/** Trust in the builders of some clusters: for each, one statement for its namespaces, and one for its patterns. */
export function irsaTrust({ providers, namespaces, namespacePatterns }: IrsaTrust): TrustDocument {
  return policyDocument(
    inOrder(providers).flatMap((provider) =>
      webIdentityStatements({
        provider,
        audience: IRSA_AUDIENCE,
        exact: namespaces.map(builderSubject),
        patterns: namespacePatterns.map(builderSubject),
        never: NEVER.filter((never) => namespacePatterns.some((pattern) => mayMeet(pattern, never))).map(
          builderSubject,
        ),
      }),
    ),
  );
}

/**
 * Whether there may be a namespace that both patterns match. By their beginnings up to the first wildcard: where those differ there
 * is none. A guard that is not needed is left out, as two clusters with all guards would hardly fit into one document.
 */
function mayMeet(one: string, other: string): boolean {
  const beginning = (pattern: string): string => pattern.split(/[*?]/)[0] as string;
  const [a, b] = [beginning(one), beginning(other)];
  return a.startsWith(b) || b.startsWith(a);
}

export interface PodIdentityTrust {
  /** ARN of the EKS cluster */
  readonly cluster: string;
  readonly namespaces: readonly string[];
}

/**
 * Trust in EKS, which becomes the role for pods with an association. It says by tags for whom it does (EKS user guide, "Grant pods
 * access to AWS resources based on tags"); by these the role is the builders' alone, whatever else is associated with it.
 */
export function podIdentityTrust({ cluster, namespaces }: PodIdentityTrust): TrustDocument {
  return policyDocument([
    {
      Effect: "Allow",
      Principal: { Service: "pods.eks.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession"],
      Condition: {
        StringEquals: {
          "aws:RequestTag/eks-cluster-arn": cluster,
          "aws:RequestTag/kubernetes-namespace": inOrder(namespaces),
          "aws:RequestTag/kubernetes-service-account": BUILDER_SERVICE_ACCOUNT,
        },
      },
    },
  ]);
}

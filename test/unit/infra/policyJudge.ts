/**
 * What IAM would decide by documents of this program, by a simulator of IAM that knows nothing of them
 * (@cloud-copilot/iam-simulate, which also checks their grammar).
 */
import { type RunSimulationResults, runSimulation } from "@cloud-copilot/iam-simulate";
import type { PolicyDocument } from "../../../infra/documents/aws/policyDocument.ts";

const ACCOUNT = "123456789012";

/** A token as it comes to the security token service. */
export interface Token {
  /** issuer without `https://`; also names its OIDC provider in IAM */
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** account of the OIDC provider; that of the role by default */
  readonly account?: string;
  /** account of the role */
  readonly roleAccount?: string;
  readonly partition?: string;
}

/** Anything that claims to be a policy document; as its text, as AWS gets it. */
type Document = PolicyDocument<unknown> | string;

/** Whether somebody with this token becomes the role whose trust document this is. Throws when IAM would not take the document. */
export async function mayAssume(trust: Document, token: Token): Promise<boolean> {
  const { issuer, subject, audience, roleAccount = ACCOUNT, account = roleAccount, partition = "aws" } = token;
  return decided({
    resourcePolicy: knownKeys(parsed(trust), issuer),
    action: "sts:AssumeRoleWithWebIdentity",
    principal: `arn:${partition}:iam::${account}:oidc-provider/${issuer}`,
    resource: `arn:${partition}:iam::${roleAccount}:role/r`,
    context: { [`${OWN}:sub`]: subject, [`${OWN}:aud`]: audience },
  });
}

/** Whether EKS becomes the role for a pod, as EKS says it by tags. */
export async function mayAssumeForPod(
  trust: Document,
  pod: { readonly cluster: string; readonly namespace: string; readonly account: string },
  service = "pods.eks.amazonaws.com",
): Promise<boolean> {
  const context = {
    "aws:RequestTag/eks-cluster-arn": pod.cluster,
    "aws:RequestTag/kubernetes-namespace": pod.namespace,
    "aws:RequestTag/kubernetes-service-account": pod.account,
  };
  const answers = ["sts:AssumeRole", "sts:TagSession"].map((action) =>
    decided({
      resourcePolicy: parsed(trust),
      action,
      principal: service,
      resource: `arn:aws:iam::${ACCOUNT}:role/r`,
      context,
    }),
  );
  return (await Promise.all(answers)).every(Boolean);
}

/** Whether a role with this identity policy may do this. Throws when IAM would not take the document. */
export async function mayDo(policy: Document, action: string, resource: string): Promise<boolean> {
  const partition = resource.split(":")[1] ?? "aws";
  return decided({
    identityPolicy: parsed(policy),
    action,
    principal: `arn:${partition === "*" ? "aws" : partition}:iam::${ACCOUNT}:role/r`,
    resource,
    context: {},
  });
}

interface Request {
  readonly identityPolicy?: unknown;
  readonly resourcePolicy?: unknown;
  readonly action: string;
  readonly principal: string;
  readonly resource: string;
  readonly context: Record<string, string>;
}

async function decided(request: Request): Promise<boolean> {
  const { identityPolicy, resourcePolicy, action, principal, resource, context } = request;
  const answer: RunSimulationResults = await runSimulation(
    {
      identityPolicies: identityPolicy === undefined ? [] : [{ name: "policy", policy: identityPolicy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
      request: {
        action,
        principal,
        // Of somebody else's repository only its own policy would decide, which there is none of here.
        resource: { resource, accountId: resource.split(":")[4] || ACCOUNT },
        contextVariables: context,
      },
    },
    {},
  );
  if (answer.resultType === "error") throw new Error(JSON.stringify(answer.errors));
  return answer.overallResult === "Allowed";
}

function parsed(document: Document): unknown {
  return typeof document === "string" ? JSON.parse(document) : document;
}

/**
 * The simulator knows the condition keys of the issuers that IAM's reference lists, and no others. So the token's issuer stands
 * under the name of a known one, and every other issuer of a document under one of which a request has nothing, as in IAM.
 */
const OWN = "accounts.google.com";
const OTHER = "cognito-identity.amazonaws.com";

function knownKeys(value: unknown, issuer: string): unknown {
  if (Array.isArray(value)) return value.map((inner) => knownKeys(inner, issuer));
  if (typeof value !== "object" || value === null) return value;
  const known = (key: string): string => {
    const [, name, claim] = /^(.*):(sub|aud)$/.exec(key) ?? [];
    return name === undefined ? key : `${name === issuer ? OWN : OTHER}:${claim}`;
  };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [known(key), knownKeys(inner, issuer)]));
}

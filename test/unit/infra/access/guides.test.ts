/**
 * What the guides that this kit comes from get wrong about roles on AWS: each once as it stands there, judged to be wrong, and
 * once as this program has it.
 */
import { describe, expect, test } from "vitest";
import { builderRolePolicy, builderTrust } from "../../../../infra/access/accessDocuments.ts";
import { builderAnnotations, builderRoles } from "../../../../infra/access/builderRoles.ts";
import { policyText } from "../../../../infra/documents/aws/policyDocument.ts";
import { plannedRegistries } from "../../../../infra/registries/ecrPlan.ts";
import { BUILDER_SERVICE_ACCOUNT } from "../../../../infra/setupNames.ts";
import { awsConfig, awsProblems } from "../awsConfig.ts";
import { mayAssume, mayDo } from "../policyJudge.ts";

const ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const STS = "sts.amazonaws.com";
const REPOSITORY = "arn:aws:ecr:eu-central-1:123456789012:repository/shop/api";
const token = (namespace: string, account = BUILDER_SERVICE_ACCOUNT) => ({
  ...{ issuer: ISSUER, audience: STS },
  subject: `system:serviceaccount:${namespace}:${account}`,
});

const config = awsConfig();
const [role] = builderRoles(config, "aws-dev");
const trust = builderTrust(config, role!);
const policy = builderRolePolicy(config, role!.repositories);

/** A trust document as guides have it. */
const guideTrust = (condition: object) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${ISSUER}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: condition,
      },
    ],
  });

/** A policy as guides have it. */
const guidePolicy = (statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

describe("a star under StringEquals", () => {
  test("admits nobody", async () => {
    const anyNamespace = `system:serviceaccount:*:${BUILDER_SERVICE_ACCOUNT}`;
    const wrong = guideTrust({ StringEquals: { [`${ISSUER}:aud`]: STS, [`${ISSUER}:sub`]: anyNamespace } });
    expect(await mayAssume(wrong, token("shop-preview-1"))).toBe(false);
    const meant = guideTrust({
      StringEquals: { [`${ISSUER}:aud`]: STS },
      StringLike: { [`${ISSUER}:sub`]: anyNamespace },
    });
    expect(await mayAssume(meant, token("shop-preview-1"))).toBe(true);
  });

  test("patterns are under StringLike, and nothing with a star or question mark is under StringEquals", async () => {
    expect(await mayAssume(trust, token("shop-preview-1"))).toBe(true);
    for (const { Condition } of trust.Statement) expect(JSON.stringify(Condition.StringEquals)).not.toMatch(/[*?]/);
  });
});

describe("a document that is no JSON", () => {
  test("is what the guides' policy is: a comma too many after the last action, none after the list", async () => {
    const wrong = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:PutImage",]"Resource":"*"}]}';
    await expect(mayDo(wrong, "ecr:PutImage", REPOSITORY)).rejects.toThrow(SyntaxError);
  });

  test("is never made: documents are objects, written in one place", () => {
    for (const document of [trust, policy]) expect(JSON.parse(policyText(document))).toEqual(document);
  });
});

describe("a principal in the policy of an identity", () => {
  test("is refused by IAM", async () => {
    const wrong = guidePolicy([{ Effect: "Allow", Principal: "*", Action: "ecr:PutImage", Resource: REPOSITORY }]);
    await expect(mayDo(wrong, "ecr:PutImage", REPOSITORY)).rejects.toThrow(
      "Principal is not allowed in an identity policy",
    );
  });

  test("is in no policy of a role", () => {
    for (const statement of policy.Statement)
      expect(Object.keys(statement).sort()).toEqual(["Action", "Effect", "Resource", "Sid"]);
  });
});

describe("push rights without a login to the registry", () => {
  test("allow no login", async () => {
    const wrong = guidePolicy([{ Effect: "Allow", Action: "ecr:PutImage", Resource: REPOSITORY }]);
    expect(await mayDo(wrong, "ecr:GetAuthorizationToken", "*")).toBe(false);
  });

  test("are with a login, at every role", async () => {
    expect(await mayDo(policy, "ecr:GetAuthorizationToken", "*")).toBe(true);
    expect(await mayDo(builderRolePolicy(config, ["shop/web"]), "ecr:GetAuthorizationToken", "*")).toBe(true);
  });
});

describe("rights on a repository that leave out kaniko's cache", () => {
  test("are what its own ARN gives; with a star behind it they reach other repositories", async () => {
    const exact = guidePolicy([{ Effect: "Allow", Action: "ecr:PutImage", Resource: REPOSITORY }]);
    expect(await mayDo(exact, "ecr:PutImage", `${REPOSITORY}/cache`)).toBe(false);
    const star = guidePolicy([{ Effect: "Allow", Action: "ecr:PutImage", Resource: `${REPOSITORY}*` }]);
    expect(await mayDo(star, "ecr:PutImage", `${REPOSITORY}-other`)).toBe(true);
  });

  test("name both, and no wildcard", async () => {
    expect(await mayDo(policy, "ecr:PutImage", `${REPOSITORY}/cache`)).toBe(true);
    expect(await mayDo(policy, "ecr:PutImage", `${REPOSITORY}-other`)).toBe(false);
    const [, ...images] = policy.Statement;
    expect(JSON.stringify(images)).not.toMatch(/[*?]/);
  });
});

describe("push rights of the worker nodes' role", () => {
  const reason =
    "is not offered: every pod of a node can act as the node's role where the metadata service answers pods, so every pod could " +
    "push; where it does not (hop limit 1), builders could not. Builders have a role of their own (kind: irsa or podIdentity), nodes " +
    "only pull";

  test.each(["workerRole", "nodeRole", "nodePush"])("asked for by the key %s get the reason", (key) => {
    const allowed = "kind, oidcProviders, namespaces, namespacePatterns, allowAnyNamespace, teams, role, ci";
    expect(awsProblems((it) => (it["pergola:access"][key] = "arn"))).toEqual([
      `pergola:access: the key "${key}" ${reason}; allowed: ${allowed}`,
    ]);
  });

  test.each(["workerRole", "nodeRole", "nodePush"])("asked for as the kind %s get the reason", (kind) => {
    expect(awsProblems((it) => (it["pergola:access"] = { kind }))).toEqual([
      `pergola:access.kind: "${kind}" ${reason}; allowed: none, irsa, podIdentity, existing, workloadIdentity, serviceAccountKey`,
    ]);
  });

  test.each(["push", "nodePush"])("asked for at the nodes by the key %s get the reason", (key) => {
    const [problem] = awsProblems((it) => (it["pergola:cluster"].builderNodes[0][key] = true));
    expect(problem).toContain(`pergola:cluster.builderNodes[0]: the key "${key}" ${reason}; allowed: `);
  });
});

describe("a role for another service account than that of builders", () => {
  test("does not admit builders", async () => {
    const subject = "system:serviceaccount:shop-dev:ecr-poweruser";
    const wrong = guideTrust({ StringEquals: { [`${ISSUER}:aud`]: STS, [`${ISSUER}:sub`]: subject } });
    expect(await mayAssume(wrong, token("shop-dev"))).toBe(false);
  });

  test("is not made: the account that is made has the annotation of the role that trusts it", async () => {
    expect(await mayAssume(trust, token("shop-dev"))).toBe(true);
    expect(await mayAssume(trust, token("shop-dev", "ecr-poweruser"))).toBe(false);
    expect(builderAnnotations(config, "aws-dev", "shop-dev")).toEqual({ "eks.amazonaws.com/role-arn": role!.arn });
  });
});

describe("a repository policy that is said to be for builders and admits the nodes' role", () => {
  test("is not made: what lets another account push names the builders' role, and no other", () => {
    const central = awsConfig(() => {}, "aws-central-registry");
    const roles = builderRoles(central, "aws-central-registry").map(({ arn }) => arn);
    const policies = plannedRegistries(central, "aws-central-registry").flatMap(({ repositories }) =>
      repositories.map(({ policy }) => JSON.stringify(policy)),
    );
    expect(policies.length).toBeGreaterThan(0);
    for (const text of policies) {
      expect(new Set(text.match(/arn:aws:iam::\d+:role\/[^"]+/g))).toEqual(new Set(roles));
    }
  });
});

describe("a credential helper for a host that it does not know", () => {
  test("is refused: the guides map ecr-login to a mirror, for which it answers that there is no login", () => {
    const logins = [{ host: "mirror.internal.com", helper: "ecr-login" }];
    expect(awsProblems((it) => (it["pergola:cluster"].pullSecret = { logins }))).toEqual([
      'pergola:cluster.pullSecret.logins[0].helper: "ecr-login" only knows Amazon ECR registries, and mirror.internal.com is none',
    ]);
  });
});

describe("the partition aws in ARNs, whatever the region", () => {
  test.each([
    ["cn-north-1", "aws-cn", "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/X"],
    ["us-gov-west-1", "aws-us-gov", "https://oidc.eks.us-gov-west-1.amazonaws.com/id/X"],
  ])("is %s's own: %s", (region, partition, issuer) => {
    const there = awsConfig((it) => {
      it["pergola:registry"].region = region;
      it["pergola:cluster"].eks.region = region;
      it["pergola:access"].oidcProviders = [{ create: true, issuer }];
      it["pergola:access"].ci.github.oidcProvider = { create: true };
    });
    const [builder] = builderRoles(there, "aws-dev");
    const texts = [builder!.arn, policyText(builderTrust(there, builder!)), policyText(builderRolePolicy(there))];
    for (const text of texts)
      expect([...text.matchAll(/arn:([^:]+):/g)].map(([, found]) => found)).toContain(partition);
    expect(texts.join()).not.toContain("arn:aws:");
  });
});

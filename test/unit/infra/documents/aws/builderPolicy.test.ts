// What the role of builders may do, by the real policies of stack files, judged by a simulator of IAM.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builderRolePolicy } from "../../../../../infra/access/accessDocuments.ts";
import { builderPolicy } from "../../../../../infra/documents/aws/builderPolicy.ts";
import { policyText } from "../../../../../infra/documents/aws/policyDocument.ts";
import { awsConfig } from "../../awsConfig.ts";
import { mayDo } from "../../policyJudge.ts";

const repository = (name: string, account = "123456789012", region = "eu-central-1", partition = "aws") =>
  `arn:${partition}:ecr:${region}:${account}:repository/${name}`;
const PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
const PUSH = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"];

describe("the role of aws-dev", () => {
  const policy = builderRolePolicy(awsConfig());

  test.each(
    ["shop/api", "shop/api/cache", "shop/web", "shop/web/cache"].flatMap((name) =>
      [...PULL, ...PUSH].map((action) => [name, action]),
    ),
  )("%s: %s", async (name, action) => {
    expect(await mayDo(policy, action!, repository(name!))).toBe(true);
  });

  test.each([
    repository("shop/api-other"),
    repository("shop/api/cache-other"),
    repository("shop/api/other"),
    repository("shop/api/cache/other"),
    repository("shop"),
    repository("shop/ap"),
    repository("other"),
    repository("my/shop/api"),
    repository("shop/api", "999999999999"),
    repository("shop/api", "123456789012", "eu-west-1"),
    repository("shop/api", "123456789012", "cn-north-1", "aws-cn"),
  ])("nothing at %s", async (arn) => {
    for (const action of [...PULL, ...PUSH]) expect(await mayDo(policy, action, arn), action).toBe(false);
  });

  test.each([
    "ecr:BatchDeleteImage",
    "ecr:DeleteRepository",
    "ecr:CreateRepository",
    "ecr:SetRepositoryPolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:PutLifecyclePolicy",
    "ecr:PutImageTagMutability",
    "ecr:DescribeImages",
    "ecr:ListImages",
  ])("not %s, also at its own repositories", async (action) => {
    expect(await mayDo(policy, action, repository("shop/api"))).toBe(false);
    expect(await mayDo(policy, action, repository("shop/api/cache"))).toBe(false);
  });

  test.each(["sts:AssumeRole", "iam:PassRole"])("not %s", async (action) => {
    expect(await mayDo(policy, action, "arn:aws:iam::123456789012:role/other")).toBe(false);
  });

  test("a login, and none to public registries", async () => {
    expect(await mayDo(policy, "ecr:GetAuthorizationToken", "*")).toBe(true);
    expect(await mayDo(policy, "ecr-public:GetAuthorizationToken", "*")).toBe(false);
    expect(await mayDo(policy, "ecr:DescribeRegistry", "*")).toBe(false);
  });
});

test("a team's role reaches its own repositories and their caches", async () => {
  const policy = builderRolePolicy(awsConfig(), ["shop/web"]);
  for (const name of ["shop/web", "shop/web/cache"])
    expect(await mayDo(policy, "ecr:PutImage", repository(name))).toBe(true);
  for (const name of ["shop/api", "shop/api/cache"]) {
    expect(await mayDo(policy, "ecr:PutImage", repository(name))).toBe(false);
    expect(await mayDo(policy, "ecr:BatchGetImage", repository(name))).toBe(false);
  }
});

test("a registry elsewhere is reached where it is", async () => {
  const policy = builderRolePolicy(
    awsConfig((it) => {
      it["pergola:registry"].account = "999999999999";
      it["pergola:registry"].region = "eu-west-1";
      it["pergola:cluster"].eks.account = "123456789012";
    }),
  );
  expect(policyText(policy)).toContain(repository("shop/api", "999999999999", "eu-west-1"));
  expect(policyText(policy)).not.toContain("123456789012");
});

test("what is only pulled from is not pushed to", async () => {
  const policy = builderPolicy({ push: [], pull: [repository("base")] });
  for (const action of PULL) expect(await mayDo(policy, action, repository("base")), action).toBe(true);
  for (const action of PUSH) expect(await mayDo(policy, action, repository("base")), action).toBe(false);
});

test("any repositories: each is reached with its cache and nothing else, and the order makes no difference", async () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,6}(\/[a-z0-9]{1,6})?$/);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), name, async (names, other) => {
      const push = names.flatMap((one) => [repository(one), repository(`${one}/cache`)]);
      const policy = builderPolicy({ push, pull: [] });
      for (const arn of push) expect(await mayDo(policy, "ecr:PutImage", arn)).toBe(true);
      for (const arn of [
        repository(other),
        repository(`${names[0]}-${other}`),
        repository(`${names[0]}/cache${other}`),
      ]) {
        expect(await mayDo(policy, "ecr:PutImage", arn)).toBe(push.includes(arn));
      }
      expect(policyText(builderPolicy({ push: [...push].reverse(), pull: [] }))).toBe(policyText(policy));
    }),
    { numRuns: 60 },
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Principals,
  REPOSITORY_POLICY_LIMIT,
  type RepositoryAccess,
  type RepositoryPolicy,
  repositoryPolicy,
  repositoryPolicyProblem,
  repositoryPolicyText,
} from "../../../../../infra/documents/aws/ecrRepositoryPolicy.ts";

const NOBODY: Principals = { accounts: [], organizations: [], roles: [] };
const NONE: RepositoryAccess = { partition: "aws", pull: NOBODY, push: NOBODY, builders: [] };

const PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
const BOTH = [
  "ecr:BatchCheckLayerAvailability",
  "ecr:BatchGetImage",
  "ecr:CompleteLayerUpload",
  "ecr:GetDownloadUrlForLayer",
  "ecr:InitiateLayerUpload",
  "ecr:PutImage",
  "ecr:UploadLayerPart",
];

describe("the policy of a repository", () => {
  test("is none where nobody is meant", () => expect(repositoryPolicy(NONE)).toBeNull());

  test("lets accounts, organizations and roles pull or push", () => {
    const policy = repositoryPolicy({
      ...NONE,
      pull: { accounts: ["222222222222", "111111111111"], organizations: ["o-abcdefghij"], roles: [] },
      push: { accounts: [], organizations: [], roles: ["arn:aws:iam::333333333333:role/ci/deploy"] },
    });
    expect(policy).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Pull",
          Effect: "Allow",
          Principal: { AWS: ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"] },
          Action: PULL,
        },
        {
          Sid: "PullOrganizations",
          Effect: "Allow",
          Principal: "*",
          Action: PULL,
          Condition: { StringEquals: { "aws:PrincipalOrgID": ["o-abcdefghij"] } },
        },
        {
          Sid: "Push",
          Effect: "Allow",
          Principal: { AWS: ["arn:aws:iam::333333333333:role/ci/deploy"] },
          Action: BOTH,
        },
      ],
    });
  });

  test("lets builders of another account push, by their roles' names, before there are such roles", () => {
    const builders = ["arn:aws:iam::222222222222:role/dev-builder-b", "arn:aws:iam::222222222222:role/dev-builder-a"];
    expect(repositoryPolicy({ ...NONE, builders })?.Statement).toEqual([
      {
        Sid: "Builders",
        Effect: "Allow",
        Principal: { AWS: ["arn:aws:iam::222222222222:root"] },
        Action: BOTH,
        Condition: {
          ArnEquals: {
            "aws:PrincipalArn": [
              "arn:aws:iam::222222222222:role/dev-builder-a",
              "arn:aws:iam::222222222222:role/dev-builder-b",
            ],
          },
        },
      },
    ]);
    expect(repositoryPolicy({ ...NONE, builders, buildersOnlyPull: true })?.Statement[0]?.Action).toEqual(PULL);
  });

  test.each([
    ["aws", "arn:aws:iam::111111111111:root"],
    ["aws-cn", "arn:aws-cn:iam::111111111111:root"],
    ["aws-us-gov", "arn:aws-us-gov:iam::111111111111:root"],
  ])("names accounts of the partition %s", (partition, root) => {
    const pull = { ...NOBODY, accounts: ["111111111111"] };
    const policy = repositoryPolicy({ ...NONE, partition, pull });
    expect(policy?.Statement[0]?.Principal).toEqual({ AWS: [root] });
  });
});

const account = fc.stringMatching(/^\d{12}$/);
const principals: fc.Arbitrary<Principals> = fc.record({
  accounts: fc.array(account, { maxLength: 4 }),
  organizations: fc.array(fc.stringMatching(/^o-[a-z0-9]{10}$/), { maxLength: 2 }),
  roles: fc.array(
    account.map((id) => `arn:aws:iam::${id}:role/x`),
    { maxLength: 3 },
  ),
});
const accesses = fc.record({
  partition: fc.constant("aws"),
  pull: principals,
  push: principals,
  builders: fc.array(
    account.map((id) => `arn:aws:iam::${id}:role/builder`),
    { maxLength: 3 },
  ),
});
const policies = accesses.map(repositoryPolicy).filter((policy) => policy !== null);

/** The guides that this kit comes from had a policy that was neither kind, and no JSON. */
describe("no policy of a repository is what the old guides had", () => {
  test("no Resource, and no ecr:GetAuthorizationToken, which no repository can grant", () => {
    fc.assert(
      fc.property(policies, ({ Statement }) => {
        for (const statement of Statement) {
          expect(statement).not.toHaveProperty("Resource");
          expect(statement).toHaveProperty("Principal");
          expect(statement.Action).not.toContain("ecr:GetAuthorizationToken");
          expect(statement.Action.filter((action) => !/^ecr:[A-Za-z]+$/.test(action))).toEqual([]);
        }
      }),
    );
  });

  test("no text that is no JSON", () => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(JSON.parse(repositoryPolicyText(policy))).toEqual(policy);
      }),
    );
  });

  test("nobody in general: everybody is admitted under a condition only", () => {
    fc.assert(
      fc.property(policies, ({ Statement }) => {
        for (const { Principal, Condition } of Statement) {
          if (Principal === "*") expect(Condition?.StringEquals?.["aws:PrincipalOrgID"]).not.toEqual([]);
          else expect(Principal.AWS).not.toContain("*");
        }
      }),
    );
  });
});

test("the order in which principals are listed makes no difference", () => {
  fc.assert(
    fc.property(accesses, (access) => {
      const turned = (list: readonly string[]) => [...list].reverse();
      const other = (one: Principals): Principals => ({
        accounts: turned(one.accounts),
        organizations: turned(one.organizations),
        roles: turned(one.roles),
      });
      const { pull, push, builders } = access;
      const reversed = { ...access, pull: other(pull), push: other(push), builders: turned(builders) };
      expect(repositoryPolicy(reversed)).toEqual(repositoryPolicy(access));
    }),
  );
});

test("a policy that is too long is refused with what to write instead", () => {
  const accounts = Array.from({ length: 320 }, (_, index) => String(100000000000 + index));
  const policy = repositoryPolicy({ ...NONE, pull: { ...NOBODY, accounts } }) as RepositoryPolicy;
  const { length } = repositoryPolicyText(policy);
  expect(length).toBeGreaterThan(REPOSITORY_POLICY_LIMIT);
  expect(repositoryPolicyProblem(policy)).toBe(
    `has ${length} characters, ECR takes at most 10240; name accounts instead of their roles, or an organization instead of its accounts`,
  );
  const few = repositoryPolicy({ ...NONE, pull: { ...NOBODY, accounts: accounts.slice(0, 300) } }) as RepositoryPolicy;
  expect(repositoryPolicyProblem(few)).toBeNull();
});

// Who may become the role of CI jobs, by the real documents of stack files, judged by a simulator of IAM.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ciJobRole } from "../../../../../infra/access/accessDocuments.ts";
import { ciTrust } from "../../../../../infra/documents/aws/ciTrust.ts";
import { policyText } from "../../../../../infra/documents/aws/policyDocument.ts";
import { githubSubjects } from "../../../../../infra/documents/ciSubjects.ts";
import { awsConfig } from "../../awsConfig.ts";
import { mayAssume } from "../../policyJudge.ts";

const GITHUB = "token.actions.githubusercontent.com";
const GITLAB = "gitlab.example.com";
const STS = "sts.amazonaws.com";

// biome-ignore lint/suspicious/noExplicitAny: a part of a stack file
function roleOf(ci: any) {
  const config = awsConfig((it) => {
    it["pergola:access"].ci = ci;
  });
  return ciJobRole(config, "aws-dev")!;
}

const github = (said: object) =>
  roleOf({ github: { repository: "shop/monorepo", oidcProvider: { create: true }, ...said } });
const gitlab = (said: object) =>
  roleOf({ gitlab: { project: "shop/web/app", url: `https://${GITLAB}`, oidcProvider: { create: true }, ...said } });

describe("GitHub", () => {
  const role = github({
    branches: ["main", "release-*"],
    tags: ["v*"],
    environments: ["dev box"],
    pullRequests: false,
  });

  test.each([
    ["repo:shop/monorepo:ref:refs/heads/main", STS, true],
    ["repo:shop/monorepo:ref:refs/heads/release-1", STS, true],
    ["repo:shop/monorepo:ref:refs/tags/v1.2", STS, true],
    ["repo:shop/monorepo:environment:dev box", STS, true],
    ["repo:shop/monorepo:ref:refs/heads/main2", STS, false],
    ["repo:shop/monorepo:ref:refs/heads/feature/main", STS, false],
    ["repo:shop/monorepo:ref:refs/tags/main", STS, false],
    ["repo:shop/monorepo:environment:prod", STS, false],
    ["repo:shop/monorepo:pull_request", STS, false],
    ["repo:shop/other:ref:refs/heads/main", STS, false],
    ["repo:shop/monorepo-2:ref:refs/heads/main", STS, false],
    ["repo:mallory/monorepo:ref:refs/heads/main", STS, false],
    ["repo:mallory/monorepo:ref:refs/heads/release-1", STS, false],
    ["repo:mallory/x:ref:refs/heads/repo:shop/monorepo:ref:refs/heads/main", STS, false],
    ["repo:shop@1/monorepo@2:ref:refs/heads/main", STS, false],
    ["repo:shop/monorepo:ref:refs/heads/main", "https://github.com/shop", false],
    ["repo:shop/monorepo:ref:refs/heads/main", "*", false],
  ])("%s for %s: %s", async (subject, audience, allowed) => {
    expect(await mayAssume(role.trust, { issuer: GITHUB, subject, audience })).toBe(allowed);
  });

  test("pull requests only when they are asked for, and then those of the repository", async () => {
    const { trust } = github({ pullRequests: true });
    const may = (subject: string) => mayAssume(trust, { issuer: GITHUB, subject, audience: STS });
    expect(await may("repo:shop/monorepo:pull_request")).toBe(true);
    expect(await may("repo:mallory/monorepo:pull_request")).toBe(false);
    expect(await may("repo:shop/monorepo:ref:refs/heads/main")).toBe(false);
  });

  test("subjects with ids, which a repository of the same name does not have", async () => {
    const { trust } = github({ repository: "shop@12/monorepo@34", branches: ["main"] });
    const may = (subject: string) => mayAssume(trust, { issuer: GITHUB, subject, audience: STS });
    expect(await may("repo:shop@12/monorepo@34:ref:refs/heads/main")).toBe(true);
    expect(await may("repo:shop@13/monorepo@34:ref:refs/heads/main")).toBe(false);
    expect(await may("repo:shop/monorepo:ref:refs/heads/main")).toBe(false);
  });

  test("another audience, where the action is told one", async () => {
    const { trust, audience } = github({ branches: ["main"], audience: "sts.amazonaws.com.cn" });
    expect(audience).toBe("sts.amazonaws.com.cn");
    const subject = "repo:shop/monorepo:ref:refs/heads/main";
    expect(await mayAssume(trust, { issuer: GITHUB, subject, audience: "sts.amazonaws.com.cn" })).toBe(true);
    expect(await mayAssume(trust, { issuer: GITHUB, subject, audience: STS })).toBe(false);
  });

  test("whatever is selected, no subject of another repository is admitted", async () => {
    const reference = fc.stringMatching(/^[a-z*/.-]{1,6}$/);
    const references = fc.uniqueArray(reference, { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(references, references, fc.boolean(), reference, async (branches, tags, pullRequests, ref) => {
        const said = { repository: "shop/monorepo", branches, tags, environments: [], pullRequests };
        const provider = `arn:aws:iam::123456789012:oidc-provider/${GITHUB}`;
        const trust = ciTrust(provider, STS, githubSubjects(said));
        for (const repository of ["shop/monorepo2", "shop/mono", "mallory/monorepo", `mallory/shop/monorepo`]) {
          for (const rest of [`ref:refs/heads/${ref}`, `ref:refs/tags/${ref}`, "pull_request", "environment:x"]) {
            const token = { issuer: GITHUB, subject: `repo:${repository}:${rest}`, audience: STS };
            expect(trust.Statement.length > 0 && (await mayAssume(trust, token))).toBe(false);
          }
        }
        const turned = { ...said, branches: [...branches].reverse(), tags: [...tags].reverse() };
        expect(policyText(ciTrust(provider, STS, githubSubjects(turned)))).toBe(policyText(trust));
      }),
      { numRuns: 40 },
    );
  });
});

describe("GitLab", () => {
  const role = gitlab({ branches: ["main", "ci/*"], tags: ["v1"] });

  test.each([
    ["project_path:shop/web/app:ref_type:branch:ref:main", true],
    ["project_path:shop/web/app:ref_type:branch:ref:ci/x", true],
    ["project_path:shop/web/app:ref_type:tag:ref:v1", true],
    ["project_path:shop/web/app:ref_type:tag:ref:main", false],
    ["project_path:shop/web/app:ref_type:branch:ref:v1", false],
    ["project_path:shop/web/app2:ref_type:branch:ref:main", false],
    ["project_path:shop/web:ref_type:branch:ref:main", false],
    ["project_path:mallory/app:ref_type:branch:ref:ci/x", false],
  ])("%s: %s", async (subject, allowed) => {
    expect(await mayAssume(role.trust, { issuer: GITLAB, subject, audience: `https://${GITLAB}` })).toBe(allowed);
    expect(await mayAssume(role.trust, { issuer: GITLAB, subject, audience: STS })).toBe(false);
    expect(await mayAssume(role.trust, { issuer: "gitlab.com", subject, audience: `https://${GITLAB}` })).toBe(false);
  });
});

test("exact subjects are compared as a whole, those with a star as patterns", () => {
  const { Statement } = github({ branches: ["main", "release-*"] }).trust;
  expect(
    Statement.map(({ Condition }) => Object.entries(Condition).map(([by, keys]) => [by, Object.keys(keys)])),
  ).toEqual([
    [["StringEquals", [`${GITHUB}:aud`, `${GITHUB}:sub`]]],
    [
      ["StringEquals", [`${GITHUB}:aud`]],
      ["StringLike", [`${GITHUB}:sub`]],
    ],
  ]);
});

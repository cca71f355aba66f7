// Whose jobs get in, by the real conditions, mapping and members of stack files, judged by an implementation of CEL.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gcpCiPlan } from "../../../../../infra/access/gcpCi.ts";
import { githubCondition, gitlabCondition, SUBJECT_LIMIT } from "../../../../../infra/documents/gcp/federation.ts";
import { type Claims, subjectOf } from "../../federationJudge.ts";
import { gcpConfig } from "../../gcpConfig.ts";

const provider = { create: true };

function federation(ci: object) {
  const config = gcpConfig((it) => {
    it["pergola:access"].ci = ci;
  });
  return gcpCiPlan(config, "gcp-dev")!.federated!.federation;
}

/** Into the pool, and from there to the service account. */
function becomes({ condition, subjects }: ReturnType<typeof federation>, token: Claims): boolean {
  const subject = subjectOf(condition, token);
  return subject !== null && subjects.includes(subject);
}

/** The claims of a job's token without one of them. */
function without(token: Claims, claim: string): Claims {
  return Object.fromEntries(Object.entries(token).filter(([name]) => name !== claim));
}

/** A token of GitHub, as its documentation shows one, of a job on the branch main. */
function githubToken(said: Claims = {}): Claims {
  const claims = {
    jti: "0f3a1c52-9d3e-4b39-9d4b-1d1c4b7a9a10",
    aud: "https://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/pergola-gcp-dev/providers/github",
    iss: "https://token.actions.githubusercontent.com",
    repository: "shop/monorepo",
    repository_id: "34",
    repository_owner: "shop",
    repository_owner_id: "12",
    repository_visibility: "private",
    actor: "octocat",
    workflow: "build",
    workflow_ref: "shop/monorepo/.github/workflows/build.yml@refs/heads/main",
    event_name: "push",
    head_ref: "",
    base_ref: "",
    ref: "refs/heads/main",
    ref_type: "branch",
    ref_protected: "true",
    sha: "ffac537e6cbbf934b08745a378932722df287a53",
    run_id: "1",
    runner_environment: "github-hosted",
    ...said,
  };
  const { event_name: event, repository, ref } = claims;
  const where = event === "pull_request" ? "pull_request" : `ref:${ref}`;
  return { sub: `repo:${repository}:${where}`, ...claims };
}

/** What is told from the rest in a repository: another one, another reference, or what only looks like one. */
const GITHUB_REFUSED: readonly [string, Claims][] = [
  ["a fork", { repository: "mallory/monorepo", repository_owner: "mallory" }],
  ["another repository of the owner", { repository: "shop/website" }],
  ["a repository with a longer name", { repository: "shop/monorepo2" }],
  ["a repository with a shorter name", { repository: "shop/mono" }],
  ["an owner with a longer name", { repository: "myshop/monorepo" }],
  ["another case", { repository: "Shop/Monorepo" }],
  ["a repository named after it", { repository: "mallory/shop/monorepo" }],
  ["another branch", { ref: "refs/heads/feature" }],
  ["a branch with a longer name", { ref: "refs/heads/main2" }],
  ["a branch that ends in the name", { ref: "refs/heads/feature/main" }],
  ["a branch named like a reference", { ref: "refs/heads/refs/heads/main" }],
  ["a reference without its kind", { ref: "main" }],
  ["a tag of the same name", { ref: "refs/tags/main", ref_type: "tag" }],
  ["a branch of a tag's name", { ref: "refs/heads/v1" }],
  ["a pull request", { event_name: "pull_request", ref: "refs/pull/7/merge", head_ref: "main", base_ref: "main" }],
  ["a pull request's head", { event_name: "pull_request", ref: "refs/pull/7/head", head_ref: "main" }],
  ["no reference", { ref: "" }],
  ["a list of references", { ref: ["refs/heads/main"] }],
  ["no value", { ref: null }],
];

describe("GitHub", () => {
  const jobs = federation({ github: { repository: "shop/monorepo", branches: ["main"], tags: ["v1"], provider } });

  test.each([
    ["a push to the branch", {}],
    ["a run by hand on it", { event_name: "workflow_dispatch" }],
    ["a push of the tag", { ref: "refs/tags/v1", ref_type: "tag" }],
  ] satisfies [string, Claims][])("%s gets in", (_, said) => expect(becomes(jobs, githubToken(said))).toBe(true));

  test.each(GITHUB_REFUSED)("%s does not, by the condition alone", (_, said) => {
    expect(subjectOf(jobs.condition, githubToken(said))).toBeNull();
  });

  test("a job with an environment is in the pool, and is nobody", () => {
    const token = { ...githubToken(), environment: "prod", sub: "repo:shop/monorepo:environment:prod" };
    expect(subjectOf(jobs.condition, token)).toBe(token.sub);
    expect(becomes(jobs, token)).toBe(false);
  });

  test.each(["repository", "ref", "sub"])("without the claim %s nobody gets in", (claim) => {
    expect(becomes(jobs, without(githubToken(), claim))).toBe(false);
  });

  test("with ids, neither does who has got the names", () => {
    const { condition } = federation({ github: { repository: "shop@12/monorepo@34", branches: ["main"], provider } });
    const sub = "repo:shop@12/monorepo@34:ref:refs/heads/main";
    const token = { ...githubToken(), sub };
    expect(subjectOf(condition, token)).toBe(sub);
    expect(subjectOf(condition, { ...token, repository_owner_id: "13" })).toBeNull();
    expect(subjectOf(condition, { ...token, repository_id: "35" })).toBeNull();
    expect(subjectOf(condition, { ...token, repository_id: 34 })).toBeNull();
    expect(subjectOf(condition, without(token, "repository_owner_id"))).toBeNull();
  });
});

/** A token of GitLab, as its documentation shows one, of a job on the branch main. */
function gitlabToken(said: Claims = {}): Claims {
  const claims = {
    jti: "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
    aud: "https://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/pergola-gcp-dev/providers/gitlab",
    iss: "https://gitlab.example.com",
    namespace_id: "72",
    namespace_path: "shop/web",
    project_id: "20",
    project_path: "shop/web/app",
    user_login: "sample-user",
    pipeline_id: "574",
    pipeline_source: "push",
    job_id: "302",
    ref: "main",
    ref_type: "branch",
    ref_path: "refs/heads/main",
    ref_protected: "true",
    runner_id: 1,
    runner_environment: "self-hosted",
    sha: "714a629c0b401fdce83e847fc9589983fc6f46bc",
    ...said,
  };
  return { sub: `project_path:${claims.project_path}:ref_type:${claims.ref_type}:ref:${claims.ref}`, ...claims };
}

const OF_MERGE_REQUEST = { pipeline_source: "merge_request_event", ref_protected: "false" };

const GITLAB_REFUSED: readonly [string, Claims][] = [
  ["a fork", { project_path: "mallory/app", namespace_path: "mallory" }],
  ["another project of the group", { project_path: "shop/web/site" }],
  ["a project with a longer name", { project_path: "shop/web/app2" }],
  ["a project of the outer group", { project_path: "shop/web" }],
  ["a project of a group of its name", { project_path: "shop/web/app/main" }],
  ["a group that ends in the name", { project_path: "mallory/shop/web/app" }],
  ["another branch", { ref: "feature" }],
  ["a branch with a longer name", { ref: "main2" }],
  ["a whole reference", { ref: "refs/heads/main" }],
  ["a tag of the same name", { ref: "main", ref_type: "tag", ref_path: "refs/tags/main" }],
  ["a branch of a tag's name", { ref: "v1" }],
  ["a merge request of the branch", OF_MERGE_REQUEST],
  ["a merge request between protected branches", { ...OF_MERGE_REQUEST, ref_protected: "true" }],
  ["a merge request of a fork's branch", { ...OF_MERGE_REQUEST, project_path: "mallory/app" }],
  ["a merge request's child pipeline", { pipeline_source: "parent_pipeline", ref_protected: "false" }],
  ["another kind of reference", { ref_type: "merge_request" }],
  ["a list of references", { ref: ["main"] }],
  ["no value", { project_path: null }],
];

describe("GitLab", () => {
  const jobs = federation({
    gitlab: { project: "shop/web/app", url: "https://gitlab.example.com", branches: ["main"], tags: ["v1"], provider },
  });

  test.each([
    ["a push to the branch", {}],
    ["a push to a branch that is not protected", { ref_protected: "false" }],
    ["a schedule", { pipeline_source: "schedule" }],
    ["a child pipeline of a protected branch", { pipeline_source: "parent_pipeline" }],
    ["a push of the tag", { ref: "v1", ref_type: "tag", ref_protected: "false" }],
    ["a child pipeline of the tag", { ref: "v1", ref_type: "tag", pipeline_source: "parent_pipeline" }],
  ] satisfies [string, Claims][])("%s gets in", (_, said) => expect(becomes(jobs, gitlabToken(said))).toBe(true));

  test.each(GITLAB_REFUSED)("%s does not, by the condition alone", (_, said) => {
    expect(subjectOf(jobs.condition, gitlabToken(said))).toBeNull();
  });

  test.each(["project_path", "ref", "ref_type", "pipeline_source", "sub"])("without the claim %s nobody", (claim) => {
    expect(becomes(jobs, without(gitlabToken(), claim))).toBe(false);
  });

  test("a child pipeline whose branch is not said to be protected, neither", () => {
    const token = gitlabToken({ pipeline_source: "parent_pipeline" });
    expect(becomes(jobs, without(token, "ref_protected"))).toBe(false);
  });
});

/** Anything that is text, with what CEL has a meaning for. */
const anyName = fc
  .array(
    fc.oneof(fc.string({ unit: "grapheme", maxLength: 6 }), fc.constantFrom('"', "'", "\\", "\\u", "\n", "||", "`")),
  )
  .map((parts) => parts.join(""));

describe("whatever names are made of", () => {
  const names = fc.uniqueArray(anyName, { minLength: 2, maxLength: 5 });

  test("a repository's branch gets in, and no other branch, no tag and no other repository", () => {
    fc.assert(
      fc.property(names, names, ([repository = "", ...repositories], [branch = "", ...branches]) => {
        // The owner is before the slash, and ids come after an @.
        fc.pre(![repository, ...repositories].some((name) => /[/@]/.test(name)));
        const condition = githubCondition(`shop/${repository}`, { branches: [branch], tags: [] });
        const takes = (name: string, ref: string) =>
          subjectOf(condition, { sub: "s", repository: `shop/${name}`, ref }) !== null;
        expect(takes(repository, `refs/heads/${branch}`)).toBe(true);
        expect(takes(repository, `refs/tags/${branch}`)).toBe(false);
        for (const other of repositories) expect(takes(other, `refs/heads/${branch}`)).toBe(false);
        for (const other of branches) expect(takes(repository, `refs/heads/${other}`)).toBe(false);
      }),
    );
  });

  test("nor of another project", () => {
    fc.assert(
      fc.property(names, names, ([project = "", ...projects], [branch = "", ...branches]) => {
        const condition = gitlabCondition(project, { branches: [branch], tags: [] });
        const takes = (path: string, ref: string, said: Claims = {}) =>
          subjectOf(condition, gitlabToken({ project_path: path, ref, sub: "s", ...said })) !== null;
        expect(takes(project, branch)).toBe(true);
        expect(takes(project, branch, { ref_type: "tag" })).toBe(false);
        expect(takes(project, branch, OF_MERGE_REQUEST)).toBe(false);
        for (const other of projects) expect(takes(other, branch)).toBe(false);
        for (const other of branches) expect(takes(project, other)).toBe(false);
      }),
    );
  });

  test("where nothing is selected, nobody gets in", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const none = { branches: [], tags: [] };
        const github = githubToken({ repository: `shop/${name}`, ref: name });
        expect(subjectOf(githubCondition("shop/monorepo", none), github)).toBeNull();
        expect(subjectOf(gitlabCondition(name, none), gitlabToken({ project_path: name, ref: name }))).toBeNull();
      }),
    );
  });
});

test("a subject is what the issuer says, of as many bytes as IAM takes", () => {
  const { condition } = federation({ github: { repository: "shop/monorepo", branches: ["main"], provider } });
  const longest = "s".repeat(SUBJECT_LIMIT);
  expect(subjectOf(condition, githubToken({ sub: longest }))).toBe(longest);
  expect(subjectOf(condition, githubToken({ sub: `${longest}s` }))).toBeNull();
  expect(subjectOf(condition, githubToken({ sub: "ß".repeat(64) }))).toBeNull();
});

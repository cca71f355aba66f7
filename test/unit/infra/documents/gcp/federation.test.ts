// Conditions of Workload Identity Federation: what a token has to say, and that none of them is open.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { githubCondition, gitlabCondition } from "../../../../../infra/documents/gcp/federation.ts";

describe("GitHub", () => {
  test.each([
    [
      "a branch",
      githubCondition("shop/monorepo", { branches: ["main"], tags: [] }),
      'assertion.repository == "shop/monorepo" && assertion.ref in ["refs/heads/main"]',
    ],
    [
      "branches and tags",
      githubCondition("shop/monorepo", { branches: ["main", "release/1"], tags: ["v1"] }),
      'assertion.repository == "shop/monorepo" && assertion.ref in ["refs/heads/main", "refs/heads/release/1", "refs/tags/v1"]',
    ],
    [
      "a repository by its ids, which nobody gets again",
      githubCondition("shop@12/monorepo@34", { branches: ["main"], tags: [] }),
      'assertion.repository == "shop/monorepo" && assertion.repository_owner_id == "12" && assertion.repository_id == "34" && assertion.ref in ["refs/heads/main"]',
    ],
    [
      "nothing selected, which admits nothing",
      githubCondition("shop/monorepo", { branches: [], tags: [] }),
      'assertion.repository == "shop/monorepo" && assertion.ref in []',
    ],
  ])("%s", (_, condition, expected) => expect(condition).toBe(expected));
});

describe("GitLab", () => {
  test.each([
    [
      "a branch",
      gitlabCondition("shop/web/app", { branches: ["main"], tags: [] }),
      'assertion.project_path == "shop/web/app" && assertion.ref_type == "branch" && assertion.ref in ["main"] && assertion.pipeline_source != "merge_request_event" && (assertion.pipeline_source != "parent_pipeline" || assertion.ref_protected == "true")',
    ],
    [
      "branches and tags, which may have the same names",
      gitlabCondition("shop/app", { branches: ["main"], tags: ["v1"] }),
      'assertion.project_path == "shop/app" && (assertion.ref_type == "branch" && assertion.ref in ["main"] && assertion.pipeline_source != "merge_request_event" && (assertion.pipeline_source != "parent_pipeline" || assertion.ref_protected == "true") || assertion.ref_type == "tag" && assertion.ref in ["v1"])',
    ],
    [
      "nothing selected, which admits nothing",
      gitlabCondition("shop/app", { branches: [], tags: [] }),
      'assertion.project_path == "shop/app" && false',
    ],
  ])("%s", (_, condition, expected) => expect(condition).toBe(expected));
});

test("whatever is selected, the repository and the kind of reference are asked for, and texts end where they began", () => {
  const reference = fc.stringMatching(/^[\w./@+#=,-]{1,12}$/);
  const references = fc.uniqueArray(reference, { maxLength: 4 });
  fc.assert(
    fc.property(references, references, (branches, tags) => {
      for (const condition of [
        githubCondition("shop/monorepo", { branches, tags }),
        gitlabCondition("shop/monorepo", { branches, tags }),
      ]) {
        expect(condition).toMatch(/^assertion\.(repository|project_path) == "shop\/monorepo" && ./);
        // Outside of texts there is nothing but claims and operators.
        const rest = condition.replaceAll(/"[^"\\]*"/g, "_");
        expect(rest).toMatch(/^(assertion\.\w+|==|!=|&&|\|\||in|false|_|[[\](), ])+$/);
        for (const name of [...branches, ...tags]) expect(condition).toContain(`${name}"`);
      }
    }),
  );
});

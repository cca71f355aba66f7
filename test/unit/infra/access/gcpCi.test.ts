// Who CI jobs are in Google Cloud, and as whom the cluster knows them, by the real configuration of stack files.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ciUser, gcpCiPlan } from "../../../../infra/access/gcpCi.ts";
import { makeBuildSetup } from "../../../../infra/buildSetup.ts";
import type { Change } from "../config.ts";
import { gcpConfig } from "../gcpConfig.ts";

const withCi = (ci: object, change: Change = () => {}) =>
  gcpConfig((it) => {
    change(it);
    it["pergola:access"].ci = ci;
  });
const federation = (ci: object) => gcpCiPlan(withCi(ci), "gcp-dev")!.federated!.federation;
const github = (said: object = {}) => ({
  github: { repository: "shop/monorepo", branches: ["main"], provider: { create: true }, ...said },
});

describe("jobs", () => {
  test("have an account in the cluster's project by default, and reach that cluster", () => {
    expect(gcpCiPlan(withCi(github()), "gcp-dev")).toMatchObject({
      clusterProject: "shop-clusters",
      email: "gcp-dev-ci@shop-clusters.iam.gserviceaccount.com",
      federated: { account: { create: "gcp-dev-ci", project: "shop-clusters" } },
    });
  });

  test("of GitLab have its URL as issuer", () => {
    const provider = { create: true, pool: "gitlab-jobs" };
    const gitlab = {
      project: "shop/web/app",
      url: "https://gitlab.example.com",
      branches: ["main"],
      tags: ["v1"],
      provider,
    };
    expect(federation({ gitlab })).toEqual({
      of: "gitlab",
      issuer: "https://gitlab.example.com",
      createPool: "gitlab-jobs",
      pool: null,
      condition:
        'assertion.project_path == "shop/web/app" && (assertion.ref_type == "branch" && assertion.ref in ["main"] && assertion.pipeline_source != "merge_request_event" && (assertion.pipeline_source != "parent_pipeline" || assertion.ref_protected == "true") || assertion.ref_type == "tag" && assertion.ref in ["v1"])',
      subjects: ["project_path:shop/web/app:ref_type:branch:ref:main", "project_path:shop/web/app:ref_type:tag:ref:v1"],
    });
  });

  test("whatever is selected, are of this repository, one principal for each branch and tag, none by a wildcard", () => {
    const references = fc.uniqueArray(fc.stringMatching(/^[a-z/.-]{1,8}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(references, references, (branches, tags) => {
        const { subjects } = federation(github({ branches, tags }));
        expect(subjects).toEqual([
          ...branches.map((name) => `repo:shop/monorepo:ref:refs/heads/${name}`),
          ...tags.map((name) => `repo:shop/monorepo:ref:refs/tags/${name}`),
        ]);
        expect(subjects.join()).not.toMatch(/[*?]/);
      }),
      { numRuns: 40 },
    );
  });
});

describe("in the cluster", () => {
  const jobs = { serviceAccount: "jobs@shop-ops.iam.gserviceaccount.com" };

  test("they are a user, where there are any", () => {
    expect(ciUser(withCi(jobs), "gcp-dev")).toBe("jobs@shop-ops.iam.gserviceaccount.com");
    expect(ciUser(withCi(github()), "gcp-dev")).toBe("gcp-dev-ci@shop-clusters.iam.gserviceaccount.com");
    expect(ciUser(gcpConfig(), "gcp-dev")).toBeNull();
  });

  test("they may build in namespaces, too, that are made later", () => {
    const config = withCi(jobs, (it) => {
      const key = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation: 1 };
      it["pergola:access"] = { ...key, namespacePatterns: ["shop-*"] };
    });
    const { freshNamespaces } = makeBuildSetup(config, { stack: "gcp-dev", clusterUid: null });
    expect(freshNamespaces!.objects.find(({ kind }) => kind === "RoleBinding")).toMatchObject({
      subjects: [
        { kind: "Group", name: "pergola:ci:gcp-dev" },
        { kind: "User", name: "jobs@shop-ops.iam.gserviceaccount.com" },
      ],
    });
  });
});

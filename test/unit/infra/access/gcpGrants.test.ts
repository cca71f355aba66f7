// What builders may do in Google Cloud, and who is one, by the real configuration of stack files.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accessApis } from "../../../../infra/access/gcpApis.ts";
import {
  builderAccountPlan,
  builderMembers,
  grantedProject,
  keyNumbers,
  repositoryGrants,
} from "../../../../infra/access/gcpGrants.ts";
import { gcpPlaceOf } from "../../../../infra/access/gcpPlaces.ts";
import type { Change } from "../config.ts";
import { gcpConfig } from "../gcpConfig.ts";

const grants = (change: Change = () => {}) =>
  repositoryGrants(gcpConfig(change)).map(({ key, role }) => `${key}: ${role.split(".").at(-1)}`);

describe("rights to repositories", () => {
  test("are to write to the images' repository, and to no other", () => {
    expect(grants()).toEqual(["shop-registry/europe-central2/shop: writer"]);
  });

  test("are also to write to the caches beside images whose tags never move, and to read base images", () => {
    const change: Change = (it) => {
      it["pergola:registry"].immutableTags = true;
      it["pergola:registry"].remotes = [{ repository: "hub", of: "dockerHub" }];
    };
    expect(grants(change)).toEqual([
      "shop-registry/europe-central2/shop: writer",
      "shop-registry/europe-central2/shop-cache: writer",
      "shop-registry/europe-central2/hub: reader",
    ]);
  });

  const cache = (more: object) => ({
    tag: "_buildcache",
    registry: { kind: "artifactRegistry", project: "shop-caches", location: "europe", repository: "caches" },
    ...more,
  });

  test("are to write to separate caches that are exported to, and to read the others", () => {
    expect(grants((it) => (it["pergola:cache"] = [cache({})]))).toContain("shop-caches/europe/caches: writer");
    expect(grants((it) => (it["pergola:cache"] = [cache({ export: false })]))).toContain(
      "shop-caches/europe/caches: reader",
    );
  });

  test("of a whole project leave those of other projects as they are", () => {
    const change: Change = (it) => {
      it["pergola:access"].scope = "project";
      it["pergola:cache"] = [cache({})];
    };
    expect(grantedProject(gcpConfig(change))).toBe("shop-registry");
    expect(grants(change)).toEqual(["shop-caches/europe/caches: writer"]);
  });

  test("behind gcr.io are to the repository that it is", () => {
    const change: Change = (it) =>
      (it["pergola:registry"] = { kind: "gcr", project: "shop-registry", host: "eu.gcr.io" });
    expect(grants(change)).toEqual(["shop-registry/europe/eu.gcr.io: writer"]);
  });
});

describe("the service account", () => {
  test("is made in the registry's project, and its builders are those of the cluster's", () => {
    const config = gcpConfig();
    expect(builderAccountPlan(config)).toEqual({
      email: "gar-access@shop-registry.iam.gserviceaccount.com",
      project: "shop-registry",
      create: "gar-access",
      name: "projects/shop-registry/serviceAccounts/gar-access@shop-registry.iam.gserviceaccount.com",
    });
    expect([...builderMembers(config)]).toEqual([
      ["shop-dev", "serviceAccount:shop-clusters.svc.id.goog[shop-dev/garden-in-cluster-builder]"],
    ]);
  });

  test("that is there is of the project that its address tells", () => {
    const existing = "builder@elsewhere.iam.gserviceaccount.com";
    const config = gcpConfig((it) => (it["pergola:access"].serviceAccount = { existing }));
    expect(builderAccountPlan(config)).toMatchObject({ email: existing, project: "elsewhere", create: null });
  });

  test("that is Google's own is of the project that the file says", () => {
    const existing = "123@cloudservices.gserviceaccount.com";
    const config = gcpConfig((it) =>
      Object.assign(it["pergola:access"], { serviceAccount: { existing }, project: "elsewhere" }),
    );
    expect(builderAccountPlan(config)).toMatchObject({ email: existing, project: "elsewhere", create: null });
  });

  test("has exactly one member for each namespace, none with a wildcard; one namespace more is one member more", () => {
    const namespace = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
    fc.assert(
      fc.property(fc.uniqueArray(namespace, { minLength: 1, maxLength: 6 }), namespace, (listed, more) => {
        const members = (names: readonly string[]) =>
          builderMembers(gcpConfig((it) => (it["pergola:access"].namespaces = ["shop-dev", ...names])));
        const others = listed.filter((name) => name !== "shop-dev" && name !== more);
        const before = members(others);
        expect([...before.keys()]).toEqual(["shop-dev", ...others]);
        expect(new Set(before.values()).size).toBe(before.size);
        for (const [name, member] of before)
          expect(member).toBe(`serviceAccount:shop-clusters.svc.id.goog[${name}/garden-in-cluster-builder]`);
        if (more === "shop-dev") return;
        const after = members([...others, more]);
        expect(after.size).toBe(before.size + 1);
        for (const [name, member] of before) expect(after.get(name)).toBe(member);
      }),
      { numRuns: 40 },
    );
  });

  test("has the builder namespaces' members where none are listed", () => {
    const config = gcpConfig((it) => {
      delete it["pergola:access"].namespaces;
      it["pergola:builder"].modes.kaniko.namespaces = ["a", "b"];
    });
    expect([...builderMembers(config).keys()]).toEqual(["a", "b"]);
  });
});

test.each([
  [1, "previous", [1]],
  [2, "previous", [2, 1]],
  [7, "previous", [7, 6]],
  [7, "none", [7]],
])("rotation %s, keep %s: the keys %s", (rotation, keep, numbers) => {
  const config = gcpConfig(
    (it) => (it["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation, keep }),
  );
  expect(keyNumbers(config)).toEqual(numbers);
  expect(builderMembers(config).size).toBe(0);
});

test("the key that builds use stays for one rotation more, and goes at once with two", () => {
  const numbers = (rotation: number) =>
    keyNumbers(
      gcpConfig((it) => (it["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation })),
    );
  expect(numbers(2)).toContain(numbers(1)[0]);
  expect(numbers(3)).not.toContain(numbers(1)[0]);
});

describe("who makes what", () => {
  const [registry, cluster] = ["registry", "cluster"].map((name) => `${name}@shop-ops.iam.gserviceaccount.com`);
  const config = gcpConfig((it) => {
    it["pergola:registry"].impersonate = registry;
    it["pergola:cluster"].gke.impersonate = cluster;
  });

  test("is said by the part of the file that is in the project", () => {
    expect(gcpPlaceOf(config, "shop-registry")).toEqual({ project: "shop-registry", impersonate: registry });
    expect(gcpPlaceOf(config, "shop-clusters")).toEqual({ project: "shop-clusters", impersonate: cluster });
    expect(gcpPlaceOf(config, "elsewhere")).toEqual({ project: "elsewhere", impersonate: undefined });
  });

  test("is said by the part that it is for where both are in one project", () => {
    const one = {
      ...config,
      cluster: { ...config.cluster, gke: { ...config.cluster.gke!, project: "shop-registry" } },
    };
    expect(gcpPlaceOf(one, "shop-registry").impersonate).toBe(registry);
    expect(gcpPlaceOf(one, "shop-registry", "cluster").impersonate).toBe(cluster);
  });
});

describe("APIs", () => {
  test("are left to others where the file says so", () => {
    expect(apis((it) => (it["pergola:registry"].enableApis = false))).toEqual({});
  });

  const apis = (change: Change = () => {}) => Object.fromEntries(accessApis(gcpConfig(change), "gcp-dev"));

  test("of Workload Identity are of both projects", () => {
    expect(apis()).toEqual({ "shop-registry": ["iam", "iamcredentials"], "shop-clusters": ["iamcredentials"] });
  });

  test("of keys are of the service account's", () => {
    const access = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation: 1 };
    expect(apis((it) => (it["pergola:access"] = access))).toEqual({ "shop-registry": ["iam"] });
  });

  test("of jobs and of a whole project are those of policies of projects, and of tokens", () => {
    const github = { repository: "shop/monorepo", branches: ["main"], provider: { create: true } };
    expect(apis((it) => Object.assign(it["pergola:access"], { scope: "project", ci: { github } }))).toEqual({
      "shop-registry": ["cloudresourcemanager", "iam", "iamcredentials"],
      "shop-clusters": ["cloudresourcemanager", "iam", "iamcredentials", "sts"],
    });
  });
});

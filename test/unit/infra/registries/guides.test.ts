/**
 * What the guides that this kit comes from get wrong about Google's registries: each once as it stands there, and once as this
 * program has it.
 */
import { describe, expect, test } from "vitest";
import { registrySupport } from "../../../../builders/plan/cache.ts";
import { destinationOf } from "../../../../builders/plan/destination.ts";
import { makeBuildSetup } from "../../../../infra/buildSetup.ts";
import { plannedGarRegistries } from "../../../../infra/registries/garPlan.ts";
import type { Change } from "../config.ts";
import { buildkitToo, gcr, registry } from "../garChanges.ts";
import { gcpConfig, gcpProblems } from "../gcpConfig.ts";

const setupAfter = (change: Change = () => {}) =>
  makeBuildSetup(gcpConfig(change), { stack: "gcp-dev", clusterUid: "uid" });

const INSTEAD =
  "is not offered: Container Registry was shut down in 2025, and rights on its buckets (artifacts.PROJECT.appspot.com) reach no image " +
  "any more, as gcr.io is Artifact Registry now. Write kind: gcr with project and host in pergola:registry, and kind: workloadIdentity in " +
  "pergola:access: its service account may write to that repository";

/** Rights on buckets, as they stand in the guides. */
const RIGHTS = [
  ...["gcrAccess", "legacyBucketReader", "legacyBucketWriter", "bucket", "roles/storage.legacyBucketWriter"],
  ...["artifacts.shop-registry.appspot.com", "eu.artifacts.shop-registry.appspot.com"],
];

describe("rights on the buckets of Container Registry", () => {
  test.each(RIGHTS)("asked for by the key %s of the access get the reason and what works", (key) => {
    expect(gcpProblems((it) => (it["pergola:access"][key] = "x"))[0]).toContain(
      `pergola:access: the key ${JSON.stringify(key)} ${INSTEAD}; allowed: `,
    );
  });

  test.each(RIGHTS)("asked for by the key %s of the registry get the same", (key) => {
    const expected = `pergola:registry: the key ${JSON.stringify(key)} ${INSTEAD}; allowed: `;
    for (const kind of [registry(() => {}), gcr()]) {
      const problems = gcpProblems((it) => {
        kind(it);
        it["pergola:registry"][key] = "x";
      });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(expected);
    }
  });

  test.each(RIGHTS)("asked for as the kind %s get the same", (kind) => {
    const quoted = JSON.stringify(kind);
    expect(gcpProblems((it) => (it["pergola:access"] = { kind }))).toEqual([
      `pergola:access.kind: ${quoted} ${INSTEAD}; allowed: none, irsa, podIdentity, existing, workloadIdentity, serviceAccountKey`,
    ]);
    expect(gcpProblems((it) => (it["pergola:registry"] = { kind }))).toEqual([
      `pergola:registry.kind: ${quoted} ${INSTEAD}; allowed: inCluster, ecr, artifactRegistry, gcr, dockerRegistry`,
    ]);
  });

  test("are in no repository that is made: none has a bucket, each is one of Artifact Registry in its host's location", () => {
    for (const [host, location] of [
      ["gcr.io", "us"],
      ["eu.gcr.io", "europe"],
    ] as const) {
      const [planned] = plannedGarRegistries(gcpConfig(gcr({ host })));
      expect(planned?.repositories.map((one) => [one.repository, one.location])).toEqual([[host, location]]);
      expect(planned?.apis).toEqual(["artifactregistry"]);
    }
  });
});

test("Container Registry as a kind is refused with what it is today", () => {
  expect(gcpProblems((it) => (it["pergola:registry"] = { kind: "containerRegistry" }))).toEqual([
    'pergola:registry.kind: "containerRegistry" is not offered: it was shut down in 2025, and gcr.io is Artifact Registry now: write kind: gcr with project and host; allowed: inCluster, ecr, artifactRegistry, gcr, dockerRegistry',
  ]);
});

test("a bucket in the place of a host, and of another host than images are pushed to, is refused for what it is", () => {
  const bucketOf = (host: string) => (it: Parameters<Change>[0]) => {
    it["pergola:registry"] = { kind: "dockerRegistry", host, namespace: "shop" };
  };
  for (const host of ["artifacts.shop-registry.appspot.com", "eu.artifacts.shop-registry.appspot.com"]) {
    expect(gcpProblems(bucketOf(host))).toContain(
      `pergola:registry.host: ${JSON.stringify(host)} is a bucket of Container Registry, which was shut down in 2025; gcr.io is Artifact Registry now: write kind: gcr`,
    );
  }
});

describe("a login whose host no image has", () => {
  test("is refused: the guides log in to docker.pkg.dev and push to europe-central2-docker.pkg.dev", () => {
    const logins = [{ host: "docker.pkg.dev", helper: "gcr" }];
    expect(gcpProblems((it) => (it["pergola:cluster"].pullSecret = { logins }))).toContain(
      'pergola:cluster.pullSecret.logins[0].host: "docker.pkg.dev" names no location; Artifact Registry hosts are LOCATION-docker.pkg.dev',
    );
  });

  test.each<[string, Change, string[]]>([
    ["the registry's", () => {}, ["europe-central2-docker.pkg.dev"]],
    ["that of gcr.io", gcr({ host: "eu.gcr.io" }), ["eu.gcr.io"]],
    [
      "those of images and caches behind gcr.io",
      gcr({ host: "eu.gcr.io", immutableTags: true }),
      ["eu.gcr.io", "europe-docker.pkg.dev"],
    ],
  ])("is not made: the hosts of logins are %s", (_, change, hosts) => {
    const setup = setupAfter(change);
    expect(setup.pullSecrets.map((secret) => secret.hosts)).toEqual(setup.pullSecrets.map(() => hosts));
    const pushed = [setup.registry.host, ...setup.cache.flatMap((entry) => entry.registry?.host ?? [])];
    for (const host of pushed) expect(hosts).toContain(host);
  });
});

test("BuildKit finds no login by an annotation alone: it gets the helper for each host that it pushes to", () => {
  const setup = setupAfter((it) => {
    buildkitToo(it);
    gcr({ host: "asia.gcr.io", immutableTags: true })(it);
  });
  expect(setup.credHelpers).toEqual({ "asia.gcr.io": "gcr", "asia-docker.pkg.dev": "gcr" });
  expect(setup.pullSecrets.map(({ namespace }) => namespace).toSorted()).toEqual(["shop-buildkit", "shop-dev"]);
});

test("caches in gcr.io are not left inline for want of its name in a list: the mode is max, as an image manifest", () => {
  for (const change of [() => {}, gcr()]) {
    const { registry: place, cache } = setupAfter(change);
    expect(cache.map(({ mode }) => mode)).toEqual(["max"]);
    expect(registrySupport(place.kind)).toMatchObject({ auto: "max", imageManifest: true });
  }
});

describe("a tag with a colon in it, as the guides print one", () => {
  const setup = setupAfter();

  test("is no tag", () => {
    expect(() => destinationOf(setup, "api", ["v:1a2b3c4d5e"])).toThrow('"v:1a2b3c4d5e" cannot be a tag');
  });

  test("is not made: a reference has one colon", () => {
    const [reference] = destinationOf(setup, "api", ["v-1a2b3c4d5e"]).references;
    expect(reference).toBe("europe-central2-docker.pkg.dev/shop-registry/shop/api:v-1a2b3c4d5e");
  });
});

test("one project for registry and cluster: repositories are made in the registry's, whatever project the cluster is in", () => {
  const [planned, ...others] = plannedGarRegistries(gcpConfig());
  expect(others).toEqual([]);
  expect(planned?.place.project).toBe("shop-registry");
  expect(gcpConfig().cluster.gke?.project).toBe("shop-clusters");
});

test.each(["<project-id>", "<project_id>", "PROJECT_ID", "[PROJECT-ID]"])(
  "the placeholder %s, left in place, is refused as a project",
  (project) => {
    expect(gcpProblems(registry((it) => (it.project = project)))).toEqual([
      `pergola:registry.project: ${JSON.stringify(project)} is not the id of a project: a lower-case letter, then lower-case letters, digits and hyphens, no hyphen at the end`,
    ]);
  },
);

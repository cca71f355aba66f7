import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { repositoryIdProblem } from "../../../../infra/documents/gcp/names.ts";
import { GCR_LOCATIONS } from "../../../../infra/documents/gcp/registryHosts.ts";
import { cachePlaceOf } from "../../../../infra/registries/cacheRegistries.ts";
import { garKey, type PlannedGarRepository, plannedGarRegistries } from "../../../../infra/registries/garPlan.ts";
import { builderRepositories } from "../../../../infra/registries/garRepositories.ts";
import { registryOfCaches, registryPlace } from "../../../../infra/registries/registryPlace.ts";
import type { Change } from "../config.ts";
import { imageNames, locations, projectIds, repositoryIds } from "../documents/gcp/legalNames.ts";
import { CACHES, caches, cleanup, gcr, keyAt, registry } from "../garChanges.ts";
import { gcpConfig } from "../gcpConfig.ts";

/** The repositories that are made, by PROJECT/LOCATION/REPOSITORY. */
function made(...changes: Change[]): Record<string, PlannedGarRepository> {
  const config = gcpConfig((it) => {
    for (const change of changes) change(it);
  });
  const planned = plannedGarRegistries(config).flatMap(({ repositories }) => repositories);
  return Object.fromEntries(planned.map((one) => [garKey(one), one]));
}

const saying = (more: object): Change => registry((it) => Object.assign(it, more));
const IMAGES = "shop-registry/europe-central2/shop";
const BESIDE = "shop-registry/europe-central2/shop-cache";
const SEPARATE = "shop-caches/europe-west3/layers";

describe("the repository of the images", () => {
  test("is the only one where tags move: caches are in it, too", () => {
    expect(made()).toEqual({
      [IMAGES]: {
        ...{ project: "shop-registry", location: "europe-central2", repository: "shop" },
        ...{ immutableTags: false, scanning: "INHERITED", remote: null, kmsKey: null, labels: {} },
        ...{ cleanup: { dryRun: true, policies: [] }, protect: true, import: false },
      },
    });
  });

  test("is what its section says", () => {
    const said = { kmsKey: keyAt("europe-central2"), labels: { team: "shop" }, scanning: "disabled", protect: false };
    const policies = { old: { action: "delete", condition: { tagState: "untagged", olderThan: "14d" } } };
    expect(made(saying({ ...said, import: true }), cleanup(policies))[IMAGES]).toMatchObject({
      ...{ ...said, scanning: "DISABLED", import: true },
      cleanup: {
        dryRun: false,
        policies: [{ id: "old", action: "DELETE", condition: { tagState: "UNTAGGED", olderThan: "1209600s" } }],
      },
    });
  });

  test("has policies that only say what they would delete, until somebody says otherwise", () => {
    const policies = { old: { action: "delete", condition: { olderThan: "90d" } } };
    expect(made(saying({ cleanup: { policies } }))[IMAGES]?.cleanup).toMatchObject({ dryRun: true });
  });

  test("that exists is not made", () => {
    expect(made(saying({ existing: true }))).toEqual({});
  });

  test.each(Object.entries(GCR_LOCATIONS))("behind %s is in %s, and has its host as its id", (host, location) => {
    const [repository, ...others] = Object.values(made(gcr({ host })));
    expect(repository).toMatchObject({ project: "shop-registry", location, repository: host, protect: true });
    expect(others).toEqual([]);
  });
});

describe("the repository of caches that immutable tags need", () => {
  test("has movable tags, the key and the labels of the images, and nothing to protect", () => {
    const both = { kmsKey: keyAt("europe-central2"), labels: { team: "shop" } };
    const { [IMAGES]: images, [BESIDE]: beside, ...others } = made(saying({ immutableTags: true, ...both }));
    expect(others).toEqual({});
    expect(images).toMatchObject({ ...both, immutableTags: true, protect: true });
    expect(beside).toMatchObject({
      ...both,
      immutableTags: false,
      protect: false,
      import: false,
      scanning: "DISABLED",
    });
  });

  test("is called as the section says, stays as it is where it exists, and is made for images that do", () => {
    const named = made(saying({ immutableTags: true, cacheRepository: "layers" }));
    expect(Object.keys(named)).toEqual([IMAGES, "shop-registry/europe-central2/layers"]);
    expect(Object.keys(made(saying({ immutableTags: true, cacheRepository: { existing: "layers" } })))).toEqual([
      IMAGES,
    ]);
    expect(Object.keys(made(saying({ immutableTags: true, existing: true })))).toEqual([BESIDE]);
  });

  test.each([
    ["gcr.io", "shop-registry/us/gcr-io-cache"],
    ["asia.gcr.io", "shop-registry/asia/asia-gcr-io-cache"],
  ])("behind %s is an ordinary one in the same location", (host, key) => {
    expect(Object.keys(made(gcr({ host, immutableTags: true })))).toContain(key);
  });
});

describe("repositories that keep base images", () => {
  const remotes = [
    { repository: "hub", of: "dockerHub" },
    { repository: "ghcr", of: "https://ghcr.io" },
    { repository: "there", existing: true },
  ];

  test("are beside the images, with their key, and those that exist are not made", () => {
    const kmsKey = keyAt("europe-central2");
    const { [IMAGES]: _, ...others } = made(saying({ remotes, kmsKey }));
    expect(Object.values(others).map((one) => [one.repository, one.remote, one.kmsKey, one.protect])).toEqual([
      ["hub", "dockerHub", kmsKey, false],
      ["ghcr", "https://ghcr.io", kmsKey, false],
    ]);
  });

  test("are known to be read by builders, and not to be written", () => {
    const known = builderRepositories(gcpConfig(saying({ remotes })));
    expect(known.map((one) => [one.repository, one.use, one.writable, one.existing])).toEqual([
      ["shop", "images", true, false],
      ["hub", "baseImages", false, false],
      ["ghcr", "baseImages", false, false],
      ["there", "baseImages", false, true],
    ]);
  });
});

describe("separate repositories of caches", () => {
  const names = (change: Change) => plannedGarRegistries(gcpConfig(change)).map(({ name }) => name);

  test("are made once each, by whom their entry says, with names of their own", () => {
    const impersonate = "maker@shop-caches.iam.gserviceaccount.com";
    const change = caches({ impersonate }, { impersonate }, { repository: "more" });
    expect(names(change)).toEqual([
      "registry",
      "caches-shop-caches-europe-west3-layers",
      "caches-shop-caches-europe-west3-more",
    ]);
    expect(plannedGarRegistries(gcpConfig(change)).map(({ place }) => place)).toEqual([
      { project: "shop-registry", impersonate: undefined },
      { project: "shop-caches", impersonate },
      { project: "shop-caches", impersonate: undefined },
    ]);
  });

  test("are made for images in a registry of another kind, too, and nothing else is", () => {
    const change: Change = (config) => {
      caches({})(config);
      config["pergola:registry"] = { kind: "dockerRegistry", host: "registry.example", namespace: "shop" };
      config["pergola:access"].project = "shop-caches";
    };
    const planned = plannedGarRegistries(gcpConfig(change));
    expect(planned.map(({ place, apis }) => [place.project, apis])).toEqual([["shop-caches", ["artifactregistry"]]]);
    expect(planned.flatMap(({ repositories }) => repositories.map(garKey))).toEqual([SEPARATE]);
  });

  test("stay as they are where they exist", () => {
    expect(names(caches({ existing: true }))).toEqual(["registry"]);
  });

  test("never have immutable tags, whatever the images have", () => {
    const planned = made(saying({ immutableTags: true }), caches({ labels: { use: "caches" } }));
    expect(planned[SEPARATE]).toMatchObject({ immutableTags: false, protect: false, labels: { use: "caches" } });
  });
});

describe("the API", () => {
  const apis = (...changes: Change[]) =>
    plannedGarRegistries(
      gcpConfig((it) => {
        for (const change of changes) change(it);
      }),
    ).map((planned) => [planned.place.project, planned.apis]);

  test("is enabled in each project where something is made", () => {
    expect(apis(caches({}))).toEqual([
      ["shop-registry", ["artifactregistry"]],
      ["shop-caches", ["artifactregistry"]],
    ]);
    expect(apis(saying({ existing: true }), caches({}))).toEqual([["shop-caches", ["artifactregistry"]]]);
  });

  test("is left alone where the stack file says so", () => {
    expect(apis(saying({ enableApis: false }), caches({}))).toEqual([
      ["shop-registry", []],
      ["shop-caches", []],
    ]);
  });
});

describe("whatever a stack file says", () => {
  const places = fc.oneof(
    fc.record({
      kind: fc.constant("artifactRegistry"),
      project: projectIds,
      location: locations,
      repository: repositoryIds,
    }),
    fc.record({ kind: fc.constant("gcr"), project: projectIds, host: fc.constantFrom(...Object.keys(GCR_LOCATIONS)) }),
  );
  const settings = fc.record({ existing: fc.boolean(), immutableTags: fc.boolean() });
  const separate = fc.array(
    fc
      .record({ project: projectIds, location: locations, repository: repositoryIds })
      .map((one) => ({ ...CACHES, ...one })),
    { maxLength: 3 },
  );
  /** Where caches would be beside the images, by their default name, and that is too long, the file is refused. */
  const isLegal = (place: object) => !("repository" in place && String(place.repository).length > 57);
  const stack = fc.tuple(places.filter(isLegal), settings, separate);
  const configOf = ([place, more, others]: [object, object, object[]]) =>
    gcpConfig((it) => {
      it["pergola:registry"] = { ...place, ...more };
      it["pergola:access"].project = "shop-registry";
      caches(...others)(it);
    });

  test("every repository has a legal id and is made once, and none that holds caches has immutable tags", () => {
    fc.assert(
      fc.property(stack, (one) => {
        const config = configOf(one);
        const planned = plannedGarRegistries(config).flatMap(({ repositories }) => repositories);
        for (const { repository } of planned) {
          expect(Object.hasOwn(GCR_LOCATIONS, repository) || repositoryIdProblem(repository) === null).toBe(true);
        }
        expect(new Set(planned.map(garKey)).size).toBe(planned.length);
        const images = builderRepositories(config).find(({ use }) => use === "images")!;
        for (const { immutableTags, ...repository } of planned) {
          if (immutableTags) expect(garKey(repository)).toBe(garKey(images));
        }
      }),
      { numRuns: 100 },
    );
  });

  test("what is made is exactly what builders use and does not exist", () => {
    fc.assert(
      fc.property(stack, (one) => {
        const config = configOf(one);
        const planned = plannedGarRegistries(config).flatMap(({ repositories }) => repositories.map(garKey));
        const used = builderRepositories(config).filter(({ existing }) => !existing);
        expect(planned.toSorted()).toEqual(used.map(garKey).toSorted());
      }),
      { numRuns: 100 },
    );
  });

  test("project, location, repository and image can be read off what is pushed", () => {
    fc.assert(
      fc.property(stack, imageNames, (one, image) => {
        const config = configOf(one);
        const known = builderRepositories(config);
        const pushed = [
          registryPlace(config.registry),
          ...[registryOfCaches(config)].filter((caches) => caches !== null),
          ...config.cache.flatMap(({ registry: place }) => (place === undefined ? [] : [cachePlaceOf(place)])),
        ];
        for (const { host, namespace } of pushed) {
          const read = readReference(`${host}/${namespace}/${image}`, known);
          expect(read.image).toBe(image);
          expect(known.map(garKey)).toContain(read.key);
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** Reads a reference as Artifact Registry does ("Repository and image names"), given what there is. */
function readReference(reference: string, known: readonly { repository: string }[]): { key: string; image: string } {
  const [host = "", ...path] = reference.split("/");
  const projectParts = path[0]?.includes(".") ? 2 : 1;
  const project = path.slice(0, projectParts).join(":");
  const rest = path.slice(projectParts);
  const gcrLocation = (GCR_LOCATIONS as Record<string, string>)[host];
  if (gcrLocation !== undefined) return { key: `${project}/${gcrLocation}/${host}`, image: rest.join("/") };
  const [repository = "", ...image] = rest;
  expect(known.map((one) => one.repository)).toContain(repository);
  return { key: `${project}/${host.replace("-docker.pkg.dev", "")}/${repository}`, image: image.join("/") };
}

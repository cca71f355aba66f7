// What goes by itself of the repository of caches that immutable tags need: as the modes take from it.
import { expect, test } from "vitest";
import { garKey, type PlannedGarRepository, plannedGarRegistries } from "../../../../infra/registries/garPlan.ts";
import type { Change } from "../config.ts";
import { buildkitToo, CACHES, caches, registry } from "../garChanges.ts";
import { gcpConfig } from "../gcpConfig.ts";

const BESIDE = "shop-registry/europe-central2/shop-cache";
const SEPARATE = "shop-caches/europe-west3/layers";

/** The clean-up of each repository where no tag of the images moves. */
function cleanups(...changes: Change[]): Record<string, PlannedGarRepository["cleanup"]> {
  const config = gcpConfig((it) => {
    for (const change of [registry((one) => (one.immutableTags = true)), ...changes]) change(it);
  });
  const planned = plannedGarRegistries(config).flatMap(({ repositories }) => repositories);
  return Object.fromEntries(planned.map((one) => [garKey(one), one.cleanup]));
}

const NEWEST = ["old", "newest"];
const entries =
  (...cache: object[]): Change =>
  (config) => {
    config["pergola:cache"] = cache;
  };
const layers = { ...CACHES, existing: true };
const byPassword: Change = (config) => {
  const host = "europe-central2-docker.pkg.dev";
  config["pergola:access"] = { kind: "none" };
  config["pergola:secrets"] = { key: "key" };
  config["pergola:cluster"].pullSecret = {
    logins: [{ host, username: "_json_key_base64", passwordSecret: "key" }],
  };
  const registry = { kind: "dockerRegistry", host, namespace: "shop-registry/shop-cache" };
  config["pergola:cache"] = [{ tag: "m", registry }];
};
const onMachines: Change = (config) => {
  config["pergola:builder"].modes["local-docker"] = {};
};

test("is emptied as the modes take from it, and really so", () => {
  const kaniko = cleanups()[BESIDE];
  expect(kaniko).toMatchObject({ dryRun: false, policies: [{ condition: { olderThan: "1209600s" } }] });
  const both = cleanups(buildkitToo)[BESIDE];
  expect(both?.policies.map(({ id }) => id)).toEqual(["old", "newest"]);
});

test("is emptied as kaniko's where BuildKit's caches are elsewhere", () => {
  const planned = cleanups(buildkitToo, caches({}));
  expect(planned[BESIDE]?.policies.map(({ id }) => id)).toEqual(["old"]);
  expect(planned[SEPARATE]?.policies.map(({ id }) => id)).toEqual(["old", "newest"]);
});

// What --cache-to writes is in no entry.
test.each<[string, Change[], string[]]>([
  ["no entry", [buildkitToo, entries()], NEWEST],
  ["an entry that is only read", [buildkitToo, entries({ tag: "m", export: false })], NEWEST],
  [
    "only an entry elsewhere that is read",
    [buildkitToo, entries({ tag: "m", export: false, registry: layers })],
    NEWEST,
  ],
  ["an entry elsewhere, which --cache-to follows", [buildkitToo, entries({ tag: "m", registry: layers })], ["old"]],
  ["entries here and elsewhere", [buildkitToo, entries({ tag: "m", registry: layers }, { tag: "n" })], NEWEST],
  ["an entry that is here by another name of it", [buildkitToo, byPassword], NEWEST],
  ["the Docker of machines", [onMachines], NEWEST],
  ["kaniko alone", [entries()], ["old"]],
])("keeps BuildKit's last caches where they may be: %s", (_, changes, ids) => {
  const planned = cleanups(...changes);
  expect(planned[BESIDE]?.policies.map(({ id }) => id)).toEqual(ids);
});

// kaniko takes a layer as long as the stack's flags say: gone before, each build would make it anew.
test.each<[string, string[], number]>([
  ["for longer", ["--cache-ttl=720h"], 30],
  ["for longer than BuildKit's caches stay", ["--cache-ttl", "1080h30m"], 46],
  ["for less, where an image may say more", ["--cache-ttl=6h"], 14],
  ["for a time that is none", ["--cache-ttl=soon"], 14],
])("keeps layers that kaniko takes %s", (_, extraFlags, days) => {
  const flags: Change = (config) => Object.assign(config["pergola:builder"].modes.kaniko, { extraFlags });
  const ages = (...changes: Change[]) => cleanups(flags, ...changes)[BESIDE]?.policies[0]?.condition?.olderThan;
  expect(ages()).toBe(`${days * 86_400}s`);
  expect(ages(buildkitToo)).toBe(`${Math.max(days, 30) * 86_400}s`);
});

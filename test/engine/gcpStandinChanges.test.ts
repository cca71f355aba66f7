// What the stand-in for Google Cloud takes for a change, in place or of the whole resource, and what means the same.
import { afterAll, describe, expect, test } from "vitest";
import type { ValueMap } from "../../local/pulumi/wire.ts";
import { REPOSITORY } from "./standin/gcp/artifactRegistry.ts";
import { NODE_POOL } from "./standin/gcp/container.ts";
import { FilledCloud } from "./standin/gcp/filled.ts";
import * as good from "./standin/gcp/goodInputs.ts";
import { ACCOUNT } from "./standin/gcp/members.ts";
import { KEY } from "./standin/gcp/serviceAccounts.ts";

const cloud = new FilledCloud();
const { by } = cloud;
afterAll(() => cloud[Symbol.dispose]());

describe("what means the same, and what does not", () => {
  const policy = (condition: ValueMap) => ({ id: "old", action: "DELETE", condition });
  const nodes = (more: ValueMap) => ({ ...good.BUILDERS, nodeConfig: { ...good.BUILDERS.nodeConfig, ...more } });
  const member = (name: string) => ({ ...good.OF_SHOP, role: good.WRITER, member: name });

  test.each<[string, string, ValueMap, ValueMap]>([
    ["a format in small letters", REPOSITORY, good.SHOP, { ...good.SHOP, format: "docker" }],
    [
      "days in seconds",
      REPOSITORY,
      { ...good.SHOP, cleanupPolicies: [policy({ olderThan: "30d" })] },
      { ...good.SHOP, cleanupPolicies: [policy({ tagState: "ANY", olderThan: "2592000s" })] },
    ],
    [
      "policies in another order",
      REPOSITORY,
      { ...good.SHOP, cleanupPolicies: [policy({ olderThan: "30d" }), { ...policy({}), id: "all" }] },
      { ...good.SHOP, cleanupPolicies: [{ ...policy({}), id: "all" }, policy({ olderThan: "30d" })] },
    ],
    [
      "a repository by its full name",
      good.REPOSITORY_MEMBER,
      member(good.PUSHER),
      {
        ...member(good.PUSHER),
        repository: `projects/${good.REGISTRY}/locations/europe-central2/repositories/shop`,
      },
    ],
    [
      "an address in capitals",
      good.REPOSITORY_MEMBER,
      member("user:Alice@example.com"),
      member("user:alice@example.com"),
    ],
    [
      "a scope by its address",
      NODE_POOL,
      nodes({ oauthScopes: ["cloud-platform"] }),
      nodes({ oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"] }),
    ],
    [
      "zones in another order",
      NODE_POOL,
      { ...good.BUILDERS, nodeLocations: ["europe-central2-a", "europe-central2-b"] },
      { ...good.BUILDERS, nodeLocations: ["europe-central2-b", "europe-central2-a"] },
    ],
  ])("%s is no change", async (_, type, before, after) => {
    const made = await cloud.make(type, before);
    expect(cloud.changes(type, made.outputs, before, after)).toEqual([]);
    await by.delete(type, made.id);
  });

  test.each<[string, string, ValueMap, ValueMap, object]>([
    ["labels", REPOSITORY, good.SHOP, { ...good.SHOP, labels: { team: "shop" } }, { path: "labels", replaces: false }],
    [
      "immutable tags",
      REPOSITORY,
      good.SHOP,
      { ...good.SHOP, dockerConfig: { immutableTags: true } },
      { path: "dockerConfig", replaces: false },
    ],
    ["another location", REPOSITORY, good.SHOP, { ...good.SHOP, location: "us" }, { path: "location", replaces: true }],
    [
      "another key",
      REPOSITORY,
      good.SHOP,
      { ...good.SHOP, kmsKeyName: "projects/p/locations/europe-central2/keyRings/r/cryptoKeys/k" },
      { path: "kmsKeyName", replaces: true },
    ],
    [
      "another member",
      good.REPOSITORY_MEMBER,
      member(good.PUSHER),
      member("user:alice@example.com"),
      { path: "member", replaces: true },
    ],
    [
      "another name of an account",
      ACCOUNT,
      { accountId: "builders" },
      { accountId: "builders", displayName: "B" },
      { path: "displayName", replaces: false },
    ],
    [
      "another token of a key",
      KEY,
      { serviceAccountId: good.BUILDER, keepers: { rotation: "1" } },
      { serviceAccountId: good.BUILDER, keepers: { rotation: "2" } },
      { path: "keepers.rotation", replaces: true },
    ],
    [
      "another machine",
      NODE_POOL,
      good.BUILDERS,
      nodes({ machineType: "e2-standard-4" }),
      { path: "nodeConfig.machineType", replaces: false },
    ],
    ["spot", NODE_POOL, good.BUILDERS, nodes({ spot: true }), { path: "nodeConfig.spot", replaces: true }],
    [
      "another way to metadata",
      NODE_POOL,
      good.BUILDERS,
      nodes({ workloadMetadataConfig: { mode: "GCE_METADATA" } }),
      { path: "nodeConfig.workloadMetadataConfig", replaces: false },
    ],
    [
      "more nodes",
      NODE_POOL,
      good.BUILDERS,
      { ...good.BUILDERS, autoscaling: { ...good.BUILDERS.autoscaling, totalMaxNodeCount: 9 } },
      { path: "autoscaling.totalMaxNodeCount", replaces: false },
    ],
    [
      "metadata without what GKE sets, each time",
      NODE_POOL,
      nodes({ metadata: { "serial-port": "off" } }),
      nodes({ metadata: { "serial-port": "off" } }),
      { path: "nodeConfig.metadata.disable-legacy-endpoints", replaces: true },
    ],
  ])("%s is a change", async (_, type, before, after, change) => {
    const made = await cloud.make(type, before);
    expect(cloud.changes(type, made.outputs, before, after)).toMatchObject([change]);
    await by.delete(type, made.id);
  });
});

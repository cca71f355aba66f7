// Node pools of GKE: what is said to its API.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  initialPerZone,
  type NodePool,
  nodePool,
  poolNameProblem,
} from "../../../../../infra/documents/gcp/nodePool.ts";

const pool: NodePool = {
  name: "gcp-dev-builder-amd64",
  architecture: "amd64",
  machineType: "n2d-standard-8",
  spot: true,
  min: 0,
  max: 5,
  image: "COS_CONTAINERD",
  diskGiB: 100,
  labels: {},
};
const cluster = { project: "shop-clusters", location: "europe-central2", name: "dev", workloadIdentity: true };
const ACCOUNT = "gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com";

describe("a node pool", () => {
  test("says everything about its nodes, and leaves its size to the autoscaler", () => {
    expect(nodePool(pool, cluster, ACCOUNT)).toEqual({
      name: "gcp-dev-builder-amd64",
      project: "shop-clusters",
      location: "europe-central2",
      cluster: "dev",
      initialNodeCount: 0,
      ignoreNodeCountChanges: true,
      autoscaling: { totalMinNodeCount: 0, totalMaxNodeCount: 5, locationPolicy: "ANY" },
      management: { autoRepair: true, autoUpgrade: true },
      upgradeSettings: { strategy: "SURGE", maxSurge: 1, maxUnavailable: 0 },
      nodeConfig: {
        machineType: "n2d-standard-8",
        spot: true,
        imageType: "COS_CONTAINERD",
        diskType: "pd-balanced",
        diskSizeGb: 100,
        labels: { "garden-build": "true" },
        taints: [{ key: "garden-build", value: "true", effect: "NO_SCHEDULE" }],
        serviceAccount: ACCOUNT,
        oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
        workloadMetadataConfig: { mode: "GKE_METADATA" },
        metadata: { "disable-legacy-endpoints": "true" },
        shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      },
    });
  });

  test("never says how many nodes there are, which is the autoscaler's", () => {
    expect(nodePool(pool, cluster, ACCOUNT)).not.toHaveProperty("nodeCount");
    expect(nodePool(pool, cluster, ACCOUNT).autoscaling).not.toHaveProperty("minNodeCount");
  });

  test("says how pods get at metadata also where the cluster has no Workload Identity, and GKE no server for them", () => {
    const { nodeConfig } = nodePool(pool, { ...cluster, workloadIdentity: false }, ACCOUNT);
    expect(nodeConfig).toMatchObject({ workloadMetadataConfig: { mode: "GCE_METADATA" } });
  });

  test("has the zones, the disk, its key and the labels that are chosen", () => {
    const key = "projects/keys/locations/global/keyRings/r/cryptoKeys/k";
    const chosen = {
      zones: ["europe-central2-b"],
      diskType: "pd-ssd",
      diskKey: key,
      labels: { team: "shop" },
    } as const;
    expect(nodePool({ ...pool, ...chosen }, cluster, ACCOUNT)).toMatchObject({
      nodeLocations: ["europe-central2-b"],
      nodeConfig: { diskType: "pd-ssd", bootDiskKmsKey: key, resourceLabels: { team: "shop" } },
    });
  });

  test("is of Arm machines that have other disks, and of which not all boot securely", () => {
    const { nodeConfig } = nodePool(
      { ...pool, architecture: "arm64", machineType: "c4a-standard-8" },
      cluster,
      ACCOUNT,
    );
    expect(nodeConfig).toMatchObject({
      diskType: "hyperdisk-balanced",
      shieldedInstanceConfig: { enableSecureBoot: false, enableIntegrityMonitoring: true },
    });
  });
});

describe("the size that a pool begins with", () => {
  test.each([
    ["europe-central2", undefined, 0, 0],
    ["europe-central2", undefined, 2, 0],
    ["europe-central2", undefined, 3, 1],
    ["europe-central2", undefined, 7, 2],
    ["europe-central2", ["europe-central2-a"], 2, 2],
    ["europe-central2-a", undefined, 2, 2],
    ["europe-central2-a", ["europe-central2-a", "europe-central2-b"], 3, 1],
  ])("in %s, zones %j, of at least %i: %i in each zone", (location, zones, min, expected) => {
    expect(initialPerZone({ min, zones }, location)).toBe(expected);
  });

  test("is never more than the least that is asked for, so never more than is allowed", () => {
    const zones = fc.array(fc.constantFrom("europe-west3-a", "europe-west3-b"), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.nat(100), zones, (min, zones) => {
        const each = initialPerZone({ min, zones }, "europe-west3");
        expect(Number.isInteger(each)).toBe(true);
        expect(each * zones.length).toBeLessThanOrEqual(min);
        expect((each + 1) * zones.length).toBeGreaterThan(min);
      }),
    );
  });
});

test.each([
  ["builders", null],
  ["b", null],
  ["a".repeat(40), null],
  ["a".repeat(41), "has 41 characters, at most 40 are allowed"],
  ["", /^is not the name/],
  ["1st", /^is not the name/],
  ["builders-", /^is not the name/],
  ["builders.1", /^is not the name/],
])("the name %s: %s", (name, expected) => {
  const problem = poolNameProblem(name);
  if (expected instanceof RegExp) expect(problem).toMatch(expected);
  else expect(problem).toBe(expected);
});

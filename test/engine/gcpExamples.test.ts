// The other examples on Google Cloud on the real engine, each with one change that tells them apart; gcp-dev and
// gcp-central-registry have tests of their own.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Change, setupIn } from "./cloudStack.ts";
import { applyAs, kubectl, live } from "./cluster.ts";
import { GcpStack } from "./gcpStack.ts";
import { REPOSITORY } from "./standin/gcp/artifactRegistry.ts";
import { SERVICE } from "./standin/gcp/projects.ts";
import { changedPaths, changes } from "./steps.ts";

const unprotected: Change = (config) => {
  config["pergola:registry"].protect = false;
};

describe("gcr-eu", () => {
  let made: GcpStack;
  const place = { account: "shop-images", region: "" };
  const id = "projects/shop-images/locations/europe/repositories/eu.gcr.io";
  const builders = "image-builders@shop-images.iam.gserviceaccount.com";
  const account = `projects/shop-images/serviceAccounts/${builders}`;
  const repository = () => made.cloud.byId(REPOSITORY, id, place)?.stored.properties;
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "engine-shop-dev" } };
  let before: ReturnType<typeof repository>;

  /** As the API answers with what the project's transition made. */
  const there = [
    { type: SERVICE, inputs: { service: "artifactregistry.googleapis.com" } },
    {
      type: REPOSITORY,
      inputs: {
        ...{ project: place.account, location: "europe", repositoryId: "eu.gcr.io", format: "DOCKER" },
        vulnerabilityScanningConfig: { enablementConfig: "INHERITED", enablementState: "SCANNING_DISABLED" },
      },
    },
  ];

  beforeAll(async () => {
    await applyAs("somebody", namespace);
    made = await GcpStack.create({ example: "gcr-eu", stack: "engine-gcr-eu", there });
    before = repository();
  });
  afterAll(async () => {
    await made?.[Symbol.asyncDispose]();
    await kubectl(["delete", "namespace", "engine-shop-dev", "--ignore-not-found"]);
  });

  test("what the file says otherwise would change with it, and what cannot change refuses it", async () => {
    const takenOver = async (change: Change) => {
      await made.write(change);
      const { code, steps, diagnostics } = await made.stack.operate("preview");
      return {
        code,
        steps: steps.filter((step) => step.endsWith(" registry-eu.gcr.io")),
        said: diagnostics.join("\n"),
      };
    };
    const labelled = await takenOver((config) => {
      config["pergola:registry"].labels = { team: "shop" };
    });
    expect(labelled.steps).toEqual(["import registry-eu.gcr.io", "update registry-eu.gcr.io"]);
    const encrypted = await takenOver((config) => {
      config["pergola:registry"].kmsKey = "projects/shop-keys/locations/europe/keyRings/registry/cryptoKeys/images";
    });
    expect(encrypted.code).not.toBe(0);
    expect(encrypted.said).toMatch(/unable to replace resource ".*::registry-eu\.gcr\.io"\s+as it is currently marked/);
    expect(encrypted.said).toContain("previously-imported resources that still specify an ID may not be replaced");
    expect(repository()).toEqual(before);
    await made.write();
  });

  test("it is taken over as it is, and builders get the right to write to it", async () => {
    await made.comeUp();
    await made.expectNoDrift();
    expect(repository()).toEqual(before);
    expect(made.members()).toEqual([
      `${id}/roles/artifactregistry.writer/serviceAccount:${builders}`,
      `${account}/roles/iam.workloadIdentityUser/` +
        "serviceAccount:shop-clusters.svc.id.goog[engine-shop-dev/garden-in-cluster-builder]",
    ]);
    expect(JSON.stringify(await live("engine-shop-dev", "namespace/engine-shop-dev"))).not.toContain("pod-security");
  });

  test("from then on it is the stack's: it changes with the stack file, which need not say that it was there", async () => {
    await made.write((config) => {
      delete config["pergola:registry"].import;
      config["pergola:registry"].scanning = "disabled";
    });
    const changed = await made.succeed("up");
    expect(changes(changed)).toEqual(["update registry-eu.gcr.io"]);
    expect(changedPaths(changed, "registry-eu.gcr.io")).toEqual(["vulnerabilityScanningConfig.enablementConfig"]);
  });

  test("destroy is refused while it is protected; the rest can go without it", async () => {
    const all = made.inCloud();
    expect(await made.destroyAsUsersDo()).toMatch(/eu\.gcr\.io"? cannot be deleted\s+because it is protected/);
    expect(made.inCloud()).toEqual(all);
    await made.succeed("destroy", "--exclude-protected");
    expect(made.inCloud()).toEqual({ Account: [account], Repository: [id], Service: all.Service });
    await made.stack.run(["state", "delete", "--all", "--force", "--yes", "--stack", made.stack.name]);
    expect(await kubectl(["get", "namespace/engine-shop-dev", "-o", "name"])).toContain("engine-shop-dev");
  });
});

describe("gcp-autopilot", () => {
  let made: GcpStack;
  beforeAll(async () => {
    made = await GcpStack.create({ example: "gcp-autopilot", stack: "engine-gcp-autopilot", always: unprotected });
    await made.comeUp();
    await made.expectNoDrift();
  });
  afterAll(() => made?.[Symbol.asyncDispose]());

  test("makes no nodes: builds ask Autopilot for theirs", async () => {
    const { Account, NodePool } = made.inCloud();
    expect(NodePool).toBeUndefined();
    expect(Account).toEqual([expect.stringContaining("/image-builders@")]);
    const { kaniko } = (await setupIn("engine-shop-dev")).builders.modes;
    expect(kaniko).toMatchObject({ nodeSelector: { "garden-build": "true" }, platforms: ["linux/amd64"] });
  });

  test("more for builds is another setup, and nothing in Google Cloud; destroy leaves nothing", async () => {
    const before = made.inCloud();
    const most = { cpu: "4", memory: "16Gi", "ephemeral-storage": "10Gi" };
    await made.write((config) => {
      config["pergola:builder"].modes.kaniko.resources = { limits: most, requests: most };
    });
    const changed = await made.succeed("up");
    expect(changes(changed)).toEqual(["update engine-shop-dev-setup"]);
    expect(made.inCloud()).toEqual(before);
    expect((await setupIn("engine-shop-dev")).builders.modes.kaniko?.resources.limits).toEqual(most);
    await made.destroyAll();
  });
});

describe("gcp-key", () => {
  let made: GcpStack;
  beforeAll(async () => {
    made = await GcpStack.create({ example: "gcp-key", stack: "engine-gcp-key", always: unprotected });
    await made.comeUp();
    await made.expectNoDrift();
  });
  afterAll(() => made?.[Symbol.asyncDispose]());

  test("builders log in with the one key, and are nobody in the cluster", async () => {
    const { Key, IAMMember, RepositoryIamMember } = made.inCloud();
    expect([Key?.length, IAMMember, RepositoryIamMember?.length]).toEqual([1, undefined, 1]);
    const { pullSecrets, freshNamespaces } = await setupIn("engine-shop-dev");
    expect(pullSecrets.map(({ hosts }) => hosts)).toEqual([["europe-west3-docker.pkg.dev"]]);
    expect(freshNamespaces).not.toBeNull();
    const account = await live("engine-shop-dev", "serviceaccount/garden-in-cluster-builder");
    expect(JSON.stringify(account)).not.toContain("iam.gke.io");
  });

  test("another pattern is another setup, and neither another key nor another Secret; destroy leaves nothing", async () => {
    const before = made.inCloud();
    await made.write((config) => config["pergola:access"].namespacePatterns.push("engine-shop-qa-*"));
    const changed = await made.succeed("up");
    expect(changes(changed)).toEqual(["update engine-shop-dev-setup"]);
    expect(made.inCloud()).toEqual(before);
    const { namespacePatterns } = (await setupIn("engine-shop-dev")).builders.modes["cluster-buildkit"] ?? {};
    expect(namespacePatterns).toEqual(["engine-shop-preview-*", "engine-shop-qa-*"]);
    await made.destroyAll();
  });
});

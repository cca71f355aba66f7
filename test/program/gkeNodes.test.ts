// Builder nodes of GKE by the program's production entry: what is asked of the provider.
import { describe, expect, test } from "vitest";
import { buildSetup } from "../../infra/setup.ts";
import { expectTaken } from "./gcpTaken.ts";
import type { Registration } from "./monitor.ts";
import { type ProgramRun, readStackFile, runProgram, type StackFileConfig } from "./program.ts";

// biome-ignore lint/suspicious/noExplicitAny: parts of it are replaced
type Change = (cluster: any, config: any) => void;

const READER = "roles/artifactregistry.reader";
const NODES = "gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com";

async function gcpDev(change: Change = () => {}): Promise<ProgramRun> {
  const config: StackFileConfig = readStackFile("gcp-dev");
  change(config["pergola:cluster"], config);
  const run = await runProgram({ stack: "gcp-dev", config });
  expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
  return run;
}

/** The registry of somebody else, for which nothing is made. */
const elsewhere: Change = (_, config) => {
  config["pergola:registry"] = { kind: "dockerRegistry", host: "registry.example.com", namespace: "shop" };
  config["pergola:access"] = { kind: "none" };
};

/** The nodes' components and all below them: name -> registration. */
function nodesOf(run: ProgramRun): Map<string, Registration> {
  const made = run.registrations.filter(({ name }) => /^(builder-nodes|node-account)-/.test(name));
  return new Map(made.map((registration) => [registration.name, registration]));
}

/** Name and type of each. */
function list(made: Map<string, Registration>): string[] {
  return [...made].map(([name, { type }]) => `${name} ${type}`).sort();
}

describe("a node pool", () => {
  test("is made in the project of the cluster, after the account of its nodes, which may only be a node", async () => {
    const made = nodesOf(await gcpDev(elsewhere));
    expect(list(made)).toEqual([
      "builder-nodes-gcp-dev-builder-amd64 pergola:infra:GkeNodes",
      "builder-nodes-gcp-dev-builder-amd64-pool gcp:container/nodePool:NodePool",
      "node-account-gcp-dev-nodes pergola:infra:GkeNodeAccount",
      "node-account-gcp-dev-nodes-account gcp:serviceaccount/account:Account",
      "node-account-gcp-dev-nodes-node gcp:projects/iAMMember:IAMMember",
    ]);
    const pool = made.get("builder-nodes-gcp-dev-builder-amd64-pool")!;
    expect(pool).toMatchObject({
      parent: made.get("builder-nodes-gcp-dev-builder-amd64")!.urn,
      provider: expect.stringContaining("gcp-shop-clusters"),
      ignoreChanges: ["initialNodeCount"],
      inputs: {
        name: "gcp-dev-builder-amd64",
        cluster: "dev",
        autoscaling: { totalMinNodeCount: 0, totalMaxNodeCount: 5 },
        nodeConfig: { serviceAccount: NODES, workloadMetadataConfig: { mode: "GKE_METADATA" } },
      },
    });
    const [account, role] = ["account", "node"].map((part) => made.get(`node-account-gcp-dev-nodes-${part}`)!);
    expect(pool.dependencies).toEqual(expect.arrayContaining([account!.urn, role!.urn]));
    expect(account!.inputs).toMatchObject({ accountId: "gcp-dev-nodes", project: "shop-clusters" });
    // A project where nothing was made before has neither on.
    const apis = ["cloudresourcemanager", "iam"].map((api) =>
      expect.stringMatching(`::nodes-apis-shop-clusters-${api}$`),
    );
    expect(account!.dependencies).toEqual(apis);
    expect(role).toMatchObject({
      dependencies: [...apis, account!.urn],
      inputs: {
        project: "shop-clusters",
        role: "roles/container.defaultNodeServiceAccount",
        member: `serviceAccount:${NODES}`,
      },
    });
  });

  test("of each architecture has the same account, and builders are led to both", async () => {
    const run = await gcpDev((cluster, config) => {
      elsewhere(cluster, config);
      cluster.builderNodes.push({ kind: "gke", architecture: "arm64", machineType: "c4a-standard-8", max: 3 });
    });
    const made = nodesOf(run);
    expect(list(made).filter((one) => / gcp:/.test(one))).toEqual([
      "builder-nodes-gcp-dev-builder-amd64-pool gcp:container/nodePool:NodePool",
      "builder-nodes-gcp-dev-builder-arm64-pool gcp:container/nodePool:NodePool",
      "node-account-gcp-dev-nodes-account gcp:serviceaccount/account:Account",
      "node-account-gcp-dev-nodes-node gcp:projects/iAMMember:IAMMember",
    ]);
    expect(made.get("builder-nodes-gcp-dev-builder-arm64-pool")!.inputs).toMatchObject({
      name: "gcp-dev-builder-arm64",
      nodeConfig: { serviceAccount: NODES, diskType: "hyperdisk-balanced" },
    });
    expect(buildSetup.parse(run.outputs.setup).builders.modes.kaniko).toMatchObject({
      platforms: ["linux/amd64", "linux/arm64"],
      tolerations: [
        { key: "garden-build", value: "true" },
        { key: "kubernetes.io/arch", value: "arm64" },
      ],
    });
  });
});

test("in a cluster without Workload Identity, nodes do not ask for the server that it has not, and the preview says what that means", async () => {
  const without: Change = (cluster, config) => {
    config["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation: 1 };
    cluster.gke.workloadIdentity = false;
    cluster.builderNodes.push({ kind: "gke", architecture: "arm64", machineType: "c4a-standard-8", max: 3 });
  };
  const run = await gcpDev(without);
  for (const architecture of ["amd64", "arm64"]) {
    expect(nodesOf(run).get(`builder-nodes-gcp-dev-builder-${architecture}-pool`)!.inputs).toMatchObject({
      nodeConfig: { serviceAccount: NODES, workloadMetadataConfig: { mode: "GCE_METADATA" } },
    });
  }
  const said = run.messages.filter(({ text }) => text.includes(`can be ${NODES}, the nodes' service account`));
  expect(said.map(({ severity }) => severity)).toEqual(["WARNING"]);
  const config = readStackFile("gcp-dev");
  without(config["pergola:cluster"], config);
  await expectTaken(run.registrations, config);
});

describe("the right to pull", () => {
  const members = (run: ProgramRun) =>
    [...nodesOf(run).values()].filter(
      ({ type }) => type === "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
    );

  test("is added on the repositories of images and base images, not of caches, after they are there", async () => {
    const run = await gcpDev((_, config) => {
      const registry = config["pergola:registry"];
      Object.assign(registry, { immutableTags: true, remotes: [{ repository: "hub", of: "dockerHub" }] });
    });
    const found = members(run);
    expect(found.map(({ name, inputs }) => [name, inputs])).toEqual(
      ["shop", "hub"].map((repository) => [
        `node-account-gcp-dev-nodes-pull-${repository}`,
        {
          project: "shop-registry",
          location: "europe-central2",
          repository,
          role: READER,
          member: `serviceAccount:${NODES}`,
        },
      ]),
    );
    const made = run.registrations.filter(({ type }) => type === "gcp:artifactregistry/repository:Repository");
    for (const { provider, inputs, dependencies, propertyDependencies } of found) {
      expect(provider).toContain("gcp-shop-registry");
      const repository = made.find((one) => one.inputs.repositoryId === inputs.repository)!;
      expect(dependencies).toContain(repository.urn);
      // It is made again with its own repository, which takes it along where it is replaced.
      expect(propertyDependencies).toEqual({ repository: [repository.urn] });
    }
  });

  test("is that of each account, also of two with one id in different projects", async () => {
    const existing = "gcp-dev-nodes@shop-ops.iam.gserviceaccount.com";
    const run = await gcpDev((cluster) => {
      const arm64 = { kind: "gke", architecture: "arm64", machineType: "c4a-standard-8", max: 3 };
      cluster.builderNodes.push({ ...arm64, nodeServiceAccount: { existing } });
    });
    const found = members(run).map(({ name, inputs }) => `${name} ${inputs.member}`);
    expect(found.sort()).toEqual([
      `node-account-gcp-dev-nodes-pull-shop serviceAccount:${NODES}`,
      `node-account-${existing}-pull-shop serviceAccount:${existing}`,
    ]);
  });

  test("is all that an account gets that is there already", async () => {
    const existing = "nodes@shop-clusters.iam.gserviceaccount.com";
    const made = nodesOf(await gcpDev((cluster) => (cluster.builderNodes[0].nodeServiceAccount = { existing })));
    expect(list(made)).toEqual([
      "builder-nodes-gcp-dev-builder-amd64 pergola:infra:GkeNodes",
      "builder-nodes-gcp-dev-builder-amd64-pool gcp:container/nodePool:NodePool",
      "node-account-nodes pergola:infra:GkeNodeAccount",
      "node-account-nodes-pull-shop gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
    ]);
    expect(made.get("builder-nodes-gcp-dev-builder-amd64-pool")!.inputs).toMatchObject({
      nodeConfig: { serviceAccount: existing },
    });
  });
});

describe("the right to pull of nodes that others made", () => {
  const EMAIL = "autopilot@shop-platform.iam.gserviceaccount.com";
  const pull = { serviceAccounts: [EMAIL] };
  const rights = ({ registrations }: ProgramRun) =>
    registrations.filter(({ name }) => name.startsWith("registry-pull"));

  test("is one member on each repository of images and base images, taken by Google in any order, and nothing else", async () => {
    const config = readStackFile("gcp-dev");
    (config["pergola:cluster"] as Record<string, unknown>).builderNodes = [{ kind: "existing" }];
    const remotes = [{ repository: "hub", of: "dockerHub" }];
    Object.assign(config["pergola:registry"] as object, { immutableTags: true, remotes, pull });
    const run = await runProgram({ stack: "gcp-dev", config });
    expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
    const [component, ...found] = rights(run);
    expect(component).toMatchObject({ type: "pergola:infra:GarPullers", name: "registry-pull", inputs: {} });
    const REPOSITORY = { project: "shop-registry", location: "europe-central2" };
    expect(found.map(({ name, inputs }) => [name, inputs])).toEqual(
      ["shop", "hub"].map((repository) => [
        `registry-pull-${EMAIL}-${repository}`,
        { ...REPOSITORY, repository, role: READER, member: `serviceAccount:${EMAIL}` },
      ]),
    );
    for (const { provider, propertyDependencies } of found) {
      expect(provider).toContain("gcp-shop-registry");
      expect(propertyDependencies).toHaveProperty("repository");
    }
    expect(run.messages.filter(({ text }) => text.includes("nodes that this stack does not make"))).toEqual([]);
    await expectTaken(run.registrations, config);
  });

  test("is given on a repository that is there and stays as it is, too", async () => {
    const run = await gcpDev((_, config) => Object.assign(config["pergola:registry"], { existing: true, pull }));
    expect(run.registrations.filter(({ type }) => type === "gcp:artifactregistry/repository:Repository")).toEqual([]);
    expect(rights(run).map(({ name }) => name)).toEqual(["registry-pull", `registry-pull-${EMAIL}-shop`]);
  });
});

test("on Autopilot nothing is made, and the provider of Google Cloud is not even loaded", async () => {
  const run = await gcpDev((cluster, config) => {
    elsewhere(cluster, config);
    cluster.builderNodes = [{ kind: "autopilot" }];
    const amounts = { cpu: "2", memory: "8Gi", "ephemeral-storage": "10Gi" };
    config["pergola:builder"].modes.kaniko.resources = { limits: amounts, requests: amounts };
  });
  expect([...nodesOf(run)]).toEqual([]);
  expect(run.loaded.filter((file) => file.startsWith("@pulumi/gcp/"))).toEqual([]);
  expect(buildSetup.parse(run.outputs.setup).builders.modes.kaniko).toMatchObject({
    nodeSelector: { "garden-build": "true" },
    tolerations: [{ key: "garden-build", operator: "Equal", value: "true", effect: "NoSchedule" }],
    resources: { requests: { cpu: "2", memory: "8Gi", "ephemeral-storage": "10Gi" } },
  });
});

// Node pools of GKE whose written name stays, while they change to what the engine has under another name.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { EngineStack } from "./engine.ts";
import { smallProgram } from "./smallProgram.ts";
import { gcpStandin } from "./standin/gcp/cloud.ts";
import { NODE_POOL } from "./standin/gcp/container.ts";
import { CLUSTER, PROJECT } from "./standin/gcp/members.ts";
import { SERVICE } from "./standin/gcp/projects.ts";
import { putThere } from "./standin/given.ts";
import { placeStandin } from "./standin/home.ts";
import { State } from "./standin/state.ts";
import { changes, succeed } from "./steps.ts";

const infra = resolve(import.meta.dirname, "..", "..", "infra");
const GKE = { project: "shop-clusters", location: "europe-west3", name: "dev" };

/** The pools that the environment says. */
const program = `
  import { provisionGkeNodes } from "${infra}/cluster/gkeNodes.ts";
  const registry = { kind: "dockerRegistry", host: "registry.example.com", namespace: "shop" };
  const common = { kind: "gke", spot: false, min: 0, max: 3, image: "COS_CONTAINERD", diskGiB: 100, labels: {} };
  const config = { registry, cache: [], access: { kind: "none" }, cluster: { gke: ${JSON.stringify(GKE)} } };
  const pools = JSON.parse(process.env.POOLS).map((pool) => ({ ...common, ...pool }));
  provisionGkeNodes({ config, stack: "shop" }, pools, { repositories: new Map() });
`;

test("a pool of a written name changes its architecture under that name", async () => {
  await using small = await smallProgram(program);
  const environment: Record<string, string> = {};
  await using stack = await EngineStack.create({ program: small.folder, environment });
  const cloud = new State(join(stack.folder, "cloud"));
  environment.PERGOLA_STANDIN_STATE = cloud.folder;
  const { version } = createRequire(import.meta.url)("@pulumi/gcp/package.json") as { version: string };
  const main = join(import.meta.dirname, "standin", "gcp", "main.ts");
  placeStandin(stack.prepared.environment.PULUMI_HOME as string, { name: "gcp", version }, main);
  const put = (type: string, inputs: Parameters<typeof putThere>[4]) =>
    putThere(gcpStandin(), cloud, { account: GKE.project, region: "" }, type, inputs);
  put(PROJECT, { projectId: GKE.project });
  for (const api of ["iam", "cloudresourcemanager"]) put(SERVICE, { service: `${api}.googleapis.com` });
  put(CLUSTER, { ...GKE, workloadPool: `${GKE.project}.svc.id.goog`, releaseChannel: "REGULAR" });
  const up = (...pools: object[]) => {
    environment.POOLS = JSON.stringify(pools);
    return succeed(stack, "up");
  };
  const machines = () =>
    Object.fromEntries(
      cloud
        .all()
        .filter(({ type }) => type === NODE_POOL)
        .map(({ properties }) => [properties.name, (properties.nodeConfig as { machineType: string }).machineType]),
    );
  const amd64 = { architecture: "amd64", machineType: "n2d-standard-8" };
  const arm64 = { architecture: "arm64", machineType: "c4a-standard-8" };

  await up({ ...amd64, name: "builders" });
  expect(machines()).toEqual({ builders: "n2d-standard-8" });
  await up({ ...arm64, name: "builders" });
  expect(machines()).toEqual({ builders: "c4a-standard-8" });
  expect(changes(await succeed(stack, "preview", "--expect-no-changes"))).toEqual([]);
  // Another beside it is another, and either goes without the other.
  await up({ ...arm64, name: "builders" }, { ...amd64, name: "more" });
  expect(machines()).toEqual({ builders: "c4a-standard-8", more: "n2d-standard-8" });
  await up({ ...amd64, name: "more" });
  expect(machines()).toEqual({ more: "n2d-standard-8" });
  await succeed(stack, "destroy");
});

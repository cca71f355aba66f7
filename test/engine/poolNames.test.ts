// Node pools of GKE whose written name stays, while they change to what the engine has under another name.
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { placeCloud } from "./cloudStack.ts";
import { EngineStack } from "./engine.ts";
import { smallProgram } from "./smallProgram.ts";
import { gcpStandin } from "./standin/gcp/cloud.ts";
import { NODE_POOL } from "./standin/gcp/container.ts";
import { SERVICE } from "./standin/gcp/projects.ts";
import { putSurroundings } from "./standin/gcp/surroundings.ts";
import { putThere } from "./standin/given.ts";
import { changes, succeed } from "./steps.ts";

const infra = resolve(import.meta.dirname, "..", "..", "infra");
const GKE = { project: "shop-clusters", location: "europe-west3", name: "dev", workloadIdentity: true };

/** The pools that the environment says. */
const program = `
  import { provisionGkeNodes } from "${infra}/cluster/gkeNodes.ts";
  const registry = { kind: "dockerRegistry", host: "registry.example.com", namespace: "shop" };
  const common = { kind: "gke", spot: false, min: 0, max: 3, image: "COS_CONTAINERD", diskGiB: 100, labels: {} };
  const config = { registry, cache: [], access: { kind: "none" }, cluster: { gke: ${JSON.stringify(GKE)} } };
  const pools = JSON.parse(process.env.POOLS).map((pool) => ({ ...common, ...pool }));
  await provisionGkeNodes({ config, stack: "shop" }, pools, { repositories: new Map() });
`;

test("a pool of a written name changes its architecture under that name", async () => {
  await using small = await smallProgram(program);
  const environment: Record<string, string> = {};
  await using stack = await EngineStack.create({ program: small.folder, environment });
  const cloud = placeCloud(stack, "gcp", environment);
  putSurroundings(cloud, { "pergola:registry": {}, "pergola:access": {}, "pergola:cluster": { gke: GKE } });
  for (const api of ["iam", "cloudresourcemanager"]) {
    const place = { account: GKE.project, region: "" };
    putThere(gcpStandin(), cloud, place, SERVICE, { service: `${api}.googleapis.com` });
  }
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

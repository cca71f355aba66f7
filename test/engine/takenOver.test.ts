// What becomes of a repository of Artifact Registry that a stack takes over and that is not like what its file says.
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { placeCloud } from "./cloudStack.ts";
import { EngineStack } from "./engine.ts";
import { smallProgram } from "./smallProgram.ts";
import { REPOSITORY } from "./standin/gcp/artifactRegistry.ts";
import { gcpStandin } from "./standin/gcp/cloud.ts";
import { SERVICE } from "./standin/gcp/projects.ts";
import { putSurroundings } from "./standin/gcp/surroundings.ts";
import { putThere } from "./standin/given.ts";
import { succeed } from "./steps.ts";

const SHOP = { project: "shop-registry", location: "europe", repository: "shop" };
const infra = resolve(import.meta.dirname, "..", "..", "infra");

/** The repository as a stack file plans it that says nothing more of it than the environment does. */
const program = `
  import { ArtifactRegistry } from "${infra}/registries/artifactRegistry.ts";
  import { gcpProvider } from "${infra}/gcpProviders.ts";
  const planned = {
    ...${JSON.stringify(SHOP)},
    location: process.env.LOCATION ?? "europe",
    ...{ immutableTags: false, scanning: "INHERITED", remote: null, kmsKey: process.env.KEY ?? null, labels: {} },
    ...{ cleanup: { dryRun: true, policies: [] }, protect: process.env.PROTECT !== "no", import: true },
  };
  new ArtifactRegistry("registry", { repositories: [planned], after: [] }, { providers: [gcpProvider(planned)] });
`;

test("it is changed to that in the same run, and is deleted neither for a key nor for another one that is taken over", async () => {
  await using small = await smallProgram(program);
  const environment: Record<string, string> = {};
  await using stack = await EngineStack.create({ program: small.folder, environment });
  const cloud = placeCloud(stack, "gcp", environment);
  const put = (type: string, inputs: Parameters<typeof putThere>[4]) =>
    putThere(gcpStandin(), cloud, { account: SHOP.project, region: "" }, type, inputs);
  putSurroundings(cloud, { "pergola:registry": SHOP, "pergola:access": {}, "pergola:cluster": {} });
  put(SERVICE, { service: "artifactregistry.googleapis.com" });
  const id = { project: SHOP.project, repositoryId: SHOP.repository, format: "DOCKER" };
  put(REPOSITORY, { ...id, location: "us" });
  put(REPOSITORY, {
    ...id,
    ...{
      location: SHOP.location,
      description: "Images of the shop",
      labels: { team: "shop" },
      dockerConfig: { immutableTags: true },
    },
    cleanupPolicies: [{ id: "newest", action: "KEEP", mostRecentVersions: { keepCount: 5 } }],
  });
  const all = () => cloud.all().filter(({ type }) => type === REPOSITORY);
  const there = () => all().find(({ properties }) => properties.location === SHOP.location)!.properties;
  const locations = () =>
    all()
      .map(({ properties }) => properties.location)
      .sort();
  const before = there();

  const KEY = "projects/shop-keys/locations/europe/keyRings/registry/cryptoKeys/images";
  const refused = await stack.operate("up", { environment: { KEY } });
  expect(refused.code).not.toBe(0);
  expect(refused.shown).toContain("as it is currently marked for protection");
  expect(there()).toEqual(before);

  const taken = await succeed(stack, "up");
  expect(taken.steps).toEqual(["update registry-shop"]);
  expect(there()).toMatchObject({ description: "Images of the shop" });
  for (const name of ["labels", "dockerConfig", "cleanupPolicies"]) expect(there()).not.toHaveProperty(name);
  expect((await succeed(stack, "preview", "--expect-no-changes")).steps).toEqual([]);

  environment.LOCATION = "us";
  expect((await succeed(stack, "up")).steps).toContain("import-replacement registry-shop");
  expect(locations()).toEqual(["europe", "us"]);
  environment.PROTECT = "no";
  await succeed(stack, "up");
  await succeed(stack, "destroy");
  expect(locations()).toEqual(["europe"]);
});

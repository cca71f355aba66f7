// The stack `gcp-central-registry` on the real engine: three repositories by one key in a project of their own, identities in another,
// and what becomes of rights where a repository is replaced.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Change } from "./cloudStack.ts";
import { kubectl } from "./cluster.ts";
import { GcpStack } from "./gcpStack.ts";
import { REPOSITORY } from "./standin/gcp/artifactRegistry.ts";
import { putKey } from "./standin/gcp/surroundings.ts";
import { changedPaths, changes } from "./steps.ts";

let made: GcpStack;
const names = ["docker-hub", "shop", "shop-cache"];
const idOf = (name: string) => `projects/shop-registry/locations/europe/repositories/${name}`;
const repository = (name: string) =>
  made.cloud.byId(REPOSITORY, idOf(name), { account: "shop-registry", region: "" })?.stored.properties;
const keyNamed = (name: string) => `projects/shop-keys/locations/europe/keyRings/registry/cryptoKeys/${name}`;
const accountOf = (id: string) => `serviceAccount:${id}@shop-clusters.iam.gserviceaccount.com`;

/** Rights to a repository by their names in the program: nodes run what is in it, but for caches. */
const rightsTo = (name: string) => [
  `builder-access-shop-registry/europe/${name}`,
  ...(name === "shop-cache" ? [] : [`node-account-engine-gcp-central-nodes-pull-${name}`]),
];

const stricter: Change = (config) => {
  config["pergola:registry"].cleanup.dryRun = false;
  config["pergola:access"].ci.github.branches.push("release");
};
const otherKey: Change = (config) => {
  stricter(config);
  config["pergola:registry"].kmsKey = keyNamed("images-2");
};

beforeAll(async () => {
  made = await GcpStack.create({ example: "gcp-central-registry", stack: "engine-gcp-central" });
  await made.comeUp();
  await made.expectNoDrift();
  putKey(made.cloud, keyNamed("images-2"), "shop-registry");
});
afterAll(() => made?.[Symbol.asyncDispose]());

test("repositories are in the registry's project with its key, identities in the cluster's; only tags of caches move", () => {
  const { Repository, Account, RepositoryIamMember, WorkloadIdentityPool } = made.inCloud();
  expect(Repository).toEqual(names.map(idOf));
  expect(names.map((name) => repository(name)?.kmsKeyName)).toEqual(Array(3).fill(keyNamed("images")));
  expect(names.map((name) => repository(name)?.dockerConfig)).toEqual([undefined, { immutableTags: true }, undefined]);
  expect(names.map((name) => repository(name)?.mode)).toEqual([
    "REMOTE_REPOSITORY",
    "STANDARD_REPOSITORY",
    "STANDARD_REPOSITORY",
  ]);
  expect(repository("shop")?.cleanupPolicyDryRun).toBe(true);
  for (const id of [...Account!, ...WorkloadIdentityPool!]) expect(id).toMatch(/^projects\/shop-clusters\//);
  const reader = (name: string, id: string) => `${idOf(name)}/roles/artifactregistry.reader/${accountOf(id)}`;
  const writer = (name: string) => `${idOf(name)}/roles/artifactregistry.writer/${accountOf("shop-builders")}`;
  expect(RepositoryIamMember).toEqual(
    [
      reader("docker-hub", "engine-gcp-central-nodes"),
      reader("docker-hub", "shop-builders"),
      reader("shop", "engine-gcp-central-nodes"),
      writer("shop"),
      writer("shop-cache"),
    ].sort(),
  );
});

test("jobs of CI build by the address of their account, in builder namespaces alone, and list no Secrets", async () => {
  const user = accountOf("engine-gcp-central-ci").replace("serviceAccount:", "");
  // Its exit code is 1 for no.
  const may = (namespace: string, ...what: string[]) =>
    kubectl(["auth", "can-i", ...what, "-n", namespace, "--as", user]).then(
      (said) => said.trim() === "yes",
      () => false,
    );
  for (const namespace of ["engine-shop-dev", "engine-shop-kaniko"]) {
    expect(await may(namespace, "create", "pods")).toBe(true);
    expect(await may(namespace, "create", "pods/exec")).toBe(true);
    for (const what of [
      ["list", "secrets"],
      ["create", "serviceaccounts"],
      ["update", "configmaps/pergola-setup"],
    ]) {
      expect(await may(namespace, ...what), what.join(" ")).toBe(false);
    }
  }
  expect(await may("default", "create", "pods")).toBe(false);
});

test("policies that delete change the one repository, another branch the condition of CI and one member", async () => {
  const before = made.members();
  await made.write(stricter);
  const changed = await made.succeed("up");
  expect(changes(changed)).toEqual([
    "create ci-identity-repo:shop/monorepo:ref:refs/heads/release",
    "update ci-identity-github",
    "update registry-shop",
  ]);
  expect(changedPaths(changed, "registry-shop")).toEqual(["cleanupPolicyDryRun"]);
  expect(changedPaths(changed, "ci-identity-github")).toEqual(["attributeCondition"]);
  const added = made.members().filter((id) => !before.includes(id));
  expect(added).toEqual([expect.stringMatching(/\/shop-ci\/subject\/repo:shop\/monorepo:ref:refs\/heads\/release$/)]);
});

test("another key would be another repository, without the images: refused while that is protected", async () => {
  const before = made.inCloud();
  await made.write(otherKey);
  const refused = await made.stack.operate("preview");
  expect(refused.code).not.toBe(0);
  expect(refused.diagnostics[0]).toMatch(
    /^unable to replace resource ".*::registry-shop"\s+as it is currently marked for protection/,
  );
  expect(made.inCloud()).toEqual(before);
  expect(repository("shop")?.kmsKeyName).toBe(keyNamed("images"));
});

test("unprotected it is replaced: its rights go before it does, and are made again on the new one", async () => {
  const before = made.inCloud();
  await made.write((config) => {
    otherKey(config);
    config["pergola:registry"].protect = false;
  });
  const { steps } = await made.succeed("up");
  const replaced = names.flatMap((name) => [`registry-${name}`, ...rightsTo(name)]);
  const kinds = ["delete-replaced", "replace", "create-replacement"];
  expect(steps.filter((step) => !step.startsWith("read ")).sort()).toEqual(
    kinds.flatMap((kind) => replaced.map((name) => `${kind} ${name}`)).sort(),
  );
  for (const name of names) {
    for (const right of rightsTo(name)) {
      const order = [`delete-replaced ${right}`, `delete-replaced registry-${name}`];
      order.push(`create-replacement registry-${name}`, `create-replacement ${right}`);
      const places = order.map((step) => steps.indexOf(step));
      expect(places, right).toEqual(places.toSorted((one, other) => one - other));
    }
  }
  // What is in Google Cloud has the same names, and rights go with the repository that they are to.
  expect(made.inCloud()).toEqual(before);
  expect(names.map((name) => repository(name)?.kmsKeyName)).toEqual(Array(3).fill(keyNamed("images-2")));
  await made.expectNoDrift();
});

test("destroy leaves nothing but the APIs, in either project", async () => {
  await made.destroyAll();
});

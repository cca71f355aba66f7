// Repositories of Artifact Registry as they are registered: what the provider gets, what comes before what, and by which provider.
import { beforeAll, describe, expect, test } from "vitest";
import type { Change } from "../unit/infra/config.ts";
import { caches, keyAt, registry } from "../unit/infra/garChanges.ts";
import type { Registration } from "./monitor.ts";
import { type ProgramRun, readStackFile, repositoryRoot, runProgram } from "./program.ts";

async function runAfter(...changes: Change[]): Promise<ProgramRun> {
  const config = readStackFile("gcp-dev");
  for (const change of changes) change(config);
  const folder = `${repositoryRoot}/test/program/programs/googleRegistry`;
  const run = await runProgram({ stack: "gcp-dev", config, folder });
  expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
  return run;
}

const saying = (more: object): Change => registry((it) => Object.assign(it, more));
/** By name, as they come in any order. */
const ofType = (run: ProgramRun, type: string): Registration[] =>
  run.registrations.filter((one) => one.type === type).sort((a, b) => (a.name < b.name ? -1 : 1));
const repositories = (run: ProgramRun) =>
  Object.fromEntries(ofType(run, "gcp:artifactregistry/repository:Repository").map((one) => [one.name, one]));
const services = (run: ProgramRun) => ofType(run, "gcp:projects/service:Service");

const impersonate = "maker@shop-caches.iam.gserviceaccount.com";

describe("a registry with all that it may have", () => {
  let run: ProgramRun;
  beforeAll(async () => {
    run = await runAfter(
      saying({
        ...{ immutableTags: true, kmsKey: keyAt("europe-central2"), labels: { team: "shop" } },
        cleanup: {
          policies: {
            old: { action: "delete", condition: { tagState: "untagged", olderThan: "14d" } },
            newest: { action: "keep", mostRecentVersions: { keepCount: 5 } },
          },
        },
        remotes: [
          { repository: "hub", of: "dockerHub" },
          { repository: "ghcr", of: "https://ghcr.io" },
        ],
      }),
      caches({ impersonate }),
    );
  });

  test("has images whose tags never move, with policies that delete nothing yet", () => {
    expect(repositories(run)["registry-shop"]?.inputs).toEqual({
      ...{ project: "shop-registry", location: "europe-central2", repositoryId: "shop", format: "DOCKER" },
      dockerConfig: { immutableTags: true },
      vulnerabilityScanningConfig: { enablementConfig: "INHERITED" },
      kmsKeyName: keyAt("europe-central2"),
      labels: { team: "shop" },
      cleanupPolicies: [
        { id: "old", action: "DELETE", condition: { tagState: "UNTAGGED", olderThan: "1209600s" } },
        { id: "newest", action: "KEEP", mostRecentVersions: { keepCount: 5 } },
      ],
      cleanupPolicyDryRun: true,
    });
  });

  test("has caches beside them whose tags move, and which really go", () => {
    expect(repositories(run)["registry-shop-cache"]?.inputs).toEqual({
      ...{ project: "shop-registry", location: "europe-central2", repositoryId: "shop-cache", format: "DOCKER" },
      vulnerabilityScanningConfig: { enablementConfig: "DISABLED" },
      kmsKeyName: keyAt("europe-central2"),
      labels: { team: "shop" },
      cleanupPolicies: [{ id: "old", action: "DELETE", condition: { tagState: "ANY", olderThan: "1209600s" } }],
      cleanupPolicyDryRun: false,
    });
  });

  test("has repositories that keep base images of Docker Hub and of others", () => {
    const remote = (name: string) => repositories(run)[name]?.inputs;
    expect(remote("registry-hub")).toMatchObject({
      mode: "REMOTE_REPOSITORY",
      remoteRepositoryConfig: { dockerRepository: { publicRepository: "DOCKER_HUB" } },
    });
    expect(remote("registry-ghcr")?.remoteRepositoryConfig).toEqual({ commonRepository: { uri: "https://ghcr.io" } });
    expect(remote("registry-hub")).not.toHaveProperty("vulnerabilityScanningConfig");
  });

  test("protects images alone, replaces nothing before its id is free, and leaves descriptions, of which no file has one", () => {
    const made = Object.values(repositories(run));
    expect(made.map((one) => one.ignoreChanges)).toEqual(made.map(() => ["description"]));
    expect(made.filter((one) => one.protect).map(({ name }) => name)).toEqual(["registry-shop"]);
    expect(made.map((one) => one.deleteBeforeReplace)).toEqual(made.map(() => true));
    expect(run.outputs.made).toEqual([
      "shop-registry/europe-central2/shop",
      "shop-registry/europe-central2/shop-cache",
      "shop-registry/europe-central2/hub",
      "shop-registry/europe-central2/ghcr",
      "shop-caches/europe-west3/layers",
    ]);
  });

  test("enables each API once in a project, for good, and before what needs it", () => {
    expect(services(run).map(({ name, inputs }) => [name, inputs])).toEqual(
      [
        ["access-apis-shop-registry-iam", "shop-registry", "iam"],
        ["registry-apis-shop-caches-artifactregistry", "shop-caches", "artifactregistry"],
        ["registry-apis-shop-registry-artifactregistry", "shop-registry", "artifactregistry"],
      ].map(([name, project, api]) => [name, { project, service: `${api}.googleapis.com`, disableOnDestroy: false }]),
    );
    for (const { inputs, dependencies } of Object.values(repositories(run))) {
      const own = services(run).filter((one) => one.inputs.project === inputs.project);
      const api = own.find((one) => one.inputs.service === "artifactregistry.googleapis.com");
      expect(api).toBeDefined();
      expect(dependencies).toContain(api?.urn);
    }
  });

  test("makes all of it by the provider of its project and actor, under components whose name comes first", () => {
    const byUrn = new Map(run.registrations.map((one) => [one.urn, one]));
    const actors = new Map(
      ofType(run, "pulumi:providers:gcp").map(({ urn, inputs }) => [
        urn,
        [inputs.project, inputs.impersonateServiceAccount],
      ]),
    );
    for (const one of [...Object.values(repositories(run)), ...services(run)]) {
      const parent = byUrn.get(one.parent);
      expect(parent?.type).toMatch(/^pergola:infra:(ArtifactRegistry|GcpApis)$/);
      expect(one.name.startsWith(`${parent?.name}-`)).toBe(true);
      const provider = one.provider.split("::").slice(0, -1).join("::");
      const { project } = one.inputs;
      expect(actors.get(provider)).toEqual([project, project === "shop-caches" ? impersonate : undefined]);
    }
  });

  test("loads of the SDK what it is made of, and nothing of another cloud", () => {
    const files = run.loaded.filter((file) => file.startsWith("@pulumi/"));
    expect(files).not.toContain("@pulumi/gcp/index.js");
    expect(files.filter((file) => /^@pulumi\/(aws|kubernetes)\//.test(file))).toEqual([]);
  });
});

test("a registry that says no more than where it is leaves out what is at its default", async () => {
  const run = await runAfter();
  const [images, ...others] = Object.values(repositories(run));
  expect(others).toEqual([]);
  expect(images?.inputs).toEqual({
    ...{ project: "shop-registry", location: "europe-central2", repositoryId: "shop", format: "DOCKER" },
    vulnerabilityScanningConfig: { enablementConfig: "INHERITED" },
  });
});

test("a repository that is imported is found by its path; one that exists is left alone, and so is its project", async () => {
  const imported = await runAfter(saying({ import: true, enableApis: false }));
  expect(repositories(imported)["registry-shop"]?.importId).toBe(
    "projects/shop-registry/locations/europe-central2/repositories/shop",
  );
  expect(repositories(imported)["registry-shop"]).toMatchObject({ protect: true, retainOnDelete: true });
  const existing = await runAfter(saying({ existing: true }));
  expect(repositories(existing)).toEqual({});
  // What the other part asks for comes of it alone.
  for (const run of [imported, existing]) {
    expect(services(run).map(({ name }) => name)).toEqual([
      "access-apis-shop-registry-artifactregistry",
      "access-apis-shop-registry-iam",
    ]);
  }
  expect(existing.registrations.filter(({ type }) => type === "pergola:infra:ArtifactRegistry")).toEqual([]);
});

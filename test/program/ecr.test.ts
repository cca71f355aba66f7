// The registry of the stack aws-dev by the program's production entry: each image repository beside its cache.
import { beforeAll, describe, expect, test } from "vitest";
import { buildSetup } from "../../infra/setup.ts";
import type { Change } from "../unit/infra/config.ts";
import type { Registration } from "./monitor.ts";
import { type ProgramRun, readStackFile, runProgram } from "./program.ts";

const HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

function runAfter(change: Change = () => {}): Promise<ProgramRun> {
  // biome-ignore lint/suspicious/noExplicitAny: as it stands in the file
  const config = readStackFile("aws-dev") as any;
  config["pergola:cluster"].context = "pergola-local";
  change(config);
  return runProgram({ stack: "aws-dev", config });
}

const ofType = (run: ProgramRun, type: string): Registration[] =>
  run.registrations.filter((one) => one.type === `aws:ecr/${type}`).sort((a, b) => (a.name < b.name ? -1 : 1));

/** Name of a repository -> what is registered for it. */
const repositories = (run: ProgramRun) =>
  Object.fromEntries(ofType(run, "repository:Repository").map((one) => [String(one.inputs.name), one]));

describe("the registry of aws-dev", () => {
  let run: ProgramRun;
  beforeAll(async () => {
    run = await runAfter();
    expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
  });

  test("has each image repository with its cache beside it, whose tags may always be moved", () => {
    const made = repositories(run);
    expect(Object.keys(made)).toEqual(["shop/api", "shop/api/cache", "shop/web", "shop/web/cache"]);
    const mutability = Object.values(made).map(({ inputs }) => inputs.imageTagMutability);
    expect(mutability).toEqual(["IMMUTABLE_WITH_EXCLUSION", "MUTABLE", "MUTABLE", "MUTABLE"]);
    for (const image of ["shop/api", "shop/web"]) {
      const [own, cache] = [made[image]?.inputs, made[`${image}/cache`]?.inputs];
      expect(cache?.encryptionConfigurations).toEqual(own?.encryptionConfigurations);
      expect(cache?.imageTagMutabilityExclusionFilters).toBeUndefined();
    }
  });

  test("lets BuildKit move the tags of its caches in an image repository, and no others", () => {
    expect(repositories(run)["shop/api"]?.inputs).toEqual({
      name: "shop/api",
      imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
      imageTagMutabilityExclusionFilters: [{ filter: "_buildcache*", filterType: "WILDCARD" }],
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: "AES256" }],
      forceDelete: false,
    });
  });

  test("is protected where images are, and nowhere deleted with what is in it", () => {
    const made = Object.values(repositories(run));
    expect(made.map((one) => [one.name, one.protect === true])).toEqual([
      ["registry-shop/api", true],
      ["registry-shop/api/cache", false],
      ["registry-shop/web", true],
      ["registry-shop/web/cache", false],
    ]);
    expect(made.map(({ inputs }) => inputs.forceDelete)).toEqual([false, false, false, false]);
  });

  test("has a lifecycle policy for each repository, as JSON, and no policies of who may use them", () => {
    const policies = ofType(run, "lifecyclePolicy:LifecyclePolicy");
    expect(policies.map(({ name }) => name)).toEqual([
      "registry-shop/api-lifecycle",
      "registry-shop/api/cache-lifecycle",
      "registry-shop/web-lifecycle",
      "registry-shop/web/cache-lifecycle",
    ]);
    for (const { inputs } of policies) expect(() => JSON.parse(String(inputs.policy))).not.toThrow();
    expect(ofType(run, "repositoryPolicy:RepositoryPolicy")).toEqual([]);
  });

  test("is made by one provider, that of its account and region", () => {
    const providers = run.registrations.filter(({ type }) => type === "pulumi:providers:aws");
    const provider = providers.find(({ name }) => name === "aws-123456789012-eu-central-1");
    expect(provider?.inputs.allowedAccountIds).toBe('["123456789012"]');
    const used = run.registrations.filter(({ type }) => type.startsWith("aws:ecr/"));
    expect(used.length).toBe(8);
    for (const one of used) {
      expect(one.provider.startsWith(`${provider?.urn}::`), one.urn).toBe(true);
      expect(one.parent).toMatch(/pergola:infra:EcrRegistry::registry$/);
    }
  });

  test("is in the setup with its credential helper", () => {
    const setup = buildSetup.parse(run.outputs.setup);
    expect(setup.credHelpers).toEqual({ [HOST]: "ecr-login" });
    expect(setup.images).toEqual([
      {
        name: "shop/api",
        repository: "shop/api",
        cacheRepository: "shop/api/cache",
        tagMutability: "IMMUTABLE_WITH_EXCLUSION",
      },
      { name: "shop/web", repository: "shop/web", cacheRepository: "shop/web/cache", tagMutability: "MUTABLE" },
    ]);
  });

  test("loads no more of the SDK than it uses", () => {
    const files = run.loaded.filter((file) => file.startsWith("@pulumi/aws/"));
    expect(files).not.toContain("@pulumi/aws/index.js");
    expect(files).not.toContain("@pulumi/aws/ecr/index.js");
  });
});

test("existing repositories stay as they are, and get their cache; those to be imported are taken over", async () => {
  const run = await runAfter((config) => {
    config["pergola:registry"].repositories = [
      { name: "shop/api", existing: true },
      { name: "shop/web", import: true },
    ];
  });
  expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
  const made = repositories(run);
  expect(Object.keys(made)).toEqual(["shop/api/cache", "shop/web", "shop/web/cache"]);
  expect(Object.values(made).map(({ importId }) => importId)).toEqual(["", "shop/web", ""]);
});

test("a registry of caches in another account has a provider, repositories and a login of its own", async () => {
  const host = "210987654321.dkr.ecr.eu-west-1.amazonaws.com";
  const run = await runAfter((config) => {
    config["pergola:cache"][0].registry = {
      kind: "ecr",
      account: "210987654321",
      region: "eu-west-1",
      namespace: "caches",
    };
  });
  expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
  const separate = Object.values(repositories(run)).filter(({ inputs }) => String(inputs.name).startsWith("caches/"));
  expect(separate.map(({ name, inputs }) => [name, inputs.imageTagMutability])).toEqual([
    ["caches-210987654321-eu-west-1-caches-caches/shop/api", "MUTABLE"],
    ["caches-210987654321-eu-west-1-caches-caches/shop/web", "MUTABLE"],
  ]);
  expect(new Set(separate.map(({ provider }) => provider.split("::").at(-2)))).toEqual(
    new Set(["aws-210987654321-eu-west-1"]),
  );
  const policies = ofType(run, "repositoryPolicy:RepositoryPolicy").map(({ inputs }) =>
    JSON.parse(String(inputs.policy)),
  );
  expect(policies.map((policy) => policy.Statement[0].Condition)).toEqual(
    Array(2).fill({ ArnEquals: { "aws:PrincipalArn": ["arn:aws:iam::123456789012:role/aws-dev-builder"] } }),
  );
  const setup = buildSetup.parse(run.outputs.setup);
  expect(setup.cache).toEqual([
    {
      tag: "_buildcache",
      mode: "max",
      export: true,
      registry: { kind: "ecr", host, namespace: "caches", insecure: false },
    },
  ]);
  expect(setup.credHelpers).toEqual({ [HOST]: "ecr-login", [host]: "ecr-login" });
});

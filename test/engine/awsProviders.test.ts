// What becomes of a stack on AWS when somebody else provisions it: who a provider acts as is no matter of its resources, where it is
// is. On the real engine.
import { afterAll, beforeAll, expect, test } from "vitest";
import { AwsStack } from "./awsStack.ts";
import type { Change } from "./cloudStack.ts";
import { MOTO_ACCOUNT } from "./standin/aws/moto/judge.ts";
import { changes, names } from "./steps.ts";

const REPOSITORY = "aws:ecr/repository:Repository";
const as = (role: string) => ({ role: `arn:aws:iam::${MOTO_ACCOUNT}:role/${role}` });

let made: AwsStack;

/** One repository, no nodes, no CI: what is about providers and nothing else. */
const small: Change = (config) => {
  config["pergola:registry"].repositories = ["shop/api"];
  config["pergola:registry"].protect = false;
  delete config["pergola:access"].ci;
  config["pergola:cluster"].builderNodes = [{ kind: "existing" }];
};

beforeAll(async () => {
  made = await AwsStack.create({ example: "aws-dev", always: small });
  await made.succeed("up");
});

afterAll(() => made?.[Symbol.asyncDispose]());

test.each<[string, Change]>([
  ["the cluster", (config) => (config["pergola:cluster"].eks.assumeRole = as("cluster"))],
  [
    "cluster and registry",
    (config) => {
      config["pergola:cluster"].eks.assumeRole = as("cluster");
      config["pergola:registry"].assumeRole = as("registry");
    },
  ],
  ["the registry", (config) => (config["pergola:registry"].assumeRole = as("registry"))],
  ["neither", () => {}],
])("another role to act as for %s touches nothing, although providers come and go by it", async (_, change) => {
  await made.write(change);
  expect(changes(await made.succeed("up"))).toEqual([]);
});

test("a registry that moves to another account is made there, and is no more where it was", async () => {
  const central = { account: "210987654321", region: "eu-west-1" };
  await made.write((config) => {
    Object.assign(config["pergola:registry"], central);
    config["pergola:registry"].assumeRole = { role: `arn:aws:iam::${central.account}:role/registry` };
    config["pergola:cluster"].eks.account = MOTO_ACCOUNT;
  });
  const moved = await made.succeed("up");
  expect(names(moved, "create-replacement")).toEqual([
    "registry-shop/api",
    "registry-shop/api-lifecycle",
    "registry-shop/api/cache",
    "registry-shop/api/cache-lifecycle",
  ]);
  expect(names(moved, "update")).toContain("builder-access-policy");
  for (const name of ["shop/api", "shop/api/cache"]) {
    expect(made.cloud.byId(REPOSITORY, name, central), name).toBeDefined();
    expect(made.cloud.byId(REPOSITORY, name, made.place), name).toBeUndefined();
  }
  expect(changes(await made.succeed("preview", "--expect-no-changes"))).toEqual([]);
});

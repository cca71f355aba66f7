// The other examples on AWS on the real engine, each with one change that tells them apart; aws-dev has a test of its own.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AwsStack } from "./awsStack.ts";
import { type Change, setupIn } from "./cloudStack.ts";
import { applyAs, kubectl, live } from "./cluster.ts";
import { karpenterDefinitions } from "./karpenterDefinitions.ts";
import { awsStandin } from "./standin/aws/cloud.ts";
import { putIntoMoto } from "./standin/aws/inMoto.ts";
import { MOTO_ACCOUNT } from "./standin/aws/moto/judge.ts";
import { putThere } from "./standin/given.ts";
import { changedPaths, changes, names } from "./steps.ts";

const REPOSITORY = "aws:ecr/repository:Repository";

const unprotected: Change = (config) => {
  config["pergola:registry"].protect = false;
};

describe("aws-teams", () => {
  let made: AwsStack;
  beforeAll(async () => {
    made = await AwsStack.create({ example: "aws-teams", subnets: ["subnet-0a", "subnet-0b"], always: unprotected });
    await made.comeUp();
  });
  afterAll(() => made?.[Symbol.asyncDispose]());

  test("another team gets a role of its own, and no other role changes", async () => {
    await made.write((config) => {
      config["pergola:access"].teams.web = { namespaces: ["engine-shop-web"], repositories: ["base/node"] };
      config["pergola:builder"].modes["cluster-buildkit"].namespaces.push("engine-shop-web");
    });
    const changed = await made.succeed("up");
    expect(changes(changed).filter((step) => !/^(create|update) /.test(step))).toEqual([]);
    expect(names(changed, "update")).toEqual(["engine-checkout-build-setup", "engine-search-build-setup"]);
    expect(names(changed, "create").filter((name) => !name.startsWith("engine-shop-web"))).toEqual([
      "builder-access-web",
      "builder-access-web-policy",
      "builder-access-web-role",
    ]);
    const { namespaces = [] } = (await setupIn("engine-shop-web")).builders.modes["cluster-buildkit"] ?? {};
    expect(namespaces.map(({ name, team, images }) => [name, team, images])).toEqual([
      ["engine-checkout-build", "checkout", ["checkout/api", "checkout/payments", "base/node"]],
      ["engine-search-build", "search", ["search/api", "base/node"]],
      ["engine-shop-web", "web", ["base/node"]],
    ]);
  });

  test("a repository less for a team updates its policy alone; destroy leaves nothing", async () => {
    await made.write((config) => {
      config["pergola:access"].teams.checkout.repositories = ["checkout/api", "checkout/payments"];
    });
    const changed = await made.succeed("up");
    expect(names(changed, "update")).toEqual([
      "builder-access-checkout-policy",
      "engine-checkout-build-setup",
      "engine-search-build-setup",
    ]);
    expect(changedPaths(changed, "builder-access-checkout-policy")).toEqual(["policy"]);
    await made.succeed("destroy");
    expect(made.inCloud()).toEqual({});
    await made.expectNothingInCluster();
  });
});

describe("aws-podidentity", () => {
  let made: AwsStack;
  let definitions: AsyncDisposable;
  beforeAll(async () => {
    definitions = await karpenterDefinitions();
    const ci = { name: "ci-jobs", assumeRolePolicy: JSON.stringify({ Version: "2012-10-17", Statement: [] }) };
    made = await AwsStack.create({ example: "aws-podidentity", always: unprotected });
    const { cloud, place, moto } = made;
    putThere(awsStandin(place.account), cloud, place, "aws:iam/role:Role", ci);
    await putIntoMoto(moto.endpoint, place, "aws:iam/role:Role", ci);
    await made.comeUp();
  });
  afterAll(async () => {
    await made?.[Symbol.asyncDispose]();
    await definitions?.[Symbol.asyncDispose]();
  });

  test("has an association for each namespace, no annotation, and Karpenter's objects in the cluster", async () => {
    expect(made.inCloud().PodIdentityAssociation).toHaveLength(2);
    const account = await live("engine-shop-dev", "serviceaccount/garden-in-cluster-builder");
    expect(JSON.stringify(account)).not.toContain("eks.amazonaws.com/role-arn");
    expect(await kubectl(["get", "nodepools,ec2nodeclasses", "-o", "name"])).toContain(
      "engine-podidentity-builder-amd64",
    );
  });

  test("another namespace makes exactly one association, and changes only the role's trust in AWS", async () => {
    await made.write((config) => {
      config["pergola:access"].namespaces.push("engine-shop-web");
      config["pergola:builder"].modes["cluster-buildkit"].namespaces.push("engine-shop-web");
    });
    const changed = await made.succeed("up");
    expect(changes(changed).filter((step) => !/^(create|update) /.test(step))).toEqual([]);
    expect(names(changed, "create").filter((name) => !name.startsWith("engine-shop-web"))).toEqual([
      "pod-identity-engine-shop-web",
    ]);
    expect(names(changed, "update")).toEqual([
      "builder-access-role",
      "engine-shop-dev-setup",
      "engine-shop-kaniko-setup",
    ]);
    expect(changedPaths(changed, "builder-access-role")).toEqual(["assumeRolePolicy"]);
    expect(made.inCloud().PodIdentityAssociation).toHaveLength(3);
  });

  test("destroy leaves the role that was there", async () => {
    await made.succeed("destroy");
    expect(made.inCloud()).toEqual({ Role: ["ci-jobs"] });
    await made.expectNothingInCluster();
  });
});

describe("aws-china", () => {
  let made: AwsStack;
  beforeAll(async () => {
    const given = {
      example: "aws-china",
      region: "cn-north-1",
      subnets: ["subnet-0c", "subnet-0d"],
      always: unprotected,
    };
    made = await AwsStack.create(given);
    await made.comeUp();
  });
  afterAll(() => made?.[Symbol.asyncDispose]());

  test("hosts, ARNs and the role of builders are of that partition, in AWS and in the cluster", async () => {
    const { registry } = await setupIn("engine-shop-dev");
    expect(registry.host).toBe(`${MOTO_ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn`);
    const account = await live("engine-shop-dev", "serviceaccount/garden-in-cluster-builder");
    expect(JSON.stringify(account)).toContain(`arn:aws-cn:iam::${MOTO_ACCOUNT}:role/engine-china-builder`);
    const texts = JSON.stringify(made.cloud.all().filter(({ type }) => !/:(Cluster|Subnet)$/.test(type)));
    expect(texts.match(/arn:aws:[^"\\]*/g)).toBeNull();
  });

  test("another repository is made with its cache; destroy leaves nothing", async () => {
    await made.write((config) => config["pergola:registry"].repositories.push("shop/web"));
    const changed = await made.succeed("up");
    expect(names(changed, "update")).toEqual(["builder-access-policy", "engine-shop-dev-setup"]);
    expect(names(changed, "create").every((name) => name.startsWith("registry-shop/web"))).toBe(true);
    await made.succeed("destroy");
    expect(made.inCloud()).toEqual({});
    await made.expectNothingInCluster();
  });
});

describe("aws-central-registry", () => {
  let made: AwsStack;
  const central = { account: "210987654321", region: "eu-west-1" };
  beforeAll(async () => {
    made = await AwsStack.create({ example: "aws-central-registry", subnets: ["subnet-0a", "subnet-0b"] });
    await made.comeUp();
  });
  afterAll(() => made?.[Symbol.asyncDispose]());

  test("repositories are in the account of the registry, identities in that of the cluster", () => {
    for (const name of ["shop/api", "shop/api/cache", "shop/web", "shop/web/cache"]) {
      expect(made.cloud.byId(REPOSITORY, name, central), name).toBeDefined();
      expect(made.cloud.byId(REPOSITORY, name, { ...central, account: MOTO_ACCOUNT }), name).toBeUndefined();
    }
    expect(made.cloud.byId("aws:iam/role:Role", "engine-central-registry-builder", made.place)).toBeDefined();
    expect(made.inCloud().OpenIdConnectProvider).toHaveLength(1);
  });

  test("another account that pulls updates the policies of repositories, and nothing in the cluster's account", async () => {
    await made.write((config) => {
      config["pergola:registry"].pull.accounts = ["345678901234"];
    });
    const changed = await made.succeed("up");
    expect(changes(changed)).toEqual(["update registry-shop/api-policy", "update registry-shop/web-policy"]);
    expect(changedPaths(changed, "registry-shop/api-policy")).toEqual(["policy"]);
  });

  test("destroy is refused while repositories are protected, then leaves nothing in either account", async () => {
    const before = made.inCloud();
    const refused = await made.destroyAsUsersDo();
    for (const name of ["shop/api", "shop/web"]) {
      expect(refused).toMatch(new RegExp(`${name}"? cannot be deleted\\s+because it is protected`));
    }
    expect(made.inCloud()).toEqual(before);
    await made.write(unprotected);
    await made.succeed("up");
    await made.succeed("destroy");
    expect(made.inCloud()).toEqual({});
    await made.expectNothingInCluster();
  });
});

describe("aws-existing", () => {
  let made: AwsStack;
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "engine-shop-dev" } };
  /** As they are made by whoever does not say anything about them. */
  const there = ["shop/api", "shop/web"].map((name) => ({
    name,
    imageTagMutability: "MUTABLE",
    imageScanningConfiguration: { scanOnPush: false },
    encryptionConfigurations: [{ encryptionType: "AES256" }],
  }));
  beforeAll(async () => {
    await applyAs("somebody", namespace);
    made = await AwsStack.create({ example: "aws-existing" });
    const { cloud, place, moto } = made;
    for (const repository of there) {
      putThere(awsStandin(place.account), cloud, place, REPOSITORY, repository);
      await putIntoMoto(moto.endpoint, place, REPOSITORY, repository);
    }
  });
  afterAll(async () => {
    await made?.[Symbol.asyncDispose]();
    await kubectl(["delete", "namespace", "engine-shop-dev", "--ignore-not-found"]);
  });

  test("what the file says otherwise of what is taken over would change with it", async () => {
    await made.write((config) => {
      config["pergola:registry"].repositories[1].scanOnPush = true;
    });
    const { steps } = await made.succeed("preview");
    const taken = steps.filter((step) => step.endsWith(" registry-shop/web"));
    expect(taken).toEqual(["import registry-shop/web", "update registry-shop/web"]);
    await made.write();
  });

  test("what was there is as it was, and the caches are new", async () => {
    await made.comeUp();
    expect(made.inCloud().Repository).toEqual(["shop/api", "shop/api/cache", "shop/web", "shop/web/cache"]);
    const { resources } = await made.stack.exportState();
    const ours = resources.filter(({ type }) => type === REPOSITORY).map(({ id }) => id);
    expect(ours.sort()).toEqual(["shop/api/cache", "shop/web", "shop/web/cache"]);
    expect(made.inCloud().Role).toBeUndefined();
    expect(JSON.stringify(await live("engine-shop-dev", "namespace/engine-shop-dev"))).not.toContain("pod-security");
  });

  test("another repository that is there gets its cache, and is not touched", async () => {
    await made.write((config) => config["pergola:registry"].repositories.push({ name: "shop/jobs", existing: true }));
    const changed = await made.succeed("up");
    expect(changes(changed)).toEqual([
      "create registry-shop/jobs/cache",
      "create registry-shop/jobs/cache-lifecycle",
      "update engine-shop-dev-setup",
    ]);
  });

  test("destroy is refused while what was taken over is protected; the rest can go without it", async () => {
    expect(await made.destroyAsUsersDo()).toMatch(/shop\/web"? cannot be deleted\s+because it is protected/);
    await made.succeed("destroy", "--exclude-protected");
    expect(made.inCloud()).toEqual({ Repository: ["shop/api", "shop/web"] });
    const left = await live("engine-shop-dev", "serviceaccount/garden-in-cluster-builder");
    expect(left.metadata).toBeDefined();
  });
});

// The stack `aws-dev` on the real engine through its life: what is in AWS by a stand-in that moto judges, what is in the
// cluster in a real one.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AwsStack } from "./awsStack.ts";
import { type Change, setupIn } from "./cloudStack.ts";
import { kubectl } from "./cluster.ts";
import { motoAt } from "./standin/aws/moto/judge.ts";
import { changedPaths, changes, names } from "./steps.ts";

const SHOP = "engine-shop-dev";
const WEB = "engine-shop-web";

let made: AwsStack;

beforeAll(async () => {
  made = await AwsStack.create({ example: "aws-dev", subnets: ["subnet-0a", "subnet-0b"] });
});

afterAll(async () => {
  await made?.[Symbol.asyncDispose]();
});

/** One repository more. */
const withWorker: Change = (config) => {
  config["pergola:registry"].repositories.push("shop/worker");
};

/** One repository and one namespace more. */
const withWeb: Change = (config) => {
  withWorker(config);
  config["pergola:access"].namespaces.push(WEB);
  config["pergola:builder"].modes["cluster-buildkit"].namespaces.push(WEB);
};

const unprotected: Change = (config) => {
  withWeb(config);
  config["pergola:registry"].protect = false;
};

describe("the life of the stack aws-dev", () => {
  test("a preview makes nothing; with another account's credentials it would not even begin", async () => {
    expect(changes(await made.succeed("preview")).length).toBeGreaterThan(0);
    expect(made.inCloud()).toEqual({});
    const environment = { PERGOLA_STANDIN_ACCOUNT: "210987654321" };
    const refused = await made.stack.operate("up", { environment });
    expect(refused.code).not.toBe(0);
    expect(refused.shown).toContain("AWS account ID not allowed: 210987654321");
    expect(made.inCloud()).toEqual({});
  });

  test("up makes what in-cluster building on ECR needs", async () => {
    await made.succeed("up");
    const { Repository, LifecyclePolicy, Role, AccessEntry } = made.inCloud();
    expect(Repository).toEqual(["shop/api", "shop/api/cache", "shop/web", "shop/web/cache"]);
    expect(LifecyclePolicy).toEqual(Repository);
    expect(Role).toContain(`${made.stack.name}-builder`);
    expect(AccessEntry).toHaveLength(1);
    const setup = await setupIn(SHOP);
    expect(setup.images.map(({ name, cacheRepository }) => [name, cacheRepository])).toEqual([
      ["shop/api", "shop/api/cache"],
      ["shop/web", "shop/web/cache"],
    ]);
  });

  test("moto has the same repositories, roles and node groups", async () => {
    const judge = motoAt(made.moto.endpoint, made.place.region);
    const { DescribeRepositoriesCommand } = await import("@aws-sdk/client-ecr");
    const { repositories = [] } = await (await judge.ecr()).send(new DescribeRepositoriesCommand({}));
    expect(repositories.map(({ repositoryName }) => repositoryName).sort()).toEqual(made.inCloud().Repository);
    const { ListRolesCommand } = await import("@aws-sdk/client-iam");
    const { Roles = [] } = await (await judge.iam()).send(new ListRolesCommand({}));
    expect(Roles.map(({ RoleName }) => RoleName).sort()).toEqual(made.inCloud().Role);
    const { ListNodegroupsCommand } = await import("@aws-sdk/client-eks");
    const { nodegroups = [] } = await (await judge.eks()).send(new ListNodegroupsCommand({ clusterName: "dev" }));
    expect(nodegroups.map((name) => `dev:${name}`)).toEqual(made.inCloud().NodeGroup);
  });

  test("a second run changes nothing, nor does a refresh find anything", async () => {
    expect(changes(await made.succeed("preview", "--expect-no-changes"))).toEqual([]);
    expect(
      changes(await made.succeed("refresh", "--expect-no-changes")).filter((step) => !/^refresh /.test(step)),
    ).toEqual([]);
    expect(changes(await made.succeed("up", "--expect-no-changes"))).toEqual([]);
  });

  test("nodes that the autoscaler started are its own", async () => {
    const type = "aws:eks/nodeGroup:NodeGroup";
    const id = made.inCloud().NodeGroup?.[0] as string;
    const { stored, address } = made.cloud.byId(type, id, made.place) ?? {};
    const scalingConfig = { ...(stored?.properties.scalingConfig as object), desiredSize: 3 };
    made.cloud.write(address!, { ...stored?.properties, scalingConfig });
    await made.succeed("refresh");
    expect(changes(await made.succeed("up", "--expect-no-changes"))).toEqual([]);
  });

  test("another repository updates the role policy and each setup in place, and nothing else", async () => {
    await made.write(withWorker);
    const changed = await made.succeed("up");
    expect(changes(changed).filter((step) => !/^(create|update) /.test(step))).toEqual([]);
    expect(names(changed, "update")).toEqual(["builder-access-policy", `${SHOP}-setup`].sort());
    expect(changedPaths(changed, "builder-access-policy")).toEqual(["policy"]);
    expect(names(changed, "create").filter((name) => !name.includes("shop/worker"))).toEqual([]);
    expect(made.inCloud().Repository).toEqual(expect.arrayContaining(["shop/worker", "shop/worker/cache"]));
    expect((await setupIn(SHOP)).images.map(({ name }) => name)).toContain("shop/worker");
  });

  test("another namespace updates the trust document and each setup in place, and nothing else", async () => {
    await made.write(withWeb);
    const changed = await made.succeed("up");
    expect(changes(changed).filter((step) => !/^(create|update) /.test(step))).toEqual([]);
    expect(names(changed, "update")).toEqual(["builder-access-role", `${SHOP}-setup`].sort());
    expect(changedPaths(changed, "builder-access-role")).toEqual(["assumeRolePolicy"]);
    expect(names(changed, "create").filter((name) => !name.startsWith(WEB))).toEqual([]);
    expect(await setupIn(WEB)).toEqual(await setupIn(SHOP));
  });

  test("a repository that was deleted by hand is made again with what belongs to it, and nothing else is touched", async () => {
    const type = "aws:ecr/repository:Repository";
    for (const one of [type, "aws:ecr/lifecyclePolicy:LifecyclePolicy"]) {
      made.cloud.remove(made.cloud.byId(one, "shop/web/cache", made.place)!.address);
    }
    const { DeleteRepositoryCommand } = await import("@aws-sdk/client-ecr");
    const ecr = await motoAt(made.moto.endpoint, made.place.region).ecr();
    await ecr.send(new DeleteRepositoryCommand({ repositoryName: "shop/web/cache" }));
    await made.succeed("refresh");
    const changed = await made.succeed("up");
    expect(changes(changed).every((step) => step.startsWith("create ") && step.includes("shop/web/cache"))).toBe(true);
    expect(changes(changed)).toHaveLength(2);
  });

  test("destroy refuses while repositories are protected, and says which", async () => {
    const before = made.inCloud();
    const refused = await made.destroyAsUsersDo();
    for (const name of ["shop/api", "shop/web", "shop/worker"]) {
      expect(refused).toMatch(new RegExp(`${name}"? cannot be deleted\\s+because it is protected`));
    }
    expect(made.inCloud()).toEqual(before);
  });

  test("without protection it leaves nothing, in AWS, in moto and in the cluster", async () => {
    await made.write(unprotected);
    expect(changes(await made.succeed("up"))).toEqual([]);
    await made.succeed("destroy");
    expect(made.inCloud()).toEqual({});
    const { DescribeRepositoriesCommand } = await import("@aws-sdk/client-ecr");
    const ecr = await motoAt(made.moto.endpoint, made.place.region).ecr();
    expect((await ecr.send(new DescribeRepositoriesCommand({}))).repositories).toEqual([]);
    const all = "namespaces,priorityclasses,clusterroles,clusterrolebindings";
    const left = (await kubectl(["get", all, "-o", "name"])).split("\n");
    expect(left.filter((name) => name.includes(made.stack.name))).toEqual([]);
  });
});

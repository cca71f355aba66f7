// The stack `aws-dev` on the real engine through its life: what is in AWS by a stand-in that moto judges, what is in the
// cluster in a real one.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSetup, SETUP_CONFIG_MAP, SETUP_KEY } from "../../infra/setup.ts";
import { type AwsStack, type Changes, createAwsStack, PLACES, stackFile } from "./awsStack.ts";
import { kubectl, live } from "./cluster.ts";
import type { EngineStack } from "./engine.ts";
import { motoAt } from "./standin/aws/moto/judge.ts";
import { changedPaths, changes, names, rewriteStackFile, succeed } from "./steps.ts";

let made: AwsStack;
let stack: EngineStack;

beforeAll(async () => {
  made = await createAwsStack();
  stack = made.stack;
});

afterAll(async () => {
  if (made === undefined) return;
  await changeStackFile({ protect: false });
  await stack.operate("up");
  await stack.operate("destroy");
  await made[Symbol.asyncDispose]();
});

const changeStackFile = (wanted: Changes) => rewriteStackFile(stack, stackFile(wanted));

/** What is in the account by type, without what was there before. */
function inAws(): Record<string, string[]> {
  const ours = made.cloud.all().filter(({ type }) => !/:(Cluster|Subnet)$/.test(type));
  const byType = Map.groupBy(ours, ({ type }) => type.split(":").at(-1) as string);
  return Object.fromEntries([...byType].sort().map(([type, all]) => [type, all.map(({ id }) => id).sort()]));
}

async function setupIn(namespace: string) {
  const map = (await live(namespace, `configmap/${SETUP_CONFIG_MAP}`)) as unknown as { data: Record<string, string> };
  return buildSetup.parse(JSON.parse(map.data[SETUP_KEY] as string));
}

describe("the life of the stack aws-dev", () => {
  test("a preview makes nothing; with another account's credentials it would not even begin", async () => {
    expect(changes(await succeed(stack, "preview")).length).toBeGreaterThan(0);
    expect(inAws()).toEqual({});
    const environment = { PERGOLA_STANDIN_ACCOUNT: "210987654321" };
    const refused = await stack.operate("up", { environment });
    expect(refused.code).not.toBe(0);
    expect(refused.shown).toContain("AWS account ID not allowed: 210987654321");
    expect(inAws()).toEqual({});
  });

  test("up makes what in-cluster building on ECR needs", async () => {
    await succeed(stack, "up");
    const { Repository, LifecyclePolicy, Role, AccessEntry } = inAws();
    expect(Repository).toEqual(["shop/api", "shop/api/cache", "shop/web", "shop/web/cache"]);
    expect(LifecyclePolicy).toEqual(Repository);
    expect(Role).toContain(`${PLACES.stack}-builder`);
    expect(AccessEntry).toHaveLength(1);
    const setup = await setupIn(PLACES.shop);
    expect(setup.images.map(({ name, cacheRepository }) => [name, cacheRepository])).toEqual([
      ["shop/api", "shop/api/cache"],
      ["shop/web", "shop/web/cache"],
    ]);
  });

  test("moto has the same repositories, roles and node groups", async () => {
    const judge = motoAt(made.moto.endpoint, PLACES.region);
    const { DescribeRepositoriesCommand } = await import("@aws-sdk/client-ecr");
    const { repositories = [] } = await (await judge.ecr()).send(new DescribeRepositoriesCommand({}));
    expect(repositories.map(({ repositoryName }) => repositoryName).sort()).toEqual(inAws().Repository);
    const { ListRolesCommand } = await import("@aws-sdk/client-iam");
    const { Roles = [] } = await (await judge.iam()).send(new ListRolesCommand({}));
    expect(Roles.map(({ RoleName }) => RoleName).sort()).toEqual(inAws().Role);
    const { ListNodegroupsCommand } = await import("@aws-sdk/client-eks");
    const { nodegroups = [] } = await (await judge.eks()).send(new ListNodegroupsCommand({ clusterName: "dev" }));
    expect(nodegroups.map((name) => `dev:${name}`)).toEqual(inAws().NodeGroup);
  });

  test("a second run changes nothing, nor does a refresh find anything", async () => {
    expect(changes(await succeed(stack, "preview", "--expect-no-changes"))).toEqual([]);
    expect(
      changes(await succeed(stack, "refresh", "--expect-no-changes")).filter((step) => !/^refresh /.test(step)),
    ).toEqual([]);
    expect(changes(await succeed(stack, "up", "--expect-no-changes"))).toEqual([]);
  });

  test("nodes that the autoscaler started are its own", async () => {
    const type = "aws:eks/nodeGroup:NodeGroup";
    const id = inAws().NodeGroup?.[0] as string;
    const { stored, address } = made.cloud.byId(type, id, PLACES) ?? {};
    const scalingConfig = { ...(stored?.properties.scalingConfig as object), desiredSize: 3 };
    made.cloud.write(address!, { ...stored?.properties, scalingConfig });
    await succeed(stack, "refresh");
    expect(changes(await succeed(stack, "up", "--expect-no-changes"))).toEqual([]);
  });

  test("another repository updates the role policy and each setup in place, and nothing else", async () => {
    await changeStackFile({ repositories: ["shop/worker"] });
    const changed = await succeed(stack, "up");
    expect(changes(changed).filter((step) => !/^(create|update) /.test(step))).toEqual([]);
    expect(names(changed, "update")).toEqual(["builder-access-policy", `${PLACES.shop}-setup`].sort());
    expect(changedPaths(changed, "builder-access-policy")).toEqual(["policy"]);
    expect(names(changed, "create").filter((name) => !name.includes("shop/worker"))).toEqual([]);
    expect(inAws().Repository).toEqual(expect.arrayContaining(["shop/worker", "shop/worker/cache"]));
    expect((await setupIn(PLACES.shop)).images.map(({ name }) => name)).toContain("shop/worker");
  });

  test("another namespace updates the trust document and each setup in place, and nothing else", async () => {
    await changeStackFile({ repositories: ["shop/worker"], namespaces: [PLACES.web] });
    const changed = await succeed(stack, "up");
    expect(changes(changed).filter((step) => !/^(create|update) /.test(step))).toEqual([]);
    expect(names(changed, "update")).toEqual(["builder-access-role", `${PLACES.shop}-setup`].sort());
    expect(changedPaths(changed, "builder-access-role")).toEqual(["assumeRolePolicy"]);
    expect(names(changed, "create").filter((name) => !name.startsWith(PLACES.web))).toEqual([]);
    expect(await setupIn(PLACES.web)).toEqual(await setupIn(PLACES.shop));
  });

  test("a repository that was deleted by hand is made again with what belongs to it, and nothing else is touched", async () => {
    const type = "aws:ecr/repository:Repository";
    for (const one of [type, "aws:ecr/lifecyclePolicy:LifecyclePolicy"]) {
      made.cloud.remove(made.cloud.byId(one, "shop/web/cache", PLACES)!.address);
    }
    const { DeleteRepositoryCommand } = await import("@aws-sdk/client-ecr");
    const ecr = await motoAt(made.moto.endpoint, PLACES.region).ecr();
    await ecr.send(new DeleteRepositoryCommand({ repositoryName: "shop/web/cache" }));
    await succeed(stack, "refresh");
    const changed = await succeed(stack, "up");
    expect(changes(changed).every((step) => step.startsWith("create ") && step.includes("shop/web/cache"))).toBe(true);
    expect(changes(changed)).toHaveLength(2);
  });

  test("destroy refuses while repositories are protected, and says which", async () => {
    const before = inAws();
    // With the preview that goes before it: without one, the engine would delete everything that is not protected.
    const refused = await stack.run(["destroy", "--yes", "--stack", stack.name]).catch(String);
    for (const name of ["shop/api", "shop/web", "shop/worker"]) {
      expect(refused).toMatch(new RegExp(`${name}"? cannot be deleted\\s+because it is protected`));
    }
    expect(inAws()).toEqual(before);
  });

  test("without protection it leaves nothing, in AWS, in moto and in the cluster", async () => {
    await changeStackFile({ repositories: ["shop/worker"], namespaces: [PLACES.web], protect: false });
    expect(changes(await succeed(stack, "up"))).toEqual([]);
    await succeed(stack, "destroy");
    expect(inAws()).toEqual({});
    const { DescribeRepositoriesCommand } = await import("@aws-sdk/client-ecr");
    const ecr = await motoAt(made.moto.endpoint, PLACES.region).ecr();
    expect((await ecr.send(new DescribeRepositoriesCommand({}))).repositories).toEqual([]);
    const all = "namespaces,priorityclasses,clusterroles,clusterrolebindings";
    const left = (await kubectl(["get", all, "-o", "name"])).split("\n");
    expect(left.filter((name) => name.includes(PLACES.stack))).toEqual([]);
  });
});

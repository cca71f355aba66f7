// The stand-in for Google Cloud, which nothing else judges: what it refuses and what it takes, one line for each of its rules.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ValueMap } from "../../local/pulumi/wire.ts";
import { unknown } from "../../local/pulumi/wire.ts";
import { REPOSITORY } from "./standin/gcp/artifactRegistry.ts";
import { BAD_IDENTITIES } from "./standin/gcp/badIdentities.ts";
import { BAD_NODES } from "./standin/gcp/badNodes.ts";
import { BAD_REGISTRY } from "./standin/gcp/badRegistry.ts";
import { gcpStandin } from "./standin/gcp/cloud.ts";
import { NODE_POOL } from "./standin/gcp/container.ts";
import { FilledCloud } from "./standin/gcp/filled.ts";
import * as good from "./standin/gcp/goodInputs.ts";
import { ACCOUNT, CLUSTER, POOL, PROJECT } from "./standin/gcp/members.ts";
import { SERVICE } from "./standin/gcp/projects.ts";
import { KEY } from "./standin/gcp/serviceAccounts.ts";
import { projectNumber } from "./standin/gcp/values.ts";
import { StandinProvider } from "./standin/provider.ts";

const BAD_INPUTS = [...BAD_REGISTRY, ...BAD_IDENTITIES, ...BAD_NODES];
const cloud = new FilledCloud();
const { by, state } = cloud;
afterAll(() => cloud[Symbol.dispose]());

test("every type is shown, taken or refused", () => {
  const shown = new Set([...good.GOOD_INPUTS, ...good.THERE, ...BAD_INPUTS].map(({ type }) => type));
  expect(Object.keys(gcpStandin().types).filter((type) => !shown.has(type))).toEqual([]);
});

describe("what is right", () => {
  test.each(good.GOOD_INPUTS)(
    "$type is taken, unchanged after that, and can be taken away",
    async ({ type, inputs }) => {
      const made = await cloud.make(type, inputs);
      expect(by.read(type, made.id, made.inputs, made.outputs)).toEqual({ outputs: made.outputs, inputs: made.inputs });
      expect(cloud.changes(type, made.outputs, inputs, inputs)).toEqual([]);
      const updated = await by.update(type, made.id, made.outputs, made.inputs, false);
      expect(updated).toEqual(made.outputs);
      await by.delete(type, made.id);
      expect(by.read(type, made.id, made.inputs)).toBeUndefined();
    },
  );
});

describe("what is refused", () => {
  test.each(BAD_INPUTS)("$type with $what", async ({ type, inputs, says }) => {
    const before = state.all();
    await expect(cloud.make(type, inputs)).rejects.toThrow(says);
    expect(state.all()).toEqual(before);
  });

  test("an authoritative type is refused in a preview already, whatever is not known yet", () => {
    const { failures } = by.check("gcp:projects/iAMPolicy:IAMPolicy", { project: unknown, policyData: unknown });
    expect(failures.map(({ property }) => property)).toEqual(["type"]);
  });
});

describe("what Google says of what it made", () => {
  const shop = `projects/${good.REGISTRY}/locations/europe-central2/repositories`;

  test.each([
    [
      REPOSITORY,
      good.SHOP,
      `${shop}/web`,
      { name: "web", registryUri: `europe-central2-docker.pkg.dev/${good.REGISTRY}/web` },
    ],
    [
      ACCOUNT,
      { accountId: "builders" },
      `projects/${good.REGISTRY}/serviceAccounts/builders@${good.REGISTRY}.iam.gserviceaccount.com`,
      {
        email: `builders@${good.REGISTRY}.iam.gserviceaccount.com`,
        member: `serviceAccount:builders@${good.REGISTRY}.iam.gserviceaccount.com`,
      },
    ],
    [
      good.REPOSITORY_MEMBER,
      { ...good.OF_SHOP, role: good.WRITER, member: good.PUSHER },
      `${shop}/shop/${good.WRITER}/${good.PUSHER}`,
      { repository: `${shop}/shop` },
    ],
    [
      good.ACCOUNT_MEMBER,
      { serviceAccountId: good.BUILDER_NAME, role: good.IMPERSONATOR, member: good.IN_SHOP },
      `${good.BUILDER_NAME}/${good.IMPERSONATOR}/${good.IN_SHOP}`,
      {},
    ],
    [
      POOL,
      { workloadIdentityPoolId: "pool-of-ci" },
      `projects/${good.REGISTRY}/locations/global/workloadIdentityPools/pool-of-ci`,
      {
        name: `projects/${projectNumber(good.REGISTRY)}/locations/global/workloadIdentityPools/pool-of-ci`,
        state: "ACTIVE",
      },
    ],
    [
      NODE_POOL,
      good.BUILDERS,
      "projects/shop-clusters/locations/europe-central2/clusters/dev/nodePools/builders",
      { project: "shop-clusters" },
    ],
    [SERVICE, { service: "sts.googleapis.com", disableOnDestroy: true }, `${good.REGISTRY}/sts.googleapis.com`, {}],
  ])("%s %j", async (type, inputs, id, outputs) => {
    const made = await cloud.make(type, inputs);
    expect(made.id).toBe(id);
    expect(made.outputs).toMatchObject(outputs);
    await by.delete(type, id);
  });
});

describe("keys", () => {
  const inputs = { serviceAccountId: good.BUILDER_NAME, keepers: { rotation: "1" } };
  const file = (outputs: ValueMap) => JSON.parse(Buffer.from(String(outputs.privateKey), "base64").toString());

  test("are as the CLI writes them, each another one, and Google does not keep the private part", async () => {
    const [one, two] = [await cloud.make(KEY, inputs), await cloud.make(KEY, inputs)];
    expect(one.id).not.toBe(two.id);
    const { private_key: key, ...rest } = file(one.outputs);
    expect(rest).toMatchObject({ type: "service_account", project_id: good.REGISTRY, client_email: good.BUILDER });
    expect(one.id).toBe(`${good.BUILDER_NAME}/keys/${rest.private_key_id}`);
    expect(key).toContain("BEGIN PRIVATE KEY");
    const stored = readdirSync(state.folder).map((name) => readFileSync(join(state.folder, name), "utf8"));
    expect(stored.filter((text) => text.includes(String(one.outputs.privateKey)))).toEqual([]);
    expect(by.read(KEY, one.id, one.inputs, one.outputs)?.outputs).toEqual(one.outputs);
    for (const { id } of [one, two]) await by.delete(KEY, id);
  });

  test("are replaced by making the new one first", async () => {
    const { id, inputs: old, outputs } = await cloud.make(KEY, inputs);
    const change = by.diff(KEY, outputs, old, { ...old, keepers: { rotation: "2" } });
    expect(change.deleteBeforeReplace).toBe(false);
    await by.delete(KEY, id);
  });
});

describe("what goes away", () => {
  test("an API that is enabled is taken as it is, and stays enabled unless it is asked otherwise", async () => {
    const inputs = { service: "container.googleapis.com" };
    const first = await cloud.make(SERVICE, inputs);
    await by.delete(SERVICE, first.id);
    expect(by.read(SERVICE, first.id, {})).toBeDefined();
    const second = await cloud.make(SERVICE, { ...inputs, disableOnDestroy: true });
    expect(second.id).toBe(first.id);
    await by.delete(SERVICE, second.id);
    expect(by.read(SERVICE, first.id, {})).toBeUndefined();
  });

  test("a pool that was deleted is not there, and its id is not free", async () => {
    const inputs = { workloadIdentityPoolId: "deleted-pool" };
    const { id } = await cloud.make(POOL, inputs);
    await by.delete(POOL, id);
    expect(by.read(POOL, id, {})).toBeUndefined();
    await expect(cloud.make(POOL, inputs)).rejects.toThrow("Error 409: Requested entity already exists");
    const member = `principalSet:${good.POOL_MEMBERS}/deleted-pool/group/ci`;
    await expect(
      cloud.make(good.ACCOUNT_MEMBER, { serviceAccountId: good.BUILDER_NAME, role: good.IMPERSONATOR, member }),
    ).rejects.toThrow("Identity Pool does not exist (deleted-pool)");
  });

  test("a policy goes with what it is of, and is nobody else's", async () => {
    const writes = (repository: string) => ({ ...good.OF_SHOP, repository, role: good.WRITER, member: good.PUSHER });
    const repositories = ["web", "web-cache"].map((repositoryId) => ({ ...good.SHOP, repositoryId }));
    const [web, cache] = [
      await cloud.make(REPOSITORY, repositories[0]!),
      await cloud.make(REPOSITORY, repositories[1]!),
    ];
    const [right, other] = [
      await cloud.make(good.REPOSITORY_MEMBER, writes("web")),
      await cloud.make(good.REPOSITORY_MEMBER, writes("web-cache")),
    ];
    await by.delete(REPOSITORY, web.id);
    expect(by.read(good.REPOSITORY_MEMBER, right.id, {})).toBeUndefined();
    expect(by.read(good.REPOSITORY_MEMBER, other.id, {})).toBeDefined();
    await by.delete(REPOSITORY, cache.id);
  });

  test("a service account goes with its keys and with who may act as it", async () => {
    const { id: serviceAccountId } = await cloud.make(ACCOUNT, { accountId: "builders" });
    const key = await cloud.make(KEY, { serviceAccountId });
    const actor = { serviceAccountId, role: good.IMPERSONATOR, member: good.IN_SHOP };
    const member = await cloud.make(good.ACCOUNT_MEMBER, actor);
    await by.delete(ACCOUNT, serviceAccountId);
    expect(by.read(KEY, key.id, {})).toBeUndefined();
    expect(by.read(good.ACCOUNT_MEMBER, member.id, {})).toBeUndefined();
  });

  test("a service account is not deleted while policies name it", async () => {
    const email = `member-of-two@${good.REGISTRY}.iam.gserviceaccount.com`;
    await expect(by.delete(ACCOUNT, `projects/${good.REGISTRY}/serviceAccounts/${email}`)).rejects.toThrow(
      "is still a member",
    );
  });
});

describe("the provider", () => {
  const actor = `registry-admin@${good.REGISTRY}.iam.gserviceaccount.com`;
  const configure = (settings: ValueMap, impersonable: string[] = []) =>
    new StandinProvider(gcpStandin(impersonable), state).configure(settings);

  test("works in a project, as somebody whom one may act as", () => {
    expect(() => configure({ project: "123456789012" })).toThrow("123456789012 is not the id of a project");
    const settings = { project: good.REGISTRY, impersonateServiceAccount: actor };
    expect(() => configure(settings)).toThrow("Permission 'iam.serviceAccounts.getAccessToken' denied");
    expect(() => configure(settings, [actor])).not.toThrow();
    expect(() => configure({ ...settings, impersonateServiceAccount: "registry-admin" }, [actor])).toThrow(
      "registry-admin is not the address of a service account",
    );
  });

  test("has no setting that the program does not have", () => {
    const settings = { project: good.REGISTRY, credentials: "{}" };
    expect(gcpStandin().checkSettings(settings)).toEqual([
      { property: "credentials", reason: "is a setting that the stand-in does not know" },
    ]);
  });

  test("makes things in the project that is said rather than its own, and finds them there from any", async () => {
    const { id } = await cloud.make(ACCOUNT, { accountId: "elsewhere", project: "shop-clusters" });
    expect(id).toBe("projects/shop-clusters/serviceAccounts/elsewhere@shop-clusters.iam.gserviceaccount.com");
    const other = new StandinProvider(gcpStandin(), state);
    other.configure({ project: "shop-clusters" });
    expect(other.read(ACCOUNT, id, {})?.outputs.project).toBe("shop-clusters");
    await other.delete(ACCOUNT, id);
    expect([PROJECT, CLUSTER].every((type) => state.all().some((one) => one.type === type))).toBe(true);
  });
});

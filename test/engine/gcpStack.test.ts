// The stack `gcp-dev` on the real engine through its life, then the same with keys: what is in Google Cloud by a stand-in, what
// is in the cluster in a real one.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUILDER_SERVICE_ACCOUNT } from "../../infra/setupNames.ts";
import { setupIn } from "./cloudStack.ts";
import { live } from "./cluster.ts";
import type { EngineStack } from "./engine.ts";
import { BUILDERS, createGcpDev, HOST, keyed, PLACES, withWeb } from "./gcpDev.ts";
import type { GcpStack } from "./gcpStack.ts";
import { changes, names, succeed } from "./steps.ts";

const ACCOUNT = `projects/${PLACES.registry}/serviceAccounts/${BUILDERS}`;
const SHOP = `projects/${PLACES.registry}/locations/${PLACES.location}/repositories/shop`;
const NODES = `${PLACES.stack}-nodes@${PLACES.cluster}.iam.gserviceaccount.com`;
const API = `${PLACES.registry}/artifactregistry.googleapis.com`;

let made: GcpStack;
let stack: EngineStack;

beforeAll(async () => {
  made = await createGcpDev();
  stack = made.stack;
});

afterAll(() => made?.[Symbol.asyncDispose]());

const actingIn = (namespace: string) =>
  `${ACCOUNT}/roles/iam.workloadIdentityUser/` +
  `serviceAccount:${PLACES.cluster}.svc.id.goog[${namespace}/${BUILDER_SERVICE_ACCOUNT}]`;

/** The Docker configuration of builders in a namespace. */
async function dockerConfig(namespace: string) {
  const { pullSecrets } = await setupIn(namespace);
  const name = pullSecrets[0]!.name;
  const secret = (await live(namespace, `secret/${name}`)) as unknown as { data: Record<string, string> };
  const encoded = secret.data[".dockerconfigjson"]!;
  return { encoded, ...JSON.parse(Buffer.from(encoded, "base64").toString()) };
}

describe("the life of the stack gcp-dev", () => {
  test("a preview makes nothing", async () => {
    expect(changes(await succeed(stack, "preview")).length).toBeGreaterThan(0);
    expect(made.inCloud()).toEqual({});
  });

  test("up makes what in-cluster building on Artifact Registry needs, and gives nobody more", async () => {
    await succeed(stack, "up");
    const { Repository, Account, NodePool, Service } = made.inCloud();
    expect(Repository).toEqual([SHOP]);
    expect(Account).toEqual([`projects/${PLACES.cluster}/serviceAccounts/${NODES}`, ACCOUNT]);
    expect(NodePool).toEqual([
      `projects/${PLACES.cluster}/locations/${PLACES.location}/clusters/dev/nodePools/${PLACES.stack}-builder-amd64`,
    ]);
    expect(Service).toContain(API);
    expect(made.members()).toEqual(
      [
        `${SHOP}/roles/artifactregistry.writer/serviceAccount:${BUILDERS}`,
        `${SHOP}/roles/artifactregistry.reader/serviceAccount:${NODES}`,
        `${PLACES.cluster}/roles/container.defaultNodeServiceAccount/serviceAccount:${NODES}`,
        actingIn(PLACES.shop),
      ].sort(),
    );
  });

  test("builders are that service account, and no login for its host stands in their way", async () => {
    const account = (await live(PLACES.shop, `serviceaccount/${BUILDER_SERVICE_ACCOUNT}`)) as unknown as {
      metadata: { annotations: Record<string, string> };
    };
    expect(account.metadata.annotations).toEqual({ "iam.gke.io/gcp-service-account": BUILDERS });
    expect(Object.keys((await dockerConfig(PLACES.shop)).auths ?? {})).not.toContain(HOST);
  });

  test("a second run changes nothing, nor does a refresh find anything", async () => {
    expect(changes(await succeed(stack, "preview", "--expect-no-changes"))).toEqual([]);
    await made.expectNoDrift();
  });

  test("another namespace adds exactly one member and updates each setup in place, and nothing else", async () => {
    const before = made.members();
    await made.write(withWeb);
    const changed = await succeed(stack, "up");
    expect(changes(changed).filter((step) => !/^(create|update) /.test(step))).toEqual([]);
    expect(names(changed, "update")).toEqual([`${PLACES.shop}-setup`]);
    expect(names(changed, "create").filter((name) => !name.startsWith(PLACES.web))).toEqual([
      `builder-access-${PLACES.web}`,
    ]);
    expect(made.members().filter((id) => !before.includes(id))).toEqual([actingIn(PLACES.web)]);
    expect(before.filter((id) => !made.members().includes(id))).toEqual([]);
    expect(await setupIn(PLACES.web)).toEqual(await setupIn(PLACES.shop));
  });

  test("a member that was taken away by hand is added again, and nothing else is touched", async () => {
    const type = "gcp:serviceaccount/iAMMember:IAMMember";
    const place = { account: PLACES.registry, region: "" };
    made.cloud.remove(made.cloud.byId(type, actingIn(PLACES.web), place)!.address);
    await succeed(stack, "refresh");
    expect(changes(await succeed(stack, "up"))).toEqual([`create builder-access-${PLACES.web}`]);
  });

  test("destroy refuses while the repository is protected, and says which", async () => {
    const before = made.inCloud();
    const refused = await made.destroyAsUsersDo();
    expect(refused).toMatch(/registry-shop"? cannot be deleted\s+because it is protected/);
    expect(made.inCloud()).toEqual(before);
  });
});

describe("keys in the place of Workload Identity", () => {
  const idOf = async (number: number) => (await stack.resource(`builder-key-${number}`))?.id;

  /** The key that builders of a namespace log in with, as Google's tools read it from a file. */
  async function keyIn(namespace: string) {
    const { encoded, auths } = await dockerConfig(namespace);
    const [, username, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(auths[HOST].auth, "base64").toString())!;
    const file = JSON.parse(Buffer.from(password!, "base64").toString());
    return { encoded, username, password: password!, auth: String(auths[HOST].auth), file };
  }

  /** Every key that there was, in each form that it takes on its way; each in one piece, as a line break would hide it. */
  const forms = new Set<string>();

  test("the first key goes into the Secrets before the members of Workload Identity go", async () => {
    const { Service } = made.inCloud();
    await made.write(keyed(1));
    const { steps } = await succeed(stack, "up");
    expect(steps.filter((step) => /^(delete-replaced|replace|create-replacement) /.test(step))).toEqual([]);
    // APIs that keys do not need are the stack's no more, but they stay on.
    expect(steps.filter((step) => /^delete (?!.*-apis(-|$))/.test(step)).sort()).toEqual([
      `delete builder-access-${PLACES.shop}`,
      `delete builder-access-${PLACES.web}`,
    ]);
    const first = (name: string) => steps.findIndex((step) => step.endsWith(` ${name}`));
    expect(first("builder-key-1")).toBeGreaterThan(-1);
    expect(first("builder-key-1")).toBeLessThan(first(`${PLACES.shop}-pull-secret`));
    expect(first(`${PLACES.shop}-pull-secret`)).toBeLessThan(first(`builder-access-${PLACES.shop}`));
    expect(made.inCloud()).toMatchObject({ Key: [await idOf(1)], Service });
  });

  test.each([2, 3, 4])(
    "key %i: it is made, then in the Secrets, and then the last but one is deleted",
    async (number) => {
      await made.write(keyed(number));
      const result = await succeed(stack, "up");
      const steps = result.steps.filter((step) => !step.startsWith("read "));
      expect(steps[0]).toBe(`create builder-key-${number}`);
      expect(steps.slice(1, 3).sort()).toEqual([PLACES.shop, PLACES.web].map((name) => `update ${name}-pull-secret`));
      expect(steps.slice(3)).toEqual(number > 2 ? [`delete builder-key-${number - 2}`] : []);
      expect(made.inCloud().Key).toEqual([await idOf(number), await idOf(number - 1)].sort());

      for (const namespace of [PLACES.shop, PLACES.web]) {
        const { encoded, username, password, auth, file } = await keyIn(namespace);
        expect(username).toBe("_json_key_base64");
        expect(file).toMatchObject({ type: "service_account", client_email: BUILDERS });
        expect(`${ACCOUNT}/keys/${file.private_key_id}`).toBe(await idOf(number));
        const line = String(file.private_key).split("\n")[5] as string;
        for (const form of [encoded, password, auth, line]) forms.add(form);
      }
      const said = result.shown + JSON.stringify(result.events);
      expect([...forms].filter((form) => said.includes(form))).toEqual([]);
      expect(changes(await succeed(stack, "preview", "--expect-no-changes"))).toEqual([]);
    },
  );

  test("a refresh keeps the private key, which Google says once", async () => {
    await succeed(stack, "refresh", "--expect-no-changes");
    expect(changes(await succeed(stack, "preview", "--expect-no-changes"))).toEqual([]);
  });

  test("the state has keys only encrypted, and no file has one", async () => {
    const { resources, text } = await stack.exportState();
    const keys = resources.filter(({ type }) => type === "gcp:serviceaccount/key:Key");
    expect(keys.map(({ outputs }) => outputs?.privateKey)).toEqual(
      Array(2).fill(expect.objectContaining({ ciphertext: expect.any(String) })),
    );
    const files = await stack.allFiles();
    expect(files.some(({ path }) => path.includes("/backups/"))).toBe(true);
    expect(forms.size).toBeGreaterThanOrEqual(3 * 4);
    for (const form of forms) {
      expect(text.includes(form)).toBe(false);
      expect(files.filter(({ content }) => content.includes(form)).map(({ path }) => path)).toEqual([]);
    }
  });

  test("without protection destroy leaves nothing but the API, in Google Cloud and in the cluster", async () => {
    await made.write((config) => {
      keyed(4)(config);
      config["pergola:registry"].protect = false;
    });
    expect(changes(await succeed(stack, "up"))).toEqual([]);
    await made.destroyAll();
    expect(made.inCloud().Service).toContain(API);
  });
});

// Karpenter's objects as infra writes them, judged by an API server that has Karpenter's own definitions of them. Karpenter itself
// does not run: what it would make of them in AWS is not seen here.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KarpenterNodes, nodeClass, nodePool } from "../../infra/documents/aws/karpenter.ts";
import { kubectl } from "./cluster.ts";
import { karpenterDefinitions } from "./karpenterDefinitions.ts";
import { ObjectStack } from "./objects.ts";
import type { ObjectDescription } from "./programs/objects/description.ts";

const nodes: KarpenterNodes = {
  name: "engine-builder-amd64",
  architecture: "amd64",
  instanceTypes: ["c7a.2xlarge", "c7i.2xlarge"],
  capacity: "spot",
  image: "AL2023",
  nodeRole: "KarpenterNodeRole-dev",
  subnetTags: { "karpenter.sh/discovery": "dev" },
  securityGroupTags: { "karpenter.sh/discovery": "dev" },
  limits: { cpu: "64", memory: "256Gi" },
  diskGiB: 100,
  tags: { team: "shop" },
};

// biome-ignore lint/suspicious/noExplicitAny: wrong values are written into them
type Anything = any;

/** The resources of one stack, as the component makes them. */
function described(one: KarpenterNodes): ObjectDescription[] {
  const custom = { module: "apiextensions", kind: "CustomResource" };
  const [made, pool] = [nodeClass(one, { userNamespaces: false }), nodePool(one)] as Anything[];
  return [
    { ...custom, name: "class", args: made },
    { ...custom, name: "pool", args: pool, options: { dependsOn: ["class"] } },
  ];
}

test("where Karpenter is not installed, up says what is not there", async () => {
  await using lonely = await ObjectStack.create();
  const up = await lonely.operate("up", described(nodes));
  expect(up.code).not.toBe(0);
  expect(up.diagnostics.join()).toContain("knows no EC2NodeClass in karpenter.k8s.aws/v1");
});

/** What the API server, and not kubectl, says to objects, without making them. */
async function judged(objects: readonly object[]): Promise<string> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const flags = ["--server-side", "--dry-run=server", "--validate=false", "--field-manager=engine-tests"];
  return kubectl(["apply", ...flags, "-f", "-"], list);
}

describe("with Karpenter's definitions", () => {
  let definitions: AsyncDisposable;
  let stack: ObjectStack;

  beforeAll(async () => {
    definitions = await karpenterDefinitions();
    stack = await ObjectStack.create();
  }, 600_000);

  afterAll(async () => {
    await stack?.end();
    await definitions?.[Symbol.asyncDispose]();
  });

  test("everything that a stack file may say of Karpenter's nodes is accepted", async () => {
    const choices: KarpenterNodes[] = [nodes];
    for (const image of ["AL2023", "Bottlerocket"] as const) {
      for (const architecture of ["amd64", "arm64"] as const) {
        for (const capacity of ["onDemand", "spot"] as const) {
          const diskKey = capacity === "spot" ? "arn:aws:kms:eu-central-1:123456789012:key/1234" : undefined;
          const instanceTypes = architecture === "amd64" ? [] : ["c7g.2xlarge"];
          const tags = image === "AL2023" ? {} : nodes.tags;
          const name = `engine-${image}-${architecture}-${capacity}`.toLowerCase();
          choices.push({ ...nodes, name, image, architecture, capacity, diskKey, instanceTypes, tags });
        }
      }
    }
    const objects = choices.flatMap((one) =>
      [true, false].flatMap((userNamespaces) => [nodeClass(one, { userNamespaces }), nodePool(one)]),
    );
    const answers = (await judged(objects)).trim().split("\n");
    expect(answers).toHaveLength(objects.length);
    for (const answer of answers) expect(answer).toMatch(/serverside-applied \(server dry run\)$/);
  });

  describe("what would be wrong is refused, so that acceptance means something:", () => {
    const wrong: [string, (pool: Anything, made: Anything) => void, string][] = [
      [
        "a taint's effect as EKS spells it",
        (pool) => (pool.spec.template.spec.taints[0].effect = "NO_SCHEDULE"),
        'spec.template.spec.taints[0].effect: Unsupported value: "NO_SCHEDULE"',
      ],
      [
        "a policy that is none",
        (pool) => (pool.spec.disruption.consolidationPolicy = "WhenIdle"),
        'spec.disruption.consolidationPolicy: Unsupported value: "WhenIdle"',
      ],
      [
        "a reason that is none",
        (pool) => (pool.spec.disruption.budgets[0].reasons = ["Drift"]),
        'reasons[0]: Unsupported value: "Drift"',
      ],
      [
        "an age that is none",
        (pool) => (pool.spec.template.spec.expireAfter = "30 days"),
        "spec.template.spec.expireAfter: Invalid value",
      ],
      [
        "a requirement without values",
        (pool) => (pool.spec.template.spec.requirements[1].values = []),
        "requirements with operator 'In' must have a value defined",
      ],
      [
        "a label of Karpenter's own",
        (pool) => (pool.spec.template.metadata.labels["karpenter.sh/nodepool"] = "x"),
        'label "karpenter.sh/nodepool" is restricted',
      ],
      [
        "no class",
        (pool) => delete pool.spec.template.spec.nodeClassRef,
        "spec.template.spec.nodeClassRef: Required value",
      ],
      [
        "a field that is none",
        (pool) => (pool.spec.template.spec.taint = []),
        ".spec.template.spec.taint: field not declared in schema",
      ],
      [
        "more hops than there are",
        (_, made) => (made.spec.metadataOptions.httpPutResponseHopLimit = 65),
        "spec.metadataOptions.httpPutResponseHopLimit: Invalid value: 65",
      ],
      ["tokens in the words of nobody", (_, made) => (made.spec.metadataOptions.httpTokens = true), "httpTokens"],
      [
        "a family that is none",
        (_, made) => (made.spec.amiSelectorTerms = [{ alias: "al2024@latest" }]),
        "family is not supported",
      ],
      [
        "neither role nor profile",
        (_, made) => delete made.spec.role,
        "must specify exactly one of ['role', 'instanceProfile']",
      ],
      [
        "a disk whose size has no unit",
        (_, made) => (made.spec.blockDeviceMappings[0].ebs.volumeSize = "100"),
        "spec.blockDeviceMappings[0].ebs.volumeSize: Invalid value",
      ],
      [
        "a disk of no size",
        (_, made) => delete made.spec.blockDeviceMappings[0].ebs.volumeSize,
        "snapshotID or volumeSize must be defined",
      ],
      ["no subnets", (_, made) => (made.spec.subnetSelectorTerms = []), "subnetSelectorTerms cannot be empty"],
      [
        "subnets by an empty tag",
        (_, made) => (made.spec.subnetSelectorTerms = [{ tags: { a: "" } }]),
        "empty tag keys or values aren't supported",
      ],
      [
        "a tag of Karpenter's own",
        (_, made) => (made.spec.tags["karpenter.sh/nodepool"] = "x"),
        "tag contains a restricted tag matching karpenter.sh/nodepool",
      ],
    ];
    test.each(wrong)("%s", async (_, change, message) => {
      const [pool, made] = [
        structuredClone(nodePool(nodes)),
        structuredClone(nodeClass(nodes, { userNamespaces: true })),
      ];
      change(pool, made);
      await expect(judged([pool, made])).rejects.toThrow(message);
    });
  });

  test("the engine makes them, finds nothing to do afterwards, changes them in place and removes them", async () => {
    const created = await stack.succeed("up", described(nodes));
    expect(created.steps).toEqual(["create class", "create pool"]);
    // Although the API server adds what is default.
    const quiet = await stack.succeed("preview", described(nodes), {}, ["--refresh", "--expect-no-changes"]);
    expect([...quiet.steps].sort()).toEqual(["refresh class", "refresh pool"]);

    const larger = { ...nodes, limits: { cpu: "128", memory: "512Gi" }, diskGiB: 200 };
    expect((await stack.succeed("up", described(larger))).steps).toEqual(["update class", "update pool"]);
    const refused = await stack.operate("preview", described({ ...nodes, limits: { cpu: "many" } }));
    expect(refused.code).not.toBe(0);
    expect(refused.shown).toContain("spec.limits.cpu");

    const gone = await stack.succeed("up", []);
    expect(gone.steps).toEqual(["delete pool", "delete class"]);
  });
});

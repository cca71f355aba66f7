// Builder nodes of AWS by the program's production entry: what is asked of the providers.
import { describe, expect, test } from "vitest";
import { buildSetup } from "../../infra/setup.ts";
import { type ProgramRun, readStackFile, runProgram, type StackFileConfig } from "./program.ts";

// biome-ignore lint/suspicious/noExplicitAny: parts of it are replaced
type Change = (cluster: any, config: any) => void;

async function awsDev(change: Change = () => {}): Promise<ProgramRun> {
  const config: StackFileConfig = readStackFile("aws-dev");
  const cluster = config["pergola:cluster"] as { context: string };
  cluster.context = "pergola-local";
  change(cluster, config);
  const run = await runProgram({ stack: "aws-dev", config });
  expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
  return run;
}

/** The nodes' component and all below it: name -> registration. */
function nodesOf(run: ProgramRun) {
  const made = run.registrations.filter(({ name }) => name.startsWith("builder-nodes-"));
  return new Map(made.map((registration) => [registration.name, registration]));
}

describe("a node group of EKS", () => {
  test("is made with template, role and tags, in the cluster's account and region, and says what spot means", async () => {
    const run = await awsDev();
    const made = nodesOf(run);
    expect([...made].map(([name, { type }]) => `${name} ${type}`).sort()).toEqual([
      "builder-nodes-aws-dev-builder-amd64 pergola:infra:EksBuilderNodes",
      "builder-nodes-aws-dev-builder-amd64-autoscaler-disk aws:autoscaling/tag:Tag",
      "builder-nodes-aws-dev-builder-amd64-autoscaler-label aws:autoscaling/tag:Tag",
      "builder-nodes-aws-dev-builder-amd64-autoscaler-taint aws:autoscaling/tag:Tag",
      "builder-nodes-aws-dev-builder-amd64-group aws:eks/nodeGroup:NodeGroup",
      "builder-nodes-aws-dev-builder-amd64-role aws:iam/role:Role",
      "builder-nodes-aws-dev-builder-amd64-role-network aws:iam/rolePolicyAttachment:RolePolicyAttachment",
      "builder-nodes-aws-dev-builder-amd64-role-node aws:iam/rolePolicyAttachment:RolePolicyAttachment",
      "builder-nodes-aws-dev-builder-amd64-role-pull aws:iam/rolePolicyAttachment:RolePolicyAttachment",
      "builder-nodes-aws-dev-builder-amd64-template aws:ec2/launchTemplate:LaunchTemplate",
    ]);
    const aws = run.registrations.find(({ type }) => type === "pulumi:providers:aws")!;
    for (const { type, provider, urn, parent } of made.values()) {
      if (!type.startsWith("aws:")) continue;
      expect(provider, urn).toMatch(new RegExp(`^${aws.urn}::`));
      expect(parent).toBe(made.get("builder-nodes-aws-dev-builder-amd64")!.urn);
    }
    const group = made.get("builder-nodes-aws-dev-builder-amd64-group")!;
    expect(group.inputs).toMatchObject({
      clusterName: "dev",
      nodeGroupName: "aws-dev-builder-amd64",
      taints: [{ key: "garden-build", value: "true", effect: "NO_SCHEDULE" }],
      scalingConfig: { minSize: 0, maxSize: 5, desiredSize: 0 },
    });
    expect(made.get("builder-nodes-aws-dev-builder-amd64-role")!.inputs).toMatchObject({
      name: "aws-dev-builder-amd64-node",
    });
    // The provider would find no tags each time where an empty map was asked for.
    for (const { type, inputs, urn } of made.values()) expect([type, inputs.tags], urn).toEqual([type, undefined]);
    // AL2023 has user namespaces by itself.
    expect(made.get("builder-nodes-aws-dev-builder-amd64-template")!.inputs).not.toHaveProperty("userData");
    expect(run.messages.map(({ severity, text }) => `${severity} ${text}`)).toEqual([
      expect.stringMatching(
        /^INFO pergola:cluster\.builderNodes\[0\]\.capacity is spot, and cluster-buildkit builds there/,
      ),
    ]);
  });

  test("makes the role with the name, path and boundary that it shall have", async () => {
    const role = { name: "nodes", path: "/nodes/", permissionsBoundary: "arn:aws:iam::123456789012:policy/nodes" };
    const made = nodesOf(await awsDev((cluster) => Object.assign(cluster.builderNodes[0], { role })));
    expect(made.get("builder-nodes-aws-dev-builder-amd64-role")!.inputs).toMatchObject(role);
  });

  test("takes the role that is given", async () => {
    const nodeRole = "arn:aws:iam::123456789012:role/nodes";
    const made = nodesOf(
      await awsDev((cluster) => Object.assign(cluster.builderNodes[0], { nodeRole, image: "Bottlerocket" })),
    );
    expect([...made.keys()].filter((name) => name.includes("role"))).toEqual([]);
    expect(made.get("builder-nodes-aws-dev-builder-amd64-group")!.inputs.nodeRoleArn).toBe(nodeRole);
    // The profile of aws-dev is rootless.
    const userData = Buffer.from(
      made.get("builder-nodes-aws-dev-builder-amd64-template")!.inputs.userData as string,
      "base64",
    );
    expect(userData.toString()).toContain("user.max_user_namespaces");
  });
});

describe("nodes of two architectures, one of them by Karpenter", () => {
  test("are made each in its way, and builders are led to the right ones", async () => {
    const run = await awsDev((cluster, config) => {
      cluster.builderNodes.push({
        kind: "karpenter",
        architecture: "arm64",
        nodeRole: "KarpenterNodeRole-dev",
        subnetTags: { "karpenter.sh/discovery": "dev" },
        securityGroupTags: { "karpenter.sh/discovery": "dev" },
      });
      config["pergola:builder"].modes["cluster-buildkit"].platforms = ["linux/arm64"];
    });
    const made = nodesOf(run);
    expect(made.get("builder-nodes-aws-dev-builder-arm64-class")).toMatchObject({
      type: "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass",
      parent: made.get("builder-nodes-aws-dev-builder-arm64")!.urn,
      inputs: { metadata: { name: "aws-dev-builder-arm64" } },
    });
    expect(made.get("builder-nodes-aws-dev-builder-arm64-pool")).toMatchObject({
      type: "kubernetes:karpenter.sh/v1:NodePool",
      inputs: { spec: { template: { spec: { nodeClassRef: { name: "aws-dev-builder-arm64" } } } } },
    });
    const { modes } = buildSetup.parse(run.outputs.setup).builders;
    expect(modes["cluster-buildkit"]).toMatchObject({
      platforms: ["linux/arm64"],
      nodeSelector: { "garden-build": "true", "kubernetes.io/arch": "arm64" },
    });
    // BuildKit is not on the nodes that AWS may take back.
    expect(run.messages).toEqual([]);
  });
});

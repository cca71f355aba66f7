/** Builder nodes as a managed node group of EKS. */
import { Tag } from "@pulumi/aws/autoscaling/tag.js";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate.js";
import { NodeGroup } from "@pulumi/aws/eks/nodeGroup.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import * as pulumi from "@pulumi/pulumi";
import { clusterHome } from "../access/builderRoles.ts";
import { inAwsPlace } from "../awsProviders.ts";
import { autoscalerTags, launchTemplate, nodeGroup, tagsOf } from "../documents/aws/nodeGroup.ts";
import { nodePolicies, nodeRoleArgs, nodeTrust } from "../documents/aws/nodeRole.ts";
import type { Environment } from "../environment.ts";
import type { EksNodesConfig } from "../sections/builderNodes.ts";
import { groupNameOf } from "./nodeNames.ts";
import { needsUserNamespaces } from "./nodeUse.ts";

export interface EksBuilderNodesArgs {
  /** as in the stack file, with its name */
  readonly nodes: EksNodesConfig & { readonly name: string };
  readonly clusterName: string;
  readonly region: string;
  /** whether builders on these nodes need user namespaces */
  readonly userNamespaces: boolean;
}

/**
 * A managed node group with its launch template, and its role where none is given. There is no access entry for the role: EKS
 * makes and removes those of managed node groups itself (EKS user guide, "Create access entries").
 */
export class EksBuilderNodes extends pulumi.ComponentResource {
  /** name of the node group */
  public readonly nodeGroupName: pulumi.Output<string>;

  constructor(name: string, args: EksBuilderNodesArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:EksBuilderNodes", name, {}, opts);
    const { nodes, clusterName, userNamespaces } = args;
    const child = { parent: this };
    const template = new LaunchTemplate(`${name}-template`, launchTemplate(nodes, { userNamespaces }), child);
    const role =
      nodes.nodeRole === undefined ? this.role(name, args) : { arn: pulumi.output(nodes.nodeRole), dependsOn: [] };
    const group = new NodeGroup(
      `${name}-group`,
      {
        ...nodeGroup(nodes),
        clusterName,
        nodeRoleArn: role.arn,
        // A version by its number: EKS answers with the number of $Latest, and every preview would differ.
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
      },
      {
        ...child,
        // The policies outlive the nodes, which need them until they are gone.
        dependsOn: role.dependsOn,
        // The autoscaler's. What is sent along with another min or max is what the state has, hence up --refresh.
        ignoreChanges: ["scalingConfig.desiredSize"],
        // Its name is taken until it is gone.
        deleteBeforeReplace: true,
      },
    );
    const autoscalingGroupName = group.resources.apply((made) => made[0]!.autoscalingGroups![0]!.name!);
    for (const [purpose, tag] of Object.entries(autoscalerTags(nodes))) {
      const args = { autoscalingGroupName, tag: { ...tag, propagateAtLaunch: false } };
      new Tag(`${name}-autoscaler-${purpose}`, args, child);
    }
    this.nodeGroupName = group.nodeGroupName;
    this.registerOutputs({ nodeGroupName: this.nodeGroupName });
  }

  private role(name: string, { nodes, region }: EksBuilderNodesArgs) {
    const child = { parent: this };
    const role = new Role(
      `${name}-role`,
      {
        ...nodeRoleArgs(nodes),
        description: `Nodes of the node group ${nodes.name}: they join their cluster and pull images`,
        assumeRolePolicy: JSON.stringify(nodeTrust(region)),
        ...tagsOf(nodes),
      },
      child,
    );
    const attachments = nodePolicies(region).map(
      ([purpose, policyArn]) =>
        new RolePolicyAttachment(`${name}-role-${purpose}`, { role: role.name, policyArn }, child),
    );
    return { arn: role.arn, dependsOn: attachments };
  }
}

/** Makes a node group of the stack file, in the account and region of the cluster. The rules made sure of both. */
export async function provisionEksNodes({ config, stack }: Environment, nodes: EksNodesConfig): Promise<void> {
  const { account, region } = clusterHome(config)!;
  const { name: clusterName, assumeRole } = config.cluster.eks!;
  const name = groupNameOf(nodes, stack);
  new EksBuilderNodes(
    // As nodes of GKE: what has another architecture under a name that is written is the same for the engine.
    `builder-nodes-${name}`,
    {
      nodes: { ...nodes, name },
      clusterName,
      region,
      userNamespaces: needsUserNamespaces(config, nodes.architecture),
    },
    inAwsPlace({ account, region, assumeRole }),
  );
}

/** The role of builder nodes: what a node needs to be one, and pulling. Builders push as themselves, never as their node. */
import { domainOf, partitionOf } from "./partition.ts";

/**
 * AWS's policies that a made role has (EKS user guide, "Amazon EKS node IAM role"), by what they are for. The one for the network
 * is there because the VPC CNI plugin goes by the role of its node unless it was given one of its own.
 */
const POLICIES = {
  node: "AmazonEKSWorkerNodePolicy",
  network: "AmazonEKS_CNI_Policy",
  pull: "AmazonEC2ContainerRegistryPullOnly",
} as const;

/** What a stack file says of a role that is made for nodes. */
export interface NodeRoleOptions {
  readonly name?: string | undefined;
  readonly path: string;
  readonly permissionsBoundary?: string | undefined;
}

/**
 * Name of the role of a node group, where it is given none. It has a suffix, as a team may be called `amd64` and its builders' role
 * like the group.
 */
export function nodeRoleName(group: string): string {
  return `${group}-node`;
}

/** What a stack file says of the role of a node group, as the provider takes it. */
export function nodeRoleArgs({ name, role }: { readonly name: string; readonly role?: NodeRoleOptions | undefined }) {
  return {
    name: role?.name ?? nodeRoleName(name),
    ...(role === undefined ? {} : { path: role.path }),
    ...(role?.permissionsBoundary === undefined ? {} : { permissionsBoundary: role.permissionsBoundary }),
  };
}

/** What the role's trust document says: EC2 may assume it, which is how an instance gets its role. */
export function nodeTrust(region: string): object {
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: `ec2.${domainOf(region)}` }, Action: "sts:AssumeRole" }],
  };
}

/** The policies of a made role: what each is for -> its ARN in the partition of the region. */
export function nodePolicies(region: string): [string, string][] {
  return Object.entries(POLICIES).map(([purpose, name]) => [
    purpose,
    `arn:${partitionOf(region)}:iam::aws:policy/${name}`,
  ]);
}

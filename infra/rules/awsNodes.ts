/** Rules about builder nodes that are made in AWS. */
import { clusterHome } from "../access/builderRoles.ts";
import type { ParsedSections } from "../config.ts";
import { listedTwice, type Problem, problem } from "../configProblems.ts";
import { architectureOf } from "../documents/aws/instanceTypes.ts";
import { nodeRoleName } from "../documents/aws/nodeRole.ts";
import { parseArn, partitionOf } from "../documents/aws/partition.ts";
import { ROLE_NAME_LIMIT, roleNameProblem } from "../documents/aws/roleNames.ts";
import type { EksNodesConfig, KarpenterNodesConfig } from "../sections/builderNodes.ts";

type Path = readonly (string | number)[];
type Home = { readonly account: string | null; readonly region: string };

/** What AWS would refuse of the nodes that are made, or what would never become a node. */
export function awsNodeProblems({ registry, cluster }: ParsedSections): Problem[] {
  return (cluster?.builderNodes ?? []).flatMap((nodes, index) => {
    if (nodes.kind !== "eks" && nodes.kind !== "karpenter") return [];
    const path = ["cluster", "builderNodes", index];
    const eks = cluster?.eks;
    if (eks === undefined) {
      const message = `is of kind ${nodes.kind}, which needs pergola:cluster.eks: { name, region } of the cluster; add it`;
      return [problem(path, message), ...fitting(path, nodes, null)];
    }
    const account = (registry && cluster && clusterHome({ registry, cluster })?.account) ?? null;
    // A registry that could not be parsed may name the account.
    if (account === null && nodes.kind === "eks" && registry !== undefined) {
      const message = "is missing: nodes are made in the account of the cluster, and the registry names none; add it";
      return [
        problem(["cluster", "eks", "account"], message),
        ...fitting(path, nodes, { account, region: eks.region }),
      ];
    }
    return fitting(path, nodes, { account, region: eks.region });
  });
}

function fitting(path: Path, nodes: EksNodesConfig | KarpenterNodesConfig, home: Home | null): Problem[] {
  return [
    ...instanceTypes(path, nodes),
    ...keyPlace(path, nodes, home),
    ...(nodes.kind === "eks" ? nodeGroup(path, nodes, home) : selectors(path, nodes)),
  ];
}

function instanceTypes(
  path: Path,
  { instanceTypes: types, architecture }: EksNodesConfig | KarpenterNodesConfig,
): Problem[] {
  return types.flatMap((type, index) => {
    const at = [...path, "instanceTypes", index];
    if (types.indexOf(type) !== index) return [problem(at, `${JSON.stringify(type)} is listed twice`)];
    const own = architectureOf(type);
    if (own === architecture) return [];
    return [problem(at, `${JSON.stringify(type)} is an ${own} machine, but these nodes are ${architecture}`)];
  });
}

function keyPlace(path: Path, { diskKey }: { readonly diskKey?: string | undefined }, home: Home | null): Problem[] {
  const region = diskKey === undefined ? undefined : parseArn(diskKey)?.region;
  if (home === null || region === undefined || region === home.region) return [];
  const message = `is a key in ${region || "no region"}, but the nodes' disks are in ${home.region}, where their key has to be`;
  return [problem([...path, "diskKey"], message)];
}

function nodeGroup(path: Path, nodes: EksNodesConfig, home: Home | null): Problem[] {
  const { min, max, subnets, nodeRole, name, role: made } = nodes;
  const problems: Problem[] = [];
  if (min > max) problems.push(problem([...path, "min"], `is ${min}, more than max, which is ${max}`));
  problems.push(...listedTwice([...path, "subnets"], subnets));
  const role = nodeRole === undefined ? null : parseArn(nodeRole);
  if (role !== null && home !== null && role.partition !== partitionOf(home.region)) {
    const message = `is of the partition ${role.partition}, but the cluster is in ${home.region}, so in ${partitionOf(home.region)}`;
    problems.push(problem([...path, "nodeRole"], message));
  } else if (role !== null && home?.account != null && role.account !== home.account) {
    const message = `is a role of account ${role.account}, but the cluster is in ${home.account}: nodes have a role of their own account`;
    problems.push(problem([...path, "nodeRole"], message));
  }
  if (
    nodeRole === undefined &&
    made?.name === undefined &&
    name !== undefined &&
    roleNameProblem(nodeRoleName(name)) !== null
  ) {
    const message =
      `${JSON.stringify(name)} is too long for the role that is made, ${nodeRoleName(name)}: of ${ROLE_NAME_LIMIT} characters at ` +
      "most; shorten it, or give role.name or nodeRole";
    problems.push(problem([...path, "name"], message));
  }
  return problems;
}

function selectors(path: Path, nodes: KarpenterNodesConfig): Problem[] {
  const needed = { subnetTags: "subnets", securityGroupTags: "security groups" } as const;
  return (Object.keys(needed) as (keyof typeof needed)[]).flatMap((key) => {
    const tags = Object.entries(nodes[key]);
    if (tags.length === 0) {
      const message = `is missing: Karpenter finds ${needed[key]} by their tags; add it, such as { karpenter.sh/discovery: <cluster> }`;
      return [problem([...path, key], message)];
    }
    return tags
      .filter(([, value]) => value === "")
      .map(([tag]) => problem([...path, key, tag], 'is empty, which Karpenter does not take; write "*" for any value'));
  });
}

/** Rules about builder nodes of any kind, and about builders that have to find nodes. */

import { nodesNameOf } from "../cluster/nodeNames.ts";
import { nodePlatforms } from "../cluster/nodeUse.ts";
import { modesOf, type ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import type { BuilderNodesConfig } from "../sections/builderNodes.ts";

/** One entry for each architecture, and builders that each find nodes. */
export function nodeProblems({ builder, cluster }: ParsedSections, stack: string): Problem[] {
  if (cluster === undefined) return [];
  const nodes = cluster.builderNodes;
  const problems = [...architectureTwice(nodes), ...nameTwice(nodes, stack)];
  const platforms = nodePlatforms(nodes);
  for (const [name, mode] of builder === undefined ? [] : modesOf({ builder })) {
    const path = ["builder", "modes", name, "platforms"];
    const wanted = mode.platforms ?? [];
    for (const platform of wanted.filter((one) => !platforms.includes(one))) {
      problems.push(problem(path, `has ${platform}, but the builder nodes are ${platforms.join(" and ")}`));
    }
    const twice = wanted.find((platform, index) => wanted.indexOf(platform) !== index);
    if (twice !== undefined) problems.push(problem(path, `has ${twice} twice`));
    if (name === "cluster-buildkit" && platforms.length > 1 && new Set(mode.platforms).size !== 1) {
      const found = mode.platforms === undefined ? "is missing, and the builder nodes are" : "has";
      const choices = platforms.map((platform) => `[${platform}]`).join(" or ");
      const message = `${found} ${platforms.join(" and ")}: BuildKit's pod is on a node of one architecture; write ${choices}`;
      problems.push(problem(path, message));
    }
  }
  return problems;
}

function architectureTwice(nodes: BuilderNodesConfig): Problem[] {
  return nodes.flatMap((entry, index) => {
    const { architecture } = entry;
    const first = nodes.findIndex((other) => other.architecture === architecture);
    if (first === index) return [];
    const message =
      `is ${JSON.stringify(architecture)}, as that of entry ${first}: builders tell nodes apart by their architecture alone, so ` +
      `two entries of one are one; ${"instanceTypes" in entry ? "write more instanceTypes into one entry" : "keep one of them"}`;
    return [problem(["cluster", "builderNodes", index, "architecture"], message)];
  });
}

/** Names by rule have the architecture in them, so one of two that are the same is written. */
function nameTwice(nodes: BuilderNodesConfig, stack: string): Problem[] {
  const written = nodes.map((one) => ("name" in one ? one.name : undefined));
  return written.flatMap((name, index) => {
    if (name === undefined) return [];
    const path = ["cluster", "builderNodes", index, "name"];
    if (written.indexOf(name) !== index)
      return [problem(path, `${JSON.stringify(name)} is the name of another entry, too`)];
    const byRule = nodes.findIndex((one, at) => written[at] === undefined && nodesNameOf(one, stack) === name);
    if (byRule < 0) return [];
    const message = `${JSON.stringify(name)} is what entry ${byRule} is called by rule, as it has no name; write another one`;
    return [problem(path, message)];
  });
}

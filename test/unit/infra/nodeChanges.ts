/** Changes of the builder nodes of a stack file on AWS, for the tests of their rules. */
import type { Change } from "./config.ts";

/** Where the first of them is. */
export const AT = "pergola:cluster.builderNodes[0]";

/** Changes the first of them; all of them are there, too. */
// biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
export const nodes = (change: (it: any, all: any[]) => void): Change => {
  return (config) => {
    const all = config["pergola:cluster"].builderNodes;
    change(all[0], all);
  };
};

const KARPENTER = {
  kind: "karpenter",
  nodeRole: "KarpenterNodeRole-dev",
  subnetTags: { "karpenter.sh/discovery": "dev" },
  securityGroupTags: { "karpenter.sh/discovery": "dev" },
};

/** Makes the first of them one of Karpenter, and changes that. */
// biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
export const karpenter = (change: (it: any) => void): Change =>
  nodes((_, all) => {
    all[0] = structuredClone(KARPENTER);
    change(all[0]);
  });

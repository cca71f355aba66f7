/** The one provider block of an environment that is asked for, for the tests of `pergola garden`. */
import { gardenBlocks } from "../../../../builders/garden/blocks.ts";
import type { BuildSetup, ClusterModeName } from "../../../../infra/setup.ts";

/** Options of blocks for which nobody asked for anything. */
export const options = { mode: null, namespace: null, context: "dev" };

function only(setup: BuildSetup, mode: ClusterModeName, namespace: string | null = null) {
  const { blocks } = gardenBlocks(setup, { ...options, mode, namespace });
  if (blocks.length !== 1 || blocks[0] === undefined) throw new Error("not one block");
  return blocks[0];
}

export const buildkit = (setup: BuildSetup, namespace: string | null = null) =>
  only(setup, "cluster-buildkit", namespace);
export const kaniko = (setup: BuildSetup, namespace: string | null = null) => only(setup, "kaniko", namespace);

/** What of a block Garden lacks. */
export const lacking = ({ remarks }: ReturnType<typeof only>) =>
  remarks.filter((one) => one.lacking).map(({ text }) => text);

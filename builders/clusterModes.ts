/** The modes of an environment that build in its cluster. */
import type { BuilderMode, BuildSetup, ClusterModeName } from "../infra/setup.ts";

/** Each with its name, in a fixed order. */
export function clusterModes({ builders }: Pick<BuildSetup, "builders">): [ClusterModeName, BuilderMode][] {
  return (["cluster-buildkit", "kaniko"] as const).flatMap((name) => {
    const mode = builders.modes[name];
    return mode === undefined ? [] : [[name, mode] as [ClusterModeName, BuilderMode]];
  });
}

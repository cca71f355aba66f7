// What a kind node's shell makes of the import: the snapshotter is the one of the CRI plugin, wherever containerd's version has it.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { planLoad } from "../../../../../builders/plan/load.ts";
import { image } from "../../samples.ts";
import { programs } from "./programs.ts";

const { argv } = planLoad(image({ platforms: ["linux/amd64"] }), { into: "kind", cluster: "c" }, ["a:1"], false);

/** What ctr gets in a node whose `containerd config dump` prints this. */
function imported(dump: string): string {
  const environment = programs({
    containerd: `[ "$*" = "config dump" ] && cat <<'END'\n${dump}\nEND`,
    ctr: 'echo "$@"; exec cat',
  });
  const [program = "", ...rest] = argv.slice(argv.indexOf("NODE") + 1);
  return execFileSync(program, rest, { env: environment, input: "archive", encoding: "utf8" });
}
const importing = (more: string): string => `--namespace k8s.io images import ${more}--platform linux/amd64 -\narchive`;

describe("an import in a kind node", () => {
  it.each<[string, string, string]>([
    [
      "version 2 (containerd 1.3 and later)",
      `version = 2
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".containerd]
      default_runtime_name = "runc"
      snapshotter = "fuse-overlayfs"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
        snapshotter = ""
  [plugins."io.containerd.transfer.v1.local"]
      snapshotter = "overlayfs"`,
      "--snapshotter fuse-overlayfs ",
    ],
    [
      "version 3 (containerd 2)",
      `version = 3
[plugins]
  [plugins.'io.containerd.cri.v1.images']
    snapshotter = 'native'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    snapshotter = ''`,
      "--snapshotter native ",
    ],
    ["nothing of a snapshotter", "version = 2", ""],
  ])("with %s", (_, dump, flag) => {
    expect(imported(dump)).toBe(importing(flag));
  });
});

/** Karpenter's own definitions of its objects in the cluster under test, for the time of a test. */
import { execa } from "execa";
import { Progress } from "../../local/progress.ts";
import { ensureToolchain } from "../../local/toolchain/index.ts";
import { kubectl } from "./cluster.ts";

/** Applies them, and waits until the API server serves them. Disposing of them deletes them with all objects of theirs. */
export async function karpenterDefinitions(): Promise<AsyncDisposable> {
  const toolchain = await ensureToolchain(new Progress(), ["karpenter-crds"]);
  const { stdout } = await execa(toolchain.path("karpenter-crds"));
  await kubectl(["apply", "--server-side", "-f", "-"], stdout);
  await kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", "-"], stdout);
  return {
    async [Symbol.asyncDispose]() {
      await kubectl(["delete", "--ignore-not-found", "-f", "-"], stdout);
    },
  };
}

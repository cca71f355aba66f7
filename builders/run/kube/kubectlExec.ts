/**
 * Commands in a pod by `kubectl exec`: for API servers behind a proxy that lets no WebSocket through, as kubectl can go by SPDY
 * too. Slower by the start of a process for each command. buildctl's own `kube-pod://` addresses do the same; here it is done
 * below the bridge, so that the watchdog sees the bytes, and credentials and the copy of buildctl go the same way.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { PergolaError } from "../../errors.ts";
import type { ExecResult } from "./channels.ts";
import { interrupted } from "./errors.ts";
import type { Exec, ExecTarget } from "./exec.ts";
import { type KubeTarget, kubeconfigFiles } from "./kubeconfig.ts";

const STDERR_TAIL = 4096;

/** What kubectl itself says last when it was the command that failed, not the way to it. */
const COMMAND_FAILED = /(?:^|\n)command terminated with exit code (\d+)\s*$/;

/**
 * Starts a command, with kubectl from the PATH of `environment` and in a process group of its own, so that a Ctrl-C does not
 * reach it before it does its work. What the cluster answers is only known by {@link Exec.result}.
 * @throws PergolaError: builder-tool-missing (no kubectl), interrupted
 */
export async function openKubectlExec(
  cluster: Pick<KubeTarget, "context" | "server">,
  environment: NodeJS.ProcessEnv,
  { namespace, pod, container, command }: ExecTarget,
  signal?: AbortSignal,
): Promise<Exec> {
  if (signal?.aborted) throw interrupted();
  const context = kubeconfigFiles(environment).length > 0 ? ["--context", cluster.context] : [];
  const where = [...context, "--namespace", namespace, "--container", container];
  const child = spawn("kubectl", ["exec", "--stdin", "--quiet", ...where, pod, "--", ...command], {
    env: environment,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const close = (): void => killGroup(child);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_TAIL);
  });
  // Whoever writes sees the error by its own listener; without one it must not end the process.
  child.stdin.on("error", () => {});
  const result = new Promise<ExecResult>((resolve) => {
    child.once("close", (code, killed) => {
      signal?.removeEventListener("abort", close);
      if (code === 0) return resolve({ exitCode: 0, message: "" });
      const failed = COMMAND_FAILED.exec(stderr);
      if (failed) {
        stderr = stderr.slice(0, failed.index);
        return resolve({ exitCode: Number(failed[1]), message: failed[0].trim() });
      }
      // What kubectl says of itself is not what the command says.
      const said = stderr.trim().replace(/^error: /, "");
      stderr = "";
      resolve({ exitCode: null, message: said || `kubectl exec ended by ${killed ?? `exit code ${code}`}` });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) =>
      reject(
        new PergolaError(
          {
            code: "builder-tool-missing",
            message: `kubectl, to reach pod ${pod} with, cannot be started: ${(error as NodeJS.ErrnoException).code === "ENOENT" ? "it is not on the PATH" : error.message}.`,
            hint: "Put kubectl on the PATH, or leave out --transport kubectl.",
          },
          { cause: error },
        ),
      ),
    );
  });
  if (signal?.aborted) close();
  else signal?.addEventListener("abort", close, { once: true });
  // What kubectl itself has taken: what becomes of it there, it does not say.
  const taken = () => (child.stdin as Socket).bytesWritten - child.stdin.writableLength;
  return { stdin: child.stdin, stdout: child.stdout, stderr: () => stderr, taken, result, close };
}

/** kubectl, and credential plugins that it started. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  } catch {
    // nothing left
  }
}

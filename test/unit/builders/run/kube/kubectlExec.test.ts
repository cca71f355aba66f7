import { chmodSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { refusesUpgrade } from "../../../../../builders/run/kube/errors.ts";
import { openKubectlExec } from "../../../../../builders/run/kube/kubectlExec.ts";
import { folder, rejectionOf } from "../../samples.ts";

const cluster = { context: "dev", server: "https://dev" };
const target = { namespace: "shop", pod: "p", container: "c", command: ["cat", "a b"] };

/** A kubectl that notes its arguments in `args` and then does this. */
function kubectl(script: string): string {
  const root = folder({
    kubectl: `#!/bin/sh\nprintf '%s\\n' "$@" > "$(dirname "$0")/args"\n${script}\n`,
    config: "{}",
  });
  chmodSync(path.join(root, "kubectl"), 0o755);
  return root;
}

async function run(script: string, input: string) {
  const root = kubectl(script);
  const environment = { PATH: `${root}:/usr/bin:/bin`, KUBECONFIG: path.join(root, "config") };
  const exec = await openKubectlExec(cluster, environment, target);
  exec.stdin.end(input);
  let stdout = "";
  for await (const chunk of exec.stdout) stdout += chunk;
  const result = await exec.result;
  return { result, stdout, stderr: exec.stderr(), args: readFileSync(path.join(root, "args"), "utf8").split("\n") };
}

describe("a command by kubectl exec", () => {
  it("gets its input, and what it says comes back", async () => {
    const { args, ...done } = await run("cat; echo aside >&2", "hello");
    expect(done).toEqual({ stdout: "hello", stderr: "aside\n", result: { exitCode: 0, message: "" } });
    const where = ["--context", "dev", "--namespace", "shop", "--container", "c", "p"];
    expect(args).toEqual(["exec", "--stdin", "--quiet", ...where, "--", "cat", "a b", ""]);
  });

  it.each([
    [
      "its own exit code",
      "echo said >&2; echo 'command terminated with exit code 3' >&2; exit 3",
      { stderr: "said", result: { exitCode: 3, message: "command terminated with exit code 3" } },
    ],
    [
      "the cluster's refusal, which is no exit code of the command",
      "echo 'Error from server (NotFound): pods \"p\" not found' >&2; exit 1",
      { stderr: "", result: { exitCode: null, message: 'Error from server (NotFound): pods "p" not found' } },
    ],
    [
      "a sudden end",
      "kill -9 $$",
      { stderr: "", result: { exitCode: null, message: "kubectl exec ended by SIGKILL" } },
    ],
  ])("that fails: %s", async (_, script, expected) => {
    expect(await run(script, "")).toMatchObject(expected);
  });

  it("is ended, with what it started, when it is closed or the signal is aborted", async () => {
    for (const way of ["close", "abort"]) {
      const environment = { PATH: `${kubectl("sleep 1000 & wait")}:/usr/bin:/bin` };
      const stop = new AbortController();
      const exec = await openKubectlExec(cluster, environment, target, stop.signal);
      if (way === "close") exec.close();
      else stop.abort();
      expect((await exec.result).exitCode).toBeNull();
    }
  });

  it("needs a kubectl on the PATH", async () => {
    expect(await rejectionOf(openKubectlExec(cluster, { PATH: folder({}) }, target))).toMatchObject({
      code: "builder-tool-missing",
      message: "kubectl, to reach pod p with, cannot be started: it is not on the PATH.",
    });
  });
});

describe("an answer to a request for a WebSocket", () => {
  const status = (message: string) => JSON.stringify({ kind: "Status", message });
  it.each<[number, string, boolean]>([
    [400, "Bad Request", true],
    [502, "<html>Bad Gateway</html>", true],
    [200, "", true],
    [400, status("Upgrade request required"), true],
    [400, status("container c is not valid for pod p"), false],
    [500, status("error dialing backend: connection refused"), false],
    [401, "Unauthorized", false],
    [403, "<html>blocked</html>", false],
    [404, status('pods "p" not found'), false],
    [429, "slow down", false],
    [503, "no healthy upstream", false],
    [504, "<html>Gateway Time-out</html>", false],
    [501, "", true],
    [426, "", true],
  ])("%i %j refuses the WebSocket itself: %s", (code, body, expected) => {
    expect(refusesUpgrade(code, body)).toBe(expected);
  });
});

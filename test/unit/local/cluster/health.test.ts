import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastingProblems, memberReady, quoteTail, waitUntil } from "../../../../local/cluster/health.ts";
import { type StateFolder, stateFolder } from "../../../../local/cluster/stateFolder.ts";

let state: StateFolder;
beforeEach(async () => {
  state = stateFolder(await mkdtemp(join(tmpdir(), "pergola-health-")));
  await mkdir(state.member("apps").logs, { recursive: true });
});
afterEach(() => rm(state.root, { recursive: true }));

const writeStatus = (status: object) => writeFile(state.member("apps").status, JSON.stringify(status));
const NO_PROCESS = 2 ** 30;

describe("a member that is waited for", () => {
  test("says which step it is at", async () => {
    await writeStatus({ phase: "starting", step: "start etcd", processes: {} });
    expect(await memberReady("apps", process.pid, state)()).toBe("apps: start etcd");
  });

  test("is ready when it says so", async () => {
    await writeStatus({ phase: "ready", step: "", processes: {} });
    expect(await memberReady("apps", process.pid, state)()).toBeUndefined();
  });

  test("that failed shows the last lines of the component that explains it, and its log's name", async () => {
    await writeStatus({
      phase: "failed",
      step: "start the kubelet",
      error: "kubelet ended 3 times",
      process: "kubelet",
      processes: {},
    });
    const log = join(state.member("apps").logs, "kubelet.log");
    await writeFile(
      log,
      `${Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n")}\nno such flag: --colour\n`,
    );
    const failure = await memberReady("apps", NO_PROCESS, state)().catch((error) => error);
    expect(failure.message).toContain("apps: start the kubelet: kubelet ended 3 times");
    expect(failure.message).toContain("no such flag: --colour");
    expect(failure.message).not.toContain("line 3\n");
    expect(failure.log).toBe(log);
  });

  test("that was killed says during which step", async () => {
    await writeStatus({ phase: "starting", step: "start etcd", processes: {} });
    await expect(memberReady("apps", NO_PROCESS, state)()).rejects.toThrow('it ended during "start etcd"');
  });
});

describe("waiting", () => {
  const never = new AbortController().signal;

  test("ends with the condition, however often it was missing before", async () => {
    let left = 2;
    await waitUntil("countdown", async () => (left-- > 0 ? `${left} left` : undefined), never);
    expect(left).toBe(-1);
  });

  test("that takes too long says what was missing last", async () => {
    const wait = waitUntil("the cluster is not ready", async () => "node apps: not registered", never, 0);
    await expect(wait).rejects.toThrow("the cluster is not ready: not within 0 s: node apps: not registered");
  });

  test("ends when it is interrupted", async () => {
    const signal = AbortSignal.abort(new Error("interrupted"));
    await expect(waitUntil("anything", async () => "missing", signal)).rejects.toThrow("interrupted");
  });
});

test("a log that is not there adds nothing to a message", async () => {
  expect(await quoteTail("/no/such/log")).toBe("");
});

describe("a cluster that runs and has a problem", () => {
  /** Looks that see these problems, then none. */
  const seeing = (...problems: string[]) => {
    const left = problems.map((problem) => [problem]);
    return async () => left.shift() ?? [];
  };
  const said: string[] = [];
  const tell = (text: string) => said.push(text);
  beforeEach(() => said.splice(0));

  test("is kept when the problem goes by itself, and the wait is said once with its reason", async () => {
    const look = seeing("node apps: NotReady", "node apps: NotReady");
    expect(await lastingProblems(look, async () => true, tell)).toEqual([]);
    expect(said).toEqual(["the cluster runs, but node apps: NotReady: waiting up to 45 s for it to recover"]);
  });

  test("is not waited for when a member is gone: that does not mend", async () => {
    expect(await lastingProblems(seeing("ctl is not running"), async () => false, tell)).toEqual([
      "ctl is not running",
    ]);
    expect(said).toEqual([]);
  });

  test("is given up with the problem that stayed", async () => {
    const problems = ["the API server is not ready: no answer within 10 s"];
    expect(
      await lastingProblems(
        async () => problems,
        async () => true,
        tell,
        0,
      ),
    ).toEqual(problems);
  });
});

import { constants } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { BuildResult } from "../../builders/report/result.ts";
import { endlessBuild } from "./endlessBuild.ts";
import { BUILD_NAMESPACE, eventually, kubeconfig, pergola, pods } from "./environment.ts";

/** `npm run pergola -- ...` in a process group of its own, as a shell or `timeout` starts it. */
const throughNpm = (args: readonly string[]) =>
  execa("npm", ["run", "--silent", "pergola", "--", ...args], {
    cwd: join(import.meta.dirname, "..", ".."),
    env: { KUBECONFIG: kubeconfig },
    stdin: "ignore",
    detached: true,
    reject: false,
  });

describe("npm run pergola", () => {
  it.each<[string, (pid: number) => void, number]>([
    ["SIGTERM to the whole process group, as timeout sends it", (pid) => process.kill(-pid, "SIGTERM"), 143],
    ["SIGTERM to npm alone", (pid) => process.kill(pid, "SIGTERM"), 143],
    ["SIGINT to the whole process group without a terminal", (pid) => process.kill(-pid, "SIGINT"), 130],
  ])("ends by %s with its exit code and its result, and leaves no pod", async (_, kill, code) => {
    const { child } = await endlessBuild("kaniko", "test-ended", throughNpm);
    kill(child.pid!);
    const done = await child;
    expect((JSON.parse(String(done.stdout)) as BuildResult).images[0]?.error?.code).toBe("interrupted");
    // npm ends itself by the signal when its shell was ended by it: what a shell calls 128 and the signal's number.
    expect(done.exitCode ?? 128 + constants.signals[done.signal!]).toBe(code);
    expect(await pods(BUILD_NAMESPACE.kaniko)).toEqual([]);
  });
});

it("a build whose output nobody reads any more ends by itself with exit code 141, and leaves no pod", async () => {
  const { child } = await endlessBuild("kaniko", "test-unread", pergola, "while sleep 0.1; do echo tick; done");
  child.stderr.destroy();
  expect((await child).exitCode).toBe(141);
  expect(await pods(BUILD_NAMESPACE.kaniko)).toEqual([]);
});

it("status names the build that runs, and no longer when it is over", async () => {
  const status = async () => {
    const done = await pergola(["status", "--output", "json"]);
    expect(done.exitCode).toBe(0);
    return JSON.parse(done.stdout);
  };
  const { child } = await endlessBuild("kaniko", "test-status", pergola);
  const place = { mode: "kaniko", namespace: BUILD_NAMESPACE.kaniko, serviceAccount: true, daemon: null, fresh: false };
  expect((await status()).namespaces).toContainEqual({
    ...place,
    builds: [{ pod: expect.stringMatching(/^pergola-test-status-/), image: "test-status", phase: "Running" }],
  });
  child.kill("SIGTERM");
  expect((await child).exitCode).toBe(143);
  const after = await eventually("the builder to be ready", async () => {
    const now = await status();
    return now.namespaces[0].daemon === "ready" ? now : undefined;
  });
  expect(after).toMatchObject({ version: 1, environment: "local", cluster: { context: "pergola-local" } });
  expect(after.namespaces).toEqual([
    { ...place, mode: "cluster-buildkit", namespace: BUILD_NAMESPACE["cluster-buildkit"], daemon: "ready", builds: [] },
    { ...place, builds: [] },
  ]);
});

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BuildResult } from "../../builders/report/result.ts";
import { endlessBuild } from "./endlessBuild.ts";
import { BUILD_NAMESPACE, build, context, eventually, kubectl, MODES, pergola, pods, setupOf } from "./environment.ts";
import { digestOf } from "./registry.ts";

/** Pods that a build brought (kaniko), or that it runs in (BuildKit). */
async function builderPod(mode: (typeof MODES)[number]): Promise<string | undefined> {
  const [pod] = (await pods(BUILD_NAMESPACE[mode])).filter((candidate) => candidate.status.phase === "Running");
  return pod?.metadata.name;
}

describe.each(MODES)("a build in %s that goes wrong", (mode) => {
  it("names the Dockerfile line of a failing RUN, shows its output, and exits 1", async () => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\n\nRUN echo about-to-fail && exit 3\n" });
    const { code, result } = await build([folder, "--mode", mode, "--name", "test-fails"]);
    expect(code).toBe(1);
    const [image] = result.images;
    expect(image).toMatchObject({ status: "failed", digest: null });
    expect(image?.error).toMatchObject({ code: "build-failed", file: "Dockerfile", line: 3 });
    expect(image?.error?.message).toContain("echo about-to-fail && exit 3");
    expect(image?.error?.logTail).toContain("about-to-fail");
    expect(await digestOf(image!.reference)).toBeNull();
  });

  it("names a base image that is nowhere", async () => {
    const folder = await context({ Dockerfile: "FROM no-such-image:1\n" });
    const { code, result } = await build([folder, "--mode", mode, "--name", "test-nobase"]);
    expect(code).toBe(1);
    expect(result.images[0]?.error).toMatchObject({ code: "base-image-missing" });
    expect(result.images[0]?.error?.message).toContain("no-such-image:1");
  });

  it("names a registry that does not answer, and exits 75", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: "a" });
    const { registry, ...setup } = (await setupOf(mode)) as { registry: object };
    const file = join(folder, "..", `setup-${mode}-${process.pid}.json`);
    await writeFile(file, JSON.stringify({ ...setup, registry: { ...registry, host: "127.0.0.1:9" } }));
    const { code, result } = await build([folder, "--mode", mode, "--name", "test-wrong", "--setup", file]);
    expect(result.images[0]?.error).toMatchObject({ code: "registry-unreachable" });
    expect(result.images[0]?.error?.message).toContain("127.0.0.1:9");
    expect(code).toBe(75);
  });

  it("is ended by Ctrl-C with exit code 130, and leaves no pod and no running step", async () => {
    const { child } = await endlessBuild(mode, "test-interrupted", pergola);
    child.kill("SIGINT");
    const done = await child;
    expect(done.exitCode).toBe(130);
    expect((JSON.parse(done.stdout) as BuildResult).images[0]?.error?.code).toBe("interrupted");
    if (mode === "kaniko") {
      expect(await pods(BUILD_NAMESPACE[mode])).toEqual([]);
      return;
    }
    const pod = (await builderPod(mode))!;
    await eventually("the step's process to be gone", async () => {
      const list = await kubectl(["exec", pod, "--namespace", BUILD_NAMESPACE[mode], "--", "ps", "-o", "args"]);
      return list.includes("sleep 100000") ? undefined : true;
    });
  });

  it("says that its pod is gone when somebody deletes it, and exits 75", async () => {
    const { child } = await endlessBuild(mode, "test-killed", pergola);
    const pod = (await builderPod(mode))!;
    const began = performance.now();
    await kubectl(["delete", "pod", pod, "--namespace", BUILD_NAMESPACE[mode], "--grace-period", "0", "--force"]);
    const done = await child;
    expect((performance.now() - began) / 1000).toBeLessThan(5);
    const [image] = (JSON.parse(done.stdout) as BuildResult).images;
    expect(image?.error).toMatchObject({ code: "builder-gone" });
    expect(image?.error?.message).toContain(pod);
    expect(done.exitCode).toBe(75);
  });
});

it("a mode that the stack does not provide exits 2 and names the line of the stack file", async () => {
  const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
  const done = await pergola(["build", folder, "--mode", "local-docker"]);
  expect(done.exitCode).toBe(2);
  expect(done.stderr).toContain("pergola:builder");
});

it("a dependency that fails skips what is FROM it, and the result says so", async () => {
  const folder = await context({
    "base/garden.yml": "kind: Build\nname: test-broken\ntype: container\n",
    "base/Dockerfile": "FROM busybox:1.36\nRUN false\n",
    "app/garden.yml": "kind: Build\nname: test-dependent\ntype: container\n",
    "app/Dockerfile": "FROM test-broken\n",
  });
  const { code, result } = await build([folder]);
  expect(code).toBe(1);
  const statuses = Object.fromEntries(result.images.map((image) => [image.name, [image.status, image.error?.code]]));
  expect(statuses).toEqual({
    "test-broken": ["failed", "build-failed"],
    "test-dependent": ["skipped", "dependency-failed"],
  });
});

it("the dry run prints the plan and touches nothing", async () => {
  const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: `${Math.random()}` });
  const done = await pergola(["build", folder, "--name", "test-dry", "--mode", "kaniko", "--dry-run"]);
  expect(done.exitCode).toBe(0);
  expect(done.stdout).toContain("--destination=172.30.0.11:30500/examples/test-dry:");
  expect(await readFile(join(folder, "a"), "utf8")).toBeTruthy();
  expect(await pods(BUILD_NAMESPACE.kaniko)).toEqual([]);
});

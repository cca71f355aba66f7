// What becomes of a build when the network between the runner and the API server does not do its work.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BuildResult, ImageResult } from "../../builders/report/result.ts";
import type { BuildSetup } from "../../infra/setup.ts";
import { endlessBuild } from "./endlessBuild.ts";
import { BUILD_NAMESPACE, build, context, eventually, kubectl, pergola, pods, setupOf } from "./environment.ts";
import { bulk, network } from "./proxiedNetwork.ts";
import { digestOf, imageFiles } from "./registry.ts";
import type { TcpProxy } from "./tcpProxy.ts";

const MODE = "cluster-buildkit";
const NAMESPACE = BUILD_NAMESPACE[MODE];
const MB = 1_000_000;
/** What names, times and the Dockerfile of the contexts here may take when no file of theirs is sent. */
const METADATA = 20_000;
/** Seconds that the end of a build may take after its connection broke, and after it fell silent. */
const BROKEN = 5;
const SILENT = 10;

const REGISTRY = ((await setupOf(MODE)) as unknown as BuildSetup).registry;
/** What builds here are pushed to. */
const referenceOf = (name: string) => `${REGISTRY.host}/${REGISTRY.namespace}/${name}:stays`;

const arguments_ = (folder: string, name: string) => [folder, "--mode", MODE, "--name", name, "--tag", "stays"];

/** Starts a build that goes on until something ends it, in the step that sleeps. `seconds` tells builds from each other. */
async function sleeping(name: string, folder: string, env: Record<string, string>, seconds: number) {
  const start = (args: readonly string[]) => pergola([...args, "--tag", "stays"], env);
  return endlessBuild(MODE, name, start, `sleep ${seconds}`, folder);
}

/** The end of a build that `fault` is to bring about. */
async function endedBy(child: ReturnType<typeof pergola>, fault: () => unknown) {
  const early = await Promise.race([child, new Promise((resolve) => setImmediate(() => resolve(null)))]);
  expect(early).toBeNull();
  const began = performance.now();
  await fault();
  const done = await child;
  const image = (JSON.parse(done.stdout) as BuildResult).images[0] as ImageResult;
  return { code: done.exitCode, image, seconds: (performance.now() - began) / 1000 };
}

/** Waits until no process of the builder's pod has these words in its arguments. */
const goneFromPod = (words: string) =>
  eventually(`the end of "${words}" in the pod`, async () => {
    const [pod] = await pods(NAMESPACE);
    const list = await kubectl(["exec", pod!.metadata.name, "--namespace", NAMESPACE, "--", "ps", "-o", "args"]);
    return list.includes(words) ? undefined : true;
  });

/** The image of a build that worked. */
async function built(folder: string, name: string, env: Record<string, string> = {}): Promise<ImageResult> {
  const { result, stderr } = await build(arguments_(folder, name), env);
  expect(result.images[0]?.error, stderr).toBeNull();
  return result.images[0] as ImageResult;
}

describe.concurrent("a connection to the API server", () => {
  it.each(["RST", "FIN"] as const)(
    "that is cut by %s while a step runs ends the build there and here; the next one is sent no file",
    async (how) => {
      const name = `f-cut-${how.toLowerCase()}`;
      const seconds = how === "RST" ? 100_001 : 100_002;
      const folder = await bulk(2 * MB);
      const { digest, reference } = await built(folder, name);
      const { proxy, env } = await network();
      const { child } = await sleeping(name, folder, env, seconds);
      const end = await endedBy(child, () => proxy.cut(how));
      expect(end).toMatchObject({ code: 75, image: { status: "failed", error: { code: "builder-gone" } } });
      expect(end.image.error?.message).toMatch(
        /^The connection to buildkitd in pod pergola-buildkit-\S+ \(namespace pergola-buildkit\) broke: /,
      );
      expect(end.image.error?.hint).toContain("Build again");
      expect(end.seconds).toBeLessThan(BROKEN);
      await goneFromPod(`sleep ${seconds}`);
      expect(await digestOf(reference)).toBe(digest);
      await writeFile(join(folder, "Dockerfile"), "FROM busybox:1.36\nCOPY . /context/\nRUN true\n");
      expect((await built(folder, name)).bytesSent).toBeLessThan(METADATA);
    },
  );

  it("that is cut while the context is sent ends the build; the next one is sent everything", async () => {
    const folder = await bulk(20 * MB);
    const before = await digestOf(referenceOf("f-cut-sending"));
    const { proxy, env } = await network();
    proxy.throttle(4 * MB);
    const child = pergola(["build", ...arguments_(folder, "f-cut-sending"), "--output", "json"], env);
    await eventually("a part of the context on its way", async () => (proxy.sent > 6 * MB ? true : undefined));
    const end = await endedBy(child, () => proxy.cut("RST"));
    expect(end).toMatchObject({ code: 75, image: { error: { code: "builder-gone" } } });
    expect(end.seconds).toBeLessThan(BROKEN);
    expect(await digestOf(end.image.reference)).toBe(before);
    expect((await built(folder, "f-cut-sending")).bytesSent).toBeGreaterThan(20 * MB);
  });

  it("that falls silent while a step runs is noticed, however little the step says; the next build is sent no file", async () => {
    const folder = await bulk(2 * MB);
    const { digest, reference } = await built(folder, "f-silent");
    const { proxy, env } = await network();
    const { child } = await sleeping("f-silent", folder, env, 100_003);
    const end = await endedBy(child, () => proxy.freeze());
    expect(end).toMatchObject({ code: 75, image: { error: { code: "builder-gone" } } });
    expect(end.image.error?.message).toContain("not a byte came");
    expect(end.seconds).toBeLessThan(SILENT);
    expect(await digestOf(reference)).toBe(digest);
    // The network gives the connections up at last: that is when the other side learns of it.
    proxy.cut("RST");
    await goneFromPod("sleep 100003");
    await writeFile(join(folder, "Dockerfile"), "FROM busybox:1.36\nCOPY . /context/\nRUN true\n");
    expect((await built(folder, "f-silent")).bytesSent).toBeLessThan(METADATA);
  });

  it("that falls silent while the context is sent is noticed", async () => {
    const folder = await bulk(20 * MB);
    const before = await digestOf(referenceOf("f-silent-sending"));
    const { proxy, env } = await network();
    proxy.throttle(4 * MB);
    const child = pergola(["build", ...arguments_(folder, "f-silent-sending"), "--output", "json"], env);
    await eventually("a part of the context on its way", async () => (proxy.sent > 6 * MB ? true : undefined));
    const end = await endedBy(child, () => proxy.freeze());
    expect(end).toMatchObject({ code: 75, image: { error: { code: "builder-gone" } } });
    expect(end.seconds).toBeLessThan(SILENT);
    expect(await digestOf(end.image.reference)).toBe(before);
  });

  it.each([
    ["takes 200 ms each way", 1 * MB, (proxy: TcpProxy) => proxy.delay(200)],
    ["carries 1 MB a second", 10 * MB, (proxy: TcpProxy) => proxy.throttle(1 * MB)],
    ["carries 15 kB a second", 0.3 * MB, (proxy: TcpProxy) => proxy.throttle(15_000)],
  ] as const)("that %s is not taken for a silent one", async (what, bytes, mistreat) => {
    const folder = await bulk(bytes);
    const { proxy, env } = await network();
    mistreat(proxy);
    const image = await built(folder, `f-slow-${what.replace(/\D/g, "")}`, env);
    const sha256 = createHash("sha256")
      .update(await readFile(join(folder, "bulk")))
      .digest("hex");
    expect((await imageFiles(image.reference)).get("context/bulk")?.sha256).toBe(sha256);
  });

  it("that nobody answers ends the build before it starts", async () => {
    const { proxy, env } = await network();
    proxy.freezeAll();
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const child = pergola(["build", ...arguments_(folder, "f-unanswered")], env);
    await eventually("the first connection", async () => (proxy.accepted > 0 ? true : undefined));
    const began = performance.now();
    const done = await child;
    expect((performance.now() - began) / 1000).toBeLessThan(SILENT);
    expect(done.exitCode).toBe(75);
    expect(done.stderr).toMatch(
      /The API server https:\/\/localhost:\d+ \(context pergola-local\) cannot be reached: no connection within 8 s/,
    );
  });
});

it("a stream that hangs behind a healthy API server is noticed by the daemon's silence", async () => {
  const [pod] = await pods(NAMESPACE);
  const shell = (script: string) =>
    kubectl(["exec", pod!.metadata.name, "--namespace", NAMESPACE, "--", "sh", "-c", script]);
  // The bracket keeps the shell from finding itself.
  const relays = (signal: string) =>
    `for p in /proc/[0-9]*; do if grep -q "[d]ial-stdio" $p/cmdline; then kill -${signal} $(basename $p); fi; done`;
  const folder = await bulk(MB);
  const { child } = await sleeping("f-stopped", folder, {}, 100_004);
  // What was stopped ends whatever comes of it: other tests use this pod.
  const end = await endedBy(child, () => shell(relays("STOP"))).finally(() => shell(relays("KILL")));
  expect(end).toMatchObject({ code: 75, image: { error: { code: "builder-gone" } } });
  expect(end.image.error?.message).toContain("not a byte came from buildkitd for 8 s");
  expect(end.seconds).toBeLessThan(SILENT);
  await goneFromPod("sleep 100004");
});

// Two builds of one run, which reach the builder over one connection.
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { BuildResult, ImageResult } from "../../builders/report/result.ts";
import { BUILD_NAMESPACE, build, context, eventually, kubectl, pergola, pods } from "./environment.ts";
import { network } from "./proxiedNetwork.ts";
import { digestOf } from "./registry.ts";

const NAMESPACE = BUILD_NAMESPACE["cluster-buildkit"];
const ARGUMENTS = ["--mode", "cluster-buildkit", "--tag", "shared", "--concurrency", "2"];

/** Two images, `NAME-one` and `NAME-two`, by what they do after they have said that they run. */
async function project(name: string, one: string, two: string): Promise<string> {
  const files = Object.entries({ one, two }).flatMap(([folder, step]) => [
    [`${folder}/garden.yml`, `kind: Build\nname: ${name}-${folder}\ntype: container\n`],
    [`${folder}/Dockerfile`, `FROM busybox:1.36\nCOPY . /context/\nRUN echo runs-${folder} && ${step}\n`],
    [`${folder}/nonce`, `${Math.random()}`],
  ]);
  return context(Object.fromEntries(files));
}

/** Starts both, and waits until both run. */
async function running(folder: string, env: Record<string, string> = {}) {
  const child = pergola(["build", folder, ...ARGUMENTS, "--output", "json", "--progress", "plain"], env);
  let seen = "";
  child.stderr.on("data", (chunk) => {
    seen += chunk;
  });
  await eventually("both steps", async () =>
    ["one", "two"].every((name) => new RegExp(`(^|\\s)runs-${name}\\s*$`, "m").test(seen)) ? true : undefined,
  );
  return { child };
}

const imagesOf = ({ stdout }: { stdout: string }): Record<string, ImageResult> =>
  Object.fromEntries((JSON.parse(stdout) as BuildResult).images.map((image) => [image.name, image]));

async function builder(): Promise<string> {
  const pod = (await pods(NAMESPACE)).find(({ status }) => status.phase === "Running");
  return pod!.metadata.name;
}

/** Arguments of the processes in the builder's pod. */
const processes = async (): Promise<string[]> =>
  (await kubectl(["exec", await builder(), "--namespace", NAMESPACE, "--", "ps", "-o", "args"])).split("\n");

const goneFromPod = (words: string) =>
  eventually(`the end of "${words}" in the pod`, async () =>
    (await processes()).some((line) => line.includes(words)) ? undefined : true,
  );

it("one connection carries both; Ctrl-C ends both there and here", async () => {
  const { child } = await running(await project("shared-int", "sleep 200001", "sleep 200001"));
  expect((await processes()).filter((line) => /^buildctl dial-stdio/.test(line))).toHaveLength(1);
  child.kill("SIGINT");
  const done = await child;
  expect(done.exitCode).toBe(130);
  for (const image of Object.values(imagesOf(done))) expect(image.error?.code).toBe("interrupted");
  await goneFromPod("sleep 200001");
});

it("a build that fails ends alone, and the other one goes on", async () => {
  const folder = await project("shared-fail", "sleep 2 && exit 3", "sleep 8 && echo well");
  const done = await (await running(folder)).child;
  const images = imagesOf(done);
  expect(done.exitCode).toBe(1);
  expect(images["shared-fail-one"]?.error).toMatchObject({
    code: "build-failed",
    message: expect.stringContaining("exit code 3"),
  });
  expect(images["shared-fail-two"]).toMatchObject({ status: "built", error: null });
  expect(await digestOf(images["shared-fail-two"]!.reference)).toBe(images["shared-fail-two"]!.digest);
});

it("a connection that is cut ends both, and says so", async () => {
  const { proxy, env } = await network();
  const { child } = await running(await project("shared-cut", "sleep 200002", "sleep 200002"), env);
  const began = performance.now();
  proxy.cut("RST");
  const done = await child;
  expect((performance.now() - began) / 1000).toBeLessThan(5);
  expect(done.exitCode).toBe(75);
  for (const { error } of Object.values(imagesOf(done))) {
    expect(error).toMatchObject({ code: "builder-gone", message: expect.stringContaining(await builder()) });
  }
  await goneFromPod("sleep 200002");
});

it("a connection that falls silent ends both", async () => {
  const { proxy, env } = await network();
  const { child } = await running(await project("shared-silent", "sleep 200003", "sleep 200003"), env);
  const began = performance.now();
  proxy.freeze();
  const done = await child;
  expect((performance.now() - began) / 1000).toBeLessThan(10);
  for (const { error } of Object.values(imagesOf(done))) {
    expect(error).toMatchObject({ code: "builder-gone", message: expect.stringContaining("not a byte came") });
  }
  proxy.cut("RST");
  await goneFromPod("sleep 200003");
});

it("a build that says little is not taken for a silent one while the context of the other fills a slow link", async () => {
  const folder = await project("shared-slow", "true", "sleep 25");
  await writeFile(join(folder, "one", "bulk"), randomBytes(400_000));
  const { proxy, env } = await network();
  proxy.throttle(15_000);
  const { code, result } = await build([folder, ...ARGUMENTS], env);
  expect(result.images.map(({ error }) => error)).toEqual([null, null]);
  expect(code).toBe(0);
});

it("a pod that is deleted ends both, which name it", async () => {
  const { child } = await running(await project("shared-killed", "sleep 200004", "sleep 200004"));
  const pod = await builder();
  const began = performance.now();
  await kubectl(["delete", "pod", pod, "--namespace", NAMESPACE, "--grace-period", "0", "--force"]);
  const done = await child;
  expect((performance.now() - began) / 1000).toBeLessThan(5);
  expect(done.exitCode).toBe(75);
  for (const { error } of Object.values(imagesOf(done))) {
    expect(error).toMatchObject({ code: "builder-gone", message: expect.stringContaining(pod) });
  }
});

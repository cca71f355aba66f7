// What becomes of a build in mode kaniko when the network between the runner and the API server does not do its work.
import { symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildResult, ImageResult } from "../../builders/report/result.ts";
import { build, context, eventually, pergola, pods } from "./environment.ts";
import { type KanikoPlace, kanikoPlace } from "./kanikoPlace.ts";
import { bulk, network } from "./proxiedNetwork.ts";
import { digestOf } from "./registry.ts";

const MB = 1_000_000;
/** Seconds that the end of a build may take after its connection broke, and after it fell silent. */
const BROKEN = 5;
const SILENT = 12;

let place: KanikoPlace;
let bin: string;
beforeAll(async () => {
  place = await kanikoPlace("test-kaniko-net");
  bin = await context({});
  await symlink(process.env.PERGOLA_TEST_KUBERNETES!, join(bin, "kubectl"));
}, 60_000);
afterAll(async () => {
  await place.empty();
  await place.remove();
});

const podOf = async (name: string) => (await pods(place.namespace, "--selector", `pergola.dev/image=${name}`))[0];

/** A build whose step counts to `last`, ten numbers a second, and a way to wait for a number. */
async function counting(name: string, last: number, env: Record<string, string>) {
  const step = `i=0; while [ $i -lt ${last} ]; do i=$((i+1)); echo count-$i-end; sleep 0.1; done`;
  const folder = await context({ Dockerfile: `FROM busybox:1.36\nRUN ${step}\n` });
  const args = [folder, ...(await place.arguments()), "--name", name, "--no-cache", "--progress", "plain"];
  const child = pergola(["build", ...args, "--output", "json"], env);
  let seen = "";
  child.stderr.on("data", (text) => {
    seen += text;
  });
  const until = (number: number) =>
    eventually(`number ${number}`, async () => (seen.includes(`| count-${number}-end`) ? true : undefined), 90);
  const numbers = () => [...seen.matchAll(/^\| count-(\d+)-end$/gm)].map(([, number]) => Number(number));
  return { child, until, numbers };
}

const imageOf = (stdout: string) => (JSON.parse(stdout) as BuildResult).images[0] as ImageResult;
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe.concurrent("a connection to the API server, in mode kaniko,", () => {
  it("that is cut twice while a step runs costs no build, and the log has each line once", async () => {
    const { proxy, env } = await network();
    const { child, until, numbers } = await counting("w-net-cut", 60, env);
    await until(10);
    proxy.cut("RST");
    await until(35);
    proxy.cut("FIN");
    const done = await child;
    expect(imageOf(done.stdout).error).toBeNull();
    expect(numbers()).toEqual(upTo(60));
    expect(await podOf("w-net-cut")).toBeUndefined();
  });

  it("that falls silent while a step runs costs no build either", async () => {
    const { proxy, env } = await network();
    const { child, until, numbers } = await counting("w-net-silent", 40, env);
    await until(10);
    proxy.freeze();
    const done = await child;
    expect(imageOf(done.stdout).error).toBeNull();
    expect(numbers()).toEqual(upTo(40));
    expect(await podOf("w-net-silent")).toBeUndefined();
  });

  it("that stays silent ends the build here, and says which pod is left; the next build removes that", async () => {
    const { proxy, env } = await network();
    const { child, until } = await counting("w-net-dead", 100_000, env);
    await until(10);
    const pod = (await podOf("w-net-dead"))!.metadata.name;
    proxy.freezeAll();
    const done = await child;
    expect(done.exitCode).toBe(75);
    const image = imageOf(done.stdout);
    expect(image.error).toMatchObject({ code: "cluster-unreachable" });
    expect(image.warnings).toEqual([
      expect.stringContaining(`pod ${pod} in namespace ${place.namespace} is not removed`),
    ]);
    expect((await podOf("w-net-dead"))?.metadata.name).toBe(pod);
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const { result } = await build([folder, ...(await place.arguments()), "--name", "w-net-next"]);
    expect(result.images[0]?.error).toBeNull();
    expect(await podOf("w-net-dead")).toBeUndefined();
  });

  const kubectl = ["--transport", "kubectl"];
  it.each([
    ["is cut", "rst", [], "RST"],
    ["is cut, by kubectl,", "rst-kubectl", kubectl, "RST"],
    ["falls silent", "silent", [], "freeze"],
    ["falls silent, by kubectl,", "silent-kubectl", kubectl, "freeze"],
  ] as const)(
    "that %s while the context is sent ends the build; no pod stays, no tag moves",
    async (_, short, args, fault) => {
      const name = `w-net-sending-${short}`;
      const folder = await bulk(20 * MB);
      const { proxy, env } = await network();
      proxy.throttle(4 * MB);
      const all = ["build", folder, ...(await place.arguments()), "--name", name, "--tag", "stays", ...args];
      const child = pergola([...all, "--output", "json"], { ...env, PATH: `${bin}${delimiter}${process.env.PATH}` });
      await eventually("a part of the context on its way", async () => (proxy.sent > 6 * MB ? true : undefined));
      const began = performance.now();
      if (fault === "RST") proxy.cut("RST");
      else proxy.freeze();
      const done = await child;
      const seconds = (performance.now() - began) / 1000;
      const image = imageOf(done.stdout);
      expect({ code: done.exitCode, error: image.error?.code }).toEqual({ code: 75, error: "transfer-failed" });
      expect(image.error?.message).toMatch(/^The build context did not get into pod pergola-w-net-\S+: .+/);
      expect(seconds).toBeLessThan(fault === "RST" ? BROKEN : SILENT);
      expect(await podOf(name)).toBeUndefined();
      expect(await digestOf(image.reference)).toBeNull();
    },
  );
});

it("a build by --transport kubectl in mode kaniko comes out as any other", async () => {
  const folder = await bulk(2 * MB);
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}` };
  const args = [folder, ...(await place.arguments()), "--name", "w-net-kubectl", "--transport", "kubectl"];
  const { code, result } = await build(args, env);
  expect({ code, error: result.images[0]?.error }).toEqual({ code: 0, error: null });
  expect(result.images[0]?.bytesSent).toBeGreaterThan(2 * MB);
  expect(await digestOf(result.images[0]!.reference)).toBe(result.images[0]?.digest);
});

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ReadyConnections, type ReadyOptions } from "../../../../../builders/run/buildkit/readyConnections.ts";
import type { SharedConnection } from "../../../../../builders/run/buildkit/sharedConnection.ts";
import type { Exec, ExecTarget } from "../../../../../builders/run/kube/exec.ts";
import type { Kube } from "../../../../../builders/run/kube/kube.ts";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "pergola-ready-"));
});
afterEach(() => vi.useRealTimers());

const one = { namespace: "builds", pod: "builder-1", container: "buildkitd" };
const other = { ...one, pod: "builder-2" };
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A cluster that counts connections; those to pods that `refuses` names fail. */
function cluster(refuses: readonly string[] = []) {
  const opened: { readonly pod: string; open: boolean; end(): void }[] = [];
  const exec = async (target: ExecTarget, signal?: AbortSignal): Promise<Exec> => {
    if (refuses.includes(target.pod)) throw new Error(`no ${target.pod}`);
    let end = (): void => {};
    const result = new Promise<void>((resolve) => {
      end = resolve;
    });
    const connection = { pod: target.pod, open: true, end };
    const close = (): void => {
      connection.open = false;
      end();
    };
    signal?.addEventListener("abort", close);
    opened.push(connection);
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    return { close, result, stdin, stdout, number: opened.length } as unknown as Exec;
  };
  const kube = { server: "https://a", context: "a", namespace: "builds", exec } as unknown as Kube;
  return { kube, opened };
}

const connections = (options: Partial<ReadyOptions> = {}) =>
  new ReadyConnections({ cache, asked: [], builds: 1, concurrency: 4, shared: false, ...options });
const numberOf = (exec: Exec | SharedConnection): number => (exec as unknown as { number: number }).number;

/** A run that went to this pod before. */
async function ranAt(target: typeof one, options: Partial<ReadyOptions> = {}) {
  await connections(options).take(cluster().kube, target);
}

it("the first run of its kind opens nothing ahead, the next one opens a connection at once and builds over it", async () => {
  const { kube, opened } = cluster();
  using first = connections();
  first.open(kube);
  expect(opened).toEqual([]);
  await first.take(kube, one);
  using second = connections();
  second.open(kube);
  expect(opened.map(({ pod }) => pod)).toEqual(["builder-1", "builder-1"]);
  expect(numberOf(await second.take(kube, one))).toBe(2);
  expect(opened).toHaveLength(2);
});

it("a run that was asked for something else, or of another cluster, knows of no builder", async () => {
  await ranAt(one);
  const { kube, opened } = cluster();
  connections({ asked: ["kaniko"] }).open(kube);
  connections().open({ ...kube, server: "https://b" } as Kube);
  expect(opened).toEqual([]);
});

it("a connection to another pod than the builder's is closed, and the next run goes to the builder", async () => {
  await ranAt(other);
  const { kube, opened } = cluster();
  using ready = connections();
  ready.open(kube);
  expect(numberOf(await ready.take(kube, one))).toBe(2);
  await settled();
  expect(opened.map(({ pod, open }) => [pod, open])).toEqual([
    ["builder-2", false],
    ["builder-1", true],
  ]);
  const next = cluster();
  connections().open(next.kube);
  expect(next.opened.map(({ pod }) => pod)).toEqual(["builder-1"]);
});

it("one that was refused, or is over by the time that it is needed, is replaced", async () => {
  await ranAt(other);
  const refusing = cluster(["builder-2"]);
  using refused = connections();
  refused.open(refusing.kube);
  expect(numberOf(await refused.take(refusing.kube, one))).toBe(1);
  const { kube, opened } = cluster();
  using ready = connections();
  ready.open(kube);
  opened[0]?.end();
  await settled();
  expect(numberOf(await ready.take(kube, one))).toBe(2);
});

it("what is wrong with the builder itself is told to the build", async () => {
  await ranAt(one);
  const { kube } = cluster(["builder-1"]);
  using ready = connections();
  ready.open(kube);
  await expect(ready.take(kube, one)).rejects.toThrow("no builder-1");
});

it("one that waited so long that buildkitd may have closed it is not used", async () => {
  await ranAt(one);
  vi.useFakeTimers({ toFake: ["Date"] });
  const { kube, opened } = cluster();
  using ready = connections();
  ready.open(kube);
  vi.setSystemTime(Date.now() + 61_000);
  expect(numberOf(await ready.take(kube, one))).toBe(2);
  await settled();
  expect(opened[0]?.open).toBe(false);
});

it("the builds that may run at one time each have one, and later builds find one each; none is left at the end", async () => {
  await ranAt(one);
  const { kube, opened } = cluster();
  const ready = connections({ builds: 4, concurrency: 2 });
  ready.open(kube);
  expect(opened).toHaveLength(2);
  const taken: number[] = [];
  for (let build = 0; build < 4; build++) taken.push(numberOf(await ready.take(kube, one)));
  expect(taken).toEqual([1, 2, 3, 4]);
  expect(opened).toHaveLength(4);
  const unused = connections({ builds: 2 });
  unused.open(kube);
  unused[Symbol.dispose]();
  expect(opened.slice(4).map(({ open }) => open)).toEqual([false, false]);
});

/** Which connection builds share; it has to be a shared one. */
const shared = async (ready: ReadyConnections, kube: Kube, target = one): Promise<SharedConnection> =>
  (await ready.take(kube, target)) as SharedConnection;

it("builds that may share a connection have one for each pod, which is opened ahead as others are", async () => {
  await ranAt(one);
  const { kube, opened } = cluster();
  using ready = connections({ builds: 4, concurrency: 4, shared: true });
  ready.open(kube);
  expect(opened).toHaveLength(1);
  const [first, second] = await Promise.all([shared(ready, kube), shared(ready, kube)]);
  expect(second).toBe(first);
  expect(numberOf(first.exec)).toBe(1);
  expect(await shared(ready, kube, other)).not.toBe(first);
  expect(await shared(ready, kube)).toBe(first);
  expect(opened.map(({ pod }) => pod)).toEqual(["builder-1", "builder-2"]);
});

it("a shared connection that is over, or could not be opened, is not what the next build gets", async () => {
  const { kube, opened } = cluster();
  using ready = connections({ builds: 3, shared: true });
  const first = await shared(ready, kube);
  opened[0]?.end();
  await settled();
  const second = await shared(ready, kube);
  expect([numberOf(first.exec), numberOf(second.exec)]).toEqual([1, 2]);
  const refused = [other.pod];
  const later = cluster(refused);
  using retried = connections({ builds: 2, shared: true });
  await expect(Promise.all([shared(retried, later.kube, other), shared(retried, later.kube, other)])).rejects.toThrow();
  refused.pop();
  expect(numberOf((await shared(retried, later.kube, other)).exec)).toBe(1);
});

it("a shared connection ends with the last build that could use it, or with the run; a repeated build opens another", async () => {
  const { kube, opened } = cluster();
  const ready = connections({ builds: 2, shared: true });
  const first = await shared(ready, kube);
  first.leave();
  expect(opened[0]?.open).toBe(true);
  (await shared(ready, kube)).leave();
  expect(opened.map(({ open }) => open)).toEqual([false]);
  await shared(ready, kube);
  expect(opened.map(({ open }) => open)).toEqual([false, true]);
  ready[Symbol.dispose]();
  await settled();
  expect(opened.map(({ open }) => open)).toEqual([false, false]);
});

// What of a context gets to a builder, and that it is always what is there.
import { createHash } from "node:crypto";
import { cp, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { BUILD_NAMESPACE, build, context, kubectl, MODES, pergola, pods } from "./environment.ts";
import { imageFiles } from "./registry.ts";

const FILES = 500;
/** bytes of each file */
const SIZE = 4096;
/** Bytes with which BuildKit describes a file that is not sent, with room: 35 were measured for short names. */
const METADATA = 100;

/** A project with many files; `seed` is in all of them. */
async function project(seed: string): Promise<string> {
  const files: Record<string, string> = { Dockerfile: "FROM scratch\nCOPY . /\n" };
  for (let index = 0; index < FILES; index++) files[`d${index % 20}/f${index}`] = `${seed} ${index} `.padEnd(SIZE, "x");
  return context(files);
}

/** Builds in cluster-buildkit and returns the bytes of the context that were sent. */
async function sent(folder: string, name: string): Promise<number> {
  const { result } = await build([folder, "--mode", "cluster-buildkit", "--name", name, "--tag", "latest"]);
  expect(result.images[0]?.error).toBeNull();
  return result.images[0]?.bytesSent as number;
}

describe("what cluster-buildkit is sent", () => {
  const nonce = `${Math.random()}`;
  let one: string;
  let two: string;
  beforeAll(async () => {
    [one, two] = [await project(`${nonce} one`), await project(`${nonce} two`)];
    expect(await sent(one, "test-sent-one")).toBeGreaterThan(FILES * SIZE);
    expect(await sent(two, "test-sent-two")).toBeGreaterThan(FILES * SIZE);
  });

  it("is no file when nothing changed, also when two images take turns", async () => {
    expect(await sent(one, "test-sent-one")).toBeLessThan(FILES * METADATA);
    expect(await sent(two, "test-sent-two")).toBeLessThan(FILES * METADATA);
    expect(await sent(one, "test-sent-one")).toBeLessThan(FILES * METADATA);
  });

  it("is the one file that differs in a fresh checkout elsewhere, whose times are all new", async () => {
    const checkout = await mkdtemp(join(tmpdir(), "pergola-checkout-"));
    try {
      await cp(one, checkout, { recursive: true });
      await writeFile(join(checkout, "d1/f1"), `${nonce} edited`.padEnd(SIZE, "y"));
      const bytes = await sent(checkout, "test-sent-one");
      expect(bytes).toBeGreaterThan(SIZE);
      expect(bytes).toBeLessThan(SIZE + FILES * METADATA);
    } finally {
      await rm(checkout, { recursive: true });
    }
  });
});

describe.each(MODES)("the context of a build in %s", (mode) => {
  it("is what is there, after an edit that keeps a file's size and time", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY . /\n", file: "old!" });
    const reference = async () => {
      const { result } = await build([folder, "--mode", mode, "--name", "test-edit"]);
      expect(result.images[0]?.error).toBeNull();
      return result.images[0]!.reference;
    };
    const before = (await imageFiles(await reference())).get("file");
    const { atime, mtime } = await stat(join(folder, "file"));
    await writeFile(join(folder, "file"), "new!");
    await utimes(join(folder, "file"), atime, mtime);
    const after = (await imageFiles(await reference())).get("file");
    expect(after?.sha256).not.toBe(before?.sha256);
  });

  it("never gets a file of another project with the same name, size and time", async () => {
    const references = await Promise.all(
      ["here", "away"].map(async (word) => {
        const folder = await context({ Dockerfile: "FROM scratch\nCOPY . /\n", file: word });
        await utimes(join(folder, "file"), 1_700_000_000, 1_700_000_000);
        const { result } = await build([folder, "--mode", mode, "--name", "test-clash", "--tag", word]);
        expect(result.images[0]?.error).toBeNull();
        return result.images[0]!.reference;
      }),
    );
    const [here, away] = await Promise.all(references.map(async (one) => (await imageFiles(one)).get("file")?.sha256));
    expect(here).not.toBe(away);
  });
});

describe("a file's own time", () => {
  it("is in the image when times are to be kept", async () => {
    const folder = await context({
      Dockerfile: "FROM busybox:1.36\nCOPY file /\nRUN stat -c %Y /file > /time\n",
      file: "x",
    });
    await utimes(join(folder, "file"), 1_600_000_000, 1_600_000_000);
    const args = [folder, "--mode", "cluster-buildkit", "--name", "test-times", "--mtime", "keep"];
    const { result } = await build(args);
    expect(result.images[0]?.error).toBeNull();
    const time = (await imageFiles(result.images[0]!.reference)).get("time");
    expect(time?.sha256).toBe(createHash("sha256").update("1600000000\n").digest("hex"));
  });

  it("cannot be kept by kaniko, which says so", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const done = await pergola(["build", folder, "--mode", "kaniko", "--mtime", "keep"]);
    expect(done.exitCode).toBe(2);
    expect(done.stderr).toContain("--mtime keep");
  });
});

describe("SOURCE_DATE_EPOCH", () => {
  it.each([
    ["COPY alone", "FROM scratch\nCOPY . /app/\n"],
    [
      "a RUN that makes the same each time",
      "FROM busybox:1.36\nCOPY . /app/\nRUN echo same > /made && mkdir /folder\n",
    ],
  ])("gives one digest for two checkouts on two daemons: %s", async (_, dockerfile) => {
    const digests: (string | null | undefined)[] = [];
    for (const _checkout of ["first", "second"]) {
      const folder = await context({ Dockerfile: dockerfile, "d/file": "content", file: "content" });
      // Another daemon, which knows nothing: its store goes with its pod.
      const namespace = BUILD_NAMESPACE["cluster-buildkit"];
      for (const { metadata } of await pods(namespace)) {
        await kubectl(["delete", "pod", metadata.name, "--namespace", namespace, "--grace-period", "1"]);
      }
      const args = [folder, "--mode", "cluster-buildkit", "--name", "test-epoch", "--no-cache"];
      const { result } = await build(args, { SOURCE_DATE_EPOCH: "1700000000" });
      expect(result.images[0]?.error).toBeNull();
      digests.push(result.images[0]?.digest);
    }
    expect(digests[1]).toBe(digests[0]);
    expect(digests[0]).toMatch(/^sha256:/);
  });
});

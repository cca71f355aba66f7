import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { extract, type Header } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listContext } from "../../../../../builders/images/context.ts";
import { type ArchiveSource, archive } from "../../../../../builders/run/kaniko/archive.ts";
import { TAR_END, tarHeader, tarPadding } from "../../../../../builders/run/tar.ts";

/** The bytes of an archive. */
async function collect(pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** Reads an archive with a library that knows the format from elsewhere. */
async function read(pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<(Header & { content: string })[]> {
  const entries: (Header & { content: string })[] = [];
  const tar = extract();
  tar.end(await collect(pieces));
  for await (const entry of tar) {
    let content = "";
    for await (const chunk of entry) content += chunk;
    entries.push({ ...entry.header, content });
  }
  return entries;
}

describe("tarHeader", () => {
  const name = fc
    .array(
      fc
        .string({ unit: "grapheme", minLength: 1, maxLength: 60 })
        .filter((text) => !/[/\0]/.test(text) && text !== "." && text !== ".."),
      { minLength: 1, maxLength: 8 },
    )
    .map((parts) => parts.join("/"));

  it("keeps any name, mode, size and time", async () => {
    await fc.assert(
      fc.asyncProperty(name, fc.nat(0o7777), fc.nat(2000), fc.nat(2 ** 33), async (path, mode, size, modified) => {
        const content = Buffer.alloc(size, "x");
        const [entry] = await read([
          tarHeader({ path, type: "file", mode, size, modified }),
          content,
          tarPadding(size),
          TAR_END,
        ]);
        expect(entry).toMatchObject({
          name: path,
          mode,
          size,
          type: "file",
          uid: 0,
          gid: 0,
          content: content.toString(),
        });
        expect(entry?.mtime?.getTime()).toBe(modified * 1000);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps link targets that are too long for the header", async () => {
    const linkTarget = `../${"deep/".repeat(60)}target`;
    const [entry] = await read([
      tarHeader({ path: "link", type: "symlink", mode: 0o777, size: 0, modified: 0, linkTarget }),
      TAR_END,
    ]);
    expect(entry).toMatchObject({ name: "link", type: "symlink", linkname: linkTarget });
  });

  it("says sizes of 8 GiB and more", () => {
    const size = 9 * 1024 ** 3;
    const header = tarHeader({ path: "big", type: "file", mode: 0o644, size, modified: 0 });
    expect(header[124]).toBe(0x80);
    expect(Number(header.readBigUInt64BE(128))).toBe(size);
  });
});

describe("archive", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "context-"));
    await writeFile(path.join(directory, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
    await writeFile(path.join(directory, "secret"), "no");
    await writeFile(path.join(directory, ".dockerignore"), "secret\n");
    await symlink("run.sh", path.join(directory, "link"));
  });
  afterAll(() => rm(directory, { recursive: true }));
  const source = (more: Partial<ArchiveSource> = {}): ArchiveSource => ({
    directory,
    entries: listContext(directory, "Dockerfile"),
    prefix: "context",
    files: { Dockerfile: "FROM scratch\n" },
    ...more,
  });

  it("holds what .dockerignore lets through below the prefix, and the plan's files beside it", async () => {
    const entries = await read(archive(source()));
    expect(
      entries.map(({ name, type, mode, content, linkname }) => [name, type, mode?.toString(8), linkname || content]),
    ).toEqual([
      ["context/", "directory", "755", ""],
      ["context/.dockerignore", "file", "644", "secret\n"],
      ["context/link", "symlink", "777", "run.sh"],
      ["context/run.sh", "file", "755", "#!/bin/sh\n"],
      ["Dockerfile", "file", "644", "FROM scratch\n"],
    ]);
  });

  it("is the same bytes for the same context", async () => {
    const bytes = () => collect(archive(source()));
    expect((await bytes()).equals(await bytes())).toBe(true);
  });

  it.each([
    ["shorter", 100],
    ["longer", 1],
  ])("refuses a file that is now %s than listed, by name", async (_, was) => {
    const entries = [
      { path: "run.sh", type: "file" as const, mode: 0o755, size: was, modified: 0, changed: 0, inode: 0 },
    ];
    await expect(collect(archive(source({ entries })))).rejects.toMatchObject({
      data: { code: "context-unreadable", file: path.join(directory, "run.sh") },
    });
  });
});

import { createHash } from "node:crypto";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { directory, type Entry, file, link, text } from "../../../../local/images/entries.ts";
import { type Compression, writeLayer } from "../../../../local/images/layer.ts";
import { folder, folderWith } from "./scratch.ts";
import { readTar } from "./tarContent.ts";

const sha256 = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

/** Bigger than what is read at once, so that it is streamed. */
const BIG = "pergola ".repeat(400_000);

function sample(root: string): Entry[] {
  return [
    file("/usr/bin/tool", join(root, "bin/tool"), 0o755),
    file("/srv/big", join(root, "big"), 0o600, { uid: 1000, gid: 1001 }),
    text("/etc/motd", "grüezi\n"),
    link("/bin", "usr/bin"),
    directory("/tmp", 0o1777),
    text(`/long/${"n".repeat(120)}/${"m".repeat(90)}`, "deep"),
  ];
}

const FILES = { "bin/tool": "#!/bin/sh\n", big: BIG };

test("holds what it was given, with modes, owners and one fixed time", async () => {
  const path = join(folder(), "layer.tar");
  await writeLayer(sample(folderWith(FILES)), path, "none");
  const entries = await readTar(path);
  const found = Object.fromEntries(entries.map(({ header, content }) => [header.name, { ...header, content }]));
  expect(found["usr/bin/tool"]).toMatchObject({ type: "file", mode: 0o755, uid: 0, gid: 0, content: "#!/bin/sh\n" });
  expect(found["srv/big"]).toMatchObject({ mode: 0o600, uid: 1000, gid: 1001 });
  expect(found["srv/big"]?.content === BIG).toBe(true);
  expect(found["etc/motd"]).toMatchObject({ mode: 0o644, content: "grüezi\n" });
  expect(found.bin).toMatchObject({ type: "symlink", linkname: "usr/bin" });
  expect(found["tmp/"] ?? found.tmp).toMatchObject({ type: "directory", mode: 0o1777 });
  expect(found[`long/${"n".repeat(120)}/${"m".repeat(90)}`]?.content).toBe("deep");
  expect(new Set(entries.map(({ header }) => header.mtime.toISOString()))).toEqual(
    new Set(["2000-01-01T00:00:00.000Z"]),
  );
});

test.each<Compression>(["none", "gzip"])(
  "%s: the same content gives the same bytes, whatever order, folder and times",
  async (compression) => {
    const target = folder();
    const first = folderWith(FILES);
    const second = folderWith(FILES);
    utimesSync(join(second, "bin/tool"), 1, 1);
    const a = await writeLayer(sample(first), join(target, "a"), compression);
    const b = await writeLayer(sample(second).reverse(), join(target, "b"), compression);
    expect(b).toEqual({ ...a, path: b.path });
    expect(readFileSync(a.path).equals(readFileSync(b.path))).toBe(true);

    writeFileSync(join(second, "bin/tool"), "#!/bin/zsh\n");
    const changed = await writeLayer(sample(second), join(target, "c"), compression);
    expect(changed.digest).not.toBe(a.digest);
  },
);

test("digest and size are those of the file, the diff id that of the uncompressed tar", async () => {
  const target = folder();
  const entries = sample(folderWith(FILES));
  const plain = await writeLayer(entries, join(target, "plain"), "none");
  const zipped = await writeLayer(entries, join(target, "zipped"), "gzip");
  for (const layer of [plain, zipped]) {
    const content = readFileSync(layer.path);
    expect(layer.digest).toBe(sha256(content));
    expect(layer.size).toBe(content.length);
  }
  expect(plain.diffId).toBe(plain.digest);
  expect(zipped.diffId).toBe(plain.digest);
  expect(sha256(gunzipSync(readFileSync(zipped.path)))).toBe(plain.digest);
  expect(zipped.mediaType).toBe("application/vnd.oci.image.layer.v1.tar+gzip");
});

test("a file that is gone fails with its path", async () => {
  const root = folderWith(FILES);
  const entries = [...sample(root), file("/usr/bin/other", join(root, "bin/other"))];
  await expect(writeLayer(entries, join(folder(), "layer"), "none")).rejects.toThrow(join(root, "bin/other"));
});

import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { text } from "../../../../local/images/entries.ts";
import { writeLayer } from "../../../../local/images/layer.ts";
import { assemble, type ImageDescription, writeArchive } from "../../../../local/images/oci.ts";
import { folder } from "./scratch.ts";
import { readTar } from "./tarContent.ts";

const DESCRIPTION: ImageDescription = {
  reference: "pergola.local/thing:1.2",
  config: {
    env: { PATH: "/bin", HOME: "/root" },
    entrypoint: ["/thing"],
    cmd: ["serve"],
    user: "1000:1000",
    workdir: "/srv",
    labels: { "org.opencontainers.image.title": "thing" },
    volumes: ["/data"],
  },
  layers: [
    { title: "first", entries: [text("/a", "1")] },
    { title: "second", entries: [text("/b", "2")] },
  ],
};

async function assembled(description = DESCRIPTION) {
  const target = folder();
  const layers = [];
  for (const [index, layer] of description.layers.entries()) {
    layers.push(await writeLayer(layer.entries, join(target, String(index)), "none"));
  }
  return assemble(description, layers);
}

test("the archive is a layout whose every blob has the digest of its name", async () => {
  const image = await assembled();
  const path = join(folder(), "image.tar");
  await writeArchive(image, path);
  const files = new Map((await readTar(path)).map(({ header, content }) => [header.name, content]));
  expect(JSON.parse(files.get("oci-layout")!)).toEqual({ imageLayoutVersion: "1.0.0" });

  const blob = (digest: string) => files.get(`blobs/${digest.replace(":", "/")}`)!;
  for (const [name, content] of files) {
    if (!name.startsWith("blobs/sha256/")) continue;
    expect(createHash("sha256").update(content).digest("hex")).toBe(name.slice("blobs/sha256/".length));
  }
  const [entry] = JSON.parse(files.get("index.json")!).manifests;
  expect(entry.digest).toBe(image.manifest.digest);
  expect(entry.annotations["io.containerd.image.name"]).toBe("pergola.local/thing:1.2");
  expect(entry.annotations["org.opencontainers.image.ref.name"]).toBe("1.2");
  const manifest = JSON.parse(blob(entry.digest));
  expect(Buffer.byteLength(blob(entry.digest))).toBe(entry.size);
  expect(manifest.layers.map((layer: { digest: string }) => blob(layer.digest).length)).toEqual(
    manifest.layers.map((layer: { size: number }) => layer.size),
  );
  const config = JSON.parse(blob(manifest.config.digest));
  expect(config.rootfs.diff_ids).toEqual(image.layers.map((layer) => layer.diffId));
  expect(config.history.map((step: { created_by: string }) => step.created_by)).toEqual(["first", "second"]);
});

test("the config says how a container starts, and nothing that was not asked for", async () => {
  const { config } = JSON.parse((await assembled()).config.content);
  expect(config).toEqual({
    Env: ["PATH=/bin", "HOME=/root"],
    Entrypoint: ["/thing"],
    Cmd: ["serve"],
    User: "1000:1000",
    WorkingDir: "/srv",
    Labels: { "org.opencontainers.image.title": "thing" },
    Volumes: { "/data": {} },
  });
  const bare = await assembled({ ...DESCRIPTION, config: { entrypoint: ["/thing"] } });
  expect(JSON.parse(bare.config.content).config).toEqual({ Entrypoint: ["/thing"] });
});

test("the same description gives the same manifest digest, another one gives another", async () => {
  const digest = (await assembled()).manifest.digest;
  expect((await assembled()).manifest.digest).toBe(digest);
  expect((await assembled({ ...DESCRIPTION, config: { ...DESCRIPTION.config, user: "0" } })).manifest.digest).not.toBe(
    digest,
  );
});

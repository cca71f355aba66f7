import { chmodSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { checkBaseImages, pushBaseImages } from "../../../../local/images/push.ts";
import { buildServiceImages } from "../../../../local/images/services.ts";
import { Progress } from "../../../../local/progress.ts";
import { type FakeRegistry, fakeRegistry } from "./fakeRegistry.ts";
import { imageInputs } from "./imageInputs.ts";
import { folder, folderWith } from "./scratch.ts";

const GO = "library/golang:1.26-bookworm";
const NO_GO = "`go env GOROOT` failed, so there is no Go for the image golang:1.26-bookworm";
const inputs = imageInputs();
const progress = new Progress({ stream: { write: () => true } });
const push = (registry: FakeRegistry) =>
  pushBaseImages({
    toolchain: inputs,
    registry: { endpoint: registry.endpoint, host: "registry:1" },
    progress,
    // Not the one with Node, which is a big one.
    names: ["debian:bookworm-slim", "golang:1.26-bookworm"],
  });

let go = "";
let cache = "";
beforeEach(() => {
  cache = folder();
  const npm = join(folderWith({ "bin/npm": "npm", "bin/npm-cli.js": "npm" }), "bin");
  const bin = folder();
  go = join(bin, "go");
  writeFileSync(go, `#!/bin/sh\necho ${folderWith({ VERSION: "go1.26.8\ntime 2026\n", "bin/go": "go" })}\n`);
  chmodSync(go, 0o755);
  vi.stubEnv("PATH", `${bin}:${npm}`);
  vi.stubEnv("PERGOLA_CACHE", cache);
});
afterEach(() => vi.unstubAllEnvs());

test("base images that were assembled once need no Go: neither when the registry has them nor when it lost them", async () => {
  const registry = await fakeRegistry();
  const first = await push(registry);
  expect(first.map((image) => image.reference)).toContain(GO);
  rmSync(go);
  await checkBaseImages(inputs);
  expect(await push(registry)).toEqual(first.map((image) => ({ ...image, pushed: false, bytes: 0 })));
  const digest = ({ digest }: { digest: string }) => digest;
  const empty = await fakeRegistry();
  expect((await push(empty)).map(digest)).toEqual(first.map(digest));
  expect(empty.manifests.has(GO)).toBe(true);
});

test("without Go, the image as it was assembled last is taken, not an earlier one", async () => {
  await push(await fakeRegistry());
  writeFileSync(go, `#!/bin/sh\necho ${folderWith({ VERSION: "go1.26.9\ntime 2026\n", "bin/go": "newer" })}\n`);
  const registry = await fakeRegistry();
  const last = await push(registry);
  rmSync(go);
  expect((await push(registry)).find((image) => image.reference === GO)?.digest).toBe(
    last.find((image) => image.reference === GO)?.digest,
  );
});

test("without Go and without the image, that is said before the cluster is started", async () => {
  rmSync(go);
  await expect(buildServiceImages(inputs, progress)).rejects.toMatchObject({
    message: NO_GO,
    hint: "install Go 1.26 and see that `go` is on PATH",
  });
});

test("an image whose layers were deleted counts as not assembled", async () => {
  await push(await fakeRegistry());
  rmSync(go);
  const images = join(cache, "images");
  for (const name of readdirSync(images)) if (name.endsWith(".tar.gz")) rmSync(join(images, name));
  await expect(checkBaseImages(inputs)).rejects.toThrow(NO_GO);
});

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { startCluster, stopCluster } from "../../local/cluster/index.ts";
import { Progress } from "../../local/progress.ts";
import { findToolchain } from "../../local/toolchain/index.ts";
import { kubeconfig, kubectl } from "./environment.ts";

const bootstrap = join(import.meta.dirname, "..", "..", "local", "bootstrap.mjs");
const state = dirname(kubeconfig);

it("two starts at once: one waits for the other and says so, and both report the same environment", async () => {
  const run = () => execa(process.execPath, [bootstrap, "start", "--output", "json"], { stdin: "ignore" });
  const nodes = await kubectl(["get", "nodes", "--output", "jsonpath={.items[*].metadata.uid}"]);
  const [one, two] = await Promise.all([run(), run()]);
  expect(`${one.stderr}${two.stderr}`).toMatch(/a start of this clone is under way \(process \d+\): waiting for it/);
  const [a, b] = [JSON.parse(one.stdout), JSON.parse(two.stdout)];
  const digests = (summary: { images: { name: string; mode: string; digest: string }[] }) =>
    summary.images.map((image) => [image.name, image.mode, image.digest]);
  expect(digests(b)).toEqual(digests(a));
  expect(b.setup).toEqual(a.setup);
  // What was there before stays as it is, and the result is complete.
  expect(b.images.map((image: { status: string }) => image.status)).toEqual(b.images.map(() => "present"));
  expect(b).toMatchObject({
    cluster: { kubeconfig, context: "pergola-local" },
    stack: "local",
    parts: { "pulumi-nodejs": expect.any(String), kubernetes: expect.any(String) },
    answer: expect.stringContaining("Hello from go-service"),
  });
  expect(await kubectl(["get", "nodes", "--output", "jsonpath={.items[*].metadata.uid}"])).toBe(nodes);
});

it("after a start the stack has nothing to change, and the clone is as it was", async () => {
  const clone = () => execa("git", ["status", "--porcelain"], { cwd: import.meta.dirname });
  const before = await clone();
  await execa(process.execPath, [bootstrap, "pulumi", "preview", "--stack", "local", "--expect-no-changes"]);
  expect((await clone()).stdout).toBe(before.stdout);
});

it("another clone is told whose environment runs, and can neither take nor stop it", async () => {
  const clone = await mkdtemp(join(tmpdir(), "pergola-other-clone-"));
  try {
    const toolchain = (await findToolchain())!;
    const progress = new Progress({ stream: { write: () => true } });
    const owner = join(import.meta.dirname, "..", "..");
    await expect(startCluster({ toolchain, state, images: { all: [] }, progress, clone })).rejects.toThrow(owner);
    await expect(stopCluster({ state, progress, clone })).rejects.toThrow(owner);
    expect(await kubectl(["get", "--raw", "/readyz"])).toBe("ok");
  } finally {
    await rm(clone, { recursive: true });
  }
});

it("keeps the kubeconfig to its owner", async () => {
  expect((await stat(kubeconfig)).mode & 0o777).toBe(0o600);
});

it("serves the discovery document of the service accounts' issuer", async () => {
  const document = JSON.parse(await kubectl(["get", "--raw", "/.well-known/openid-configuration"]));
  expect(document.issuer).toBe("https://kubernetes.default.svc.cluster.local");
  const keys = JSON.parse(await kubectl(["get", "--raw", "/openid/v1/jwks"])).keys as { kty: string }[];
  expect(keys.map(({ kty }) => kty)).toEqual(["RSA"]);
});

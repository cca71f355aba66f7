// --load: images that a build made in the cluster, in a real Docker and a real containerd of this machine.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { build, context, eventually, kubectl, pergola } from "./environment.ts";
import { digestOf, endpoint, parts } from "./registry.ts";
import { type Store, startContainerd, startDocker } from "./stores.ts";

const NAMESPACE = "test-load";
/** Of builders of these tests' own. */
let BUILDKIT: readonly string[];
let docker: Store;
let containerd: Store;

beforeAll(async () => {
  await makeBuilderNamespace(NAMESPACE);
  BUILDKIT = ["--mode", "cluster-buildkit", "--setup", await setupIn(NAMESPACE, () => {})];
  [docker, containerd] = await Promise.all([startDocker(), startContainerd()]);
}, 60_000);

afterAll(async () => {
  for (const store of [docker, containerd]) await store?.remove();
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, 90_000);

/** Digest of an image's configuration, as the registry has it: Docker's name for the image. */
async function configOf(reference: string): Promise<string> {
  const { host, repository, tag } = parts(reference);
  const accept = "application/vnd.oci.image.manifest.v1+json";
  const answer = await fetch(`http://${endpoint(host)}/v2/${repository}/manifests/${tag}`, { headers: { accept } });
  return ((await answer.json()) as { config: { digest: string } }).config.digest;
}
const repositories = async (): Promise<string[]> =>
  (await docker.client("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")).split("\n").filter(Boolean);
const inContainerd = async (namespace: string): Promise<string[]> =>
  (await containerd.client("--namespace", namespace, "images", "ls")).split("\n").slice(1);
const app = (line = ""): Promise<string> => context({ Dockerfile: `FROM busybox:1.36\n${line}\nCOPY Dockerfile /\n` });

describe("--load", () => {
  it("puts an image into Docker under all its names, beside pushing it", async () => {
    const tags = ["-t", "one", "-t", "two"];
    const { code, result, stderr } = await build(
      ["--load", await app(), ...BUILDKIT, "--name", "test-load", ...tags],
      docker.env,
    );
    const [image] = result.images;
    expect(image?.error).toBeNull();
    expect(code).toBe(0);
    expect(image?.loaded).toEqual({ into: "docker" });
    const reference = image!.reference;
    expect(stderr).toContain(`loaded ${reference} into Docker`);
    expect(await digestOf(reference)).toBe(image?.digest);
    expect((await repositories()).sort()).toEqual([reference, reference.replace(/:one$/, ":two")]);
    expect(await docker.client("image", "inspect", "--format", "{{.Id}}", reference)).toBe(await configOf(reference));
  });

  it("puts an image into containerd, with the registry's digest", async () => {
    const target = `--load=containerd,address=${containerd.socket},namespace=test`;
    const { result } = await build([await app(), ...BUILDKIT, "--name", "test-load", target], containerd.env);
    const [image] = result.images;
    expect(image?.error).toBeNull();
    expect(image?.loaded).toEqual({ into: "containerd", address: containerd.socket, namespace: "test" });
    const [line, ...others] = await inContainerd("test");
    expect(line).toContain(`${image?.reference} `);
    expect(line).toContain(image?.digest);
    expect(others).toEqual([]);
    expect(await inContainerd("k8s.io")).toEqual([]);
    // With attestations there is an index over the image, which containerd holds.
    const attested = await build(
      [await app(), ...BUILDKIT, "--name", "test-load", "-t", "attested", "--provenance", "max", target],
      containerd.env,
    );
    expect((await inContainerd("test")).find((text) => text.includes(":attested "))).toContain(
      attested.result.images[0]?.digest,
    );
  });

  it.each([["linux/arm64"], ["linux/amd64,linux/arm64"]])("puts an image for %s into containerd", async (platforms) => {
    const setup = await setupIn(NAMESPACE, ({ builders }) => {
      Object.assign(builders.modes["cluster-buildkit"]!, { platforms: ["linux/amd64", "linux/arm64"] });
    });
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /\n", a: platforms });
    const target = `--load=containerd,address=${containerd.socket},namespace=platforms`;
    const args = [folder, "--mode", "cluster-buildkit", "--setup", setup, "--name", "test-load", target];
    const { result } = await build([...args, "--platform", platforms], containerd.env);
    expect(result.images[0]?.error).toBeNull();
    const line = (await inContainerd("platforms")).find((text) => text.includes(` ${platforms} `));
    expect(line).toContain(result.images[0]?.digest);
  });

  it("loads nothing of a build that fails, nor of an image whose push fails", async () => {
    const before = await repositories();
    const failing = await build(
      [await app("RUN false"), ...BUILDKIT, "--name", "test-load-failed", "--load=docker"],
      docker.env,
    );
    expect(failing.code).toBe(1);
    const elsewhere = await setupIn(NAMESPACE, (setup) => {
      // Nobody listens there, in the builder's pod.
      Object.assign(setup.registry, { host: "127.0.0.1:9", mirrors: {} });
      setup.cache = [];
    });
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /\n", a: `${Math.random()}` });
    const args = [folder, "--mode", "cluster-buildkit", "--name", "test-load-failed", "--setup", elsewhere];
    const refused = await build([...args, "--load"], docker.env);
    expect(refused.result.images[0]?.error?.code).toBe("registry-unreachable");
    expect(await repositories()).toEqual(before);
  });

  it("leaves nothing half done when it is interrupted", async () => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nRUN head -c 80000000 /dev/urandom > /big\n" });
    const before = await repositories();
    const args = ["build", folder, ...BUILDKIT, "--name", "test-load-big"];
    expect((await pergola(args)).exitCode).toBe(0);
    const running = pergola([...args, "-t", "interrupted", "--load", "--progress", "plain"], docker.env);
    let said = "";
    running.stderr?.on("data", (text) => {
      said += text;
    });
    await eventually("the begin of loading", async () => (said.includes("loading into Docker") ? true : undefined));
    running.kill("SIGINT");
    const { exitCode, stderr } = await running;
    expect(exitCode, stderr).toBe(130);
    expect(await repositories()).toEqual(before);
    const left = async () => ((await readdir(join(docker.folder, "data-root/tmp"))).length === 0 ? true : undefined);
    await eventually("Docker's own end of it", left);
  });

  it("says what is wrong with Docker, before a build and during one", async () => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nRUN head -c 80000000 /dev/urandom > /big\n" });
    const args = ["build", folder, ...BUILDKIT, "--name", "test-load-big", "--load", "--progress", "plain"];
    const running = pergola(args, docker.env);
    let said = "";
    running.stderr?.on("data", (text) => {
      said += text;
    });
    await eventually("the begin of loading", async () => (said.includes("loading into Docker") ? true : undefined));
    await docker.kill();
    const { exitCode, stderr } = await running;
    expect(exitCode, stderr).toBe(75);
    expect(stderr).toMatch(/failed: The image cannot be loaded into Docker: .+; the build was stopped\./);

    const refused = await pergola(args, docker.env);
    expect(refused.exitCode).toBe(75);
    expect(refused.stderr).toContain(
      `pergola: Images cannot be loaded into Docker: Cannot connect to the Docker daemon at ${docker.env.DOCKER_HOST}.`,
    );
    expect(refused.stderr).not.toContain("building ");
  });
});

// --load=kind: nodes that are containers of a real Docker, with a real containerd each.
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Progress } from "../../local/progress.ts";
import { ensureToolchain } from "../../local/toolchain/index.ts";
import { kubeconfig } from "./access.ts";
import { makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { build, context, eventually, kubectl, pergola } from "./environment.ts";
import { kindNode, type LocalNode, makeNodeImage, removeWithContainers, SNAPSHOTTER } from "./localClusters.ts";
import { digestOf } from "./registry.ts";
import { type Store, startDocker } from "./stores.ts";

const NAMESPACE = "test-load-clusters";
let BUILDKIT: readonly string[];
let docker: Store;
let dev: LocalNode[];
let kind: string;

beforeAll(async () => {
  await makeBuilderNamespace(NAMESPACE);
  BUILDKIT = ["--mode", "cluster-buildkit", "--setup", await setupIn(NAMESPACE, () => {})];
  kind = (await ensureToolchain(new Progress(), ["kind"])).path("kind");
  docker = await startDocker();
  await makeNodeImage(docker);
  dev = [await kindNode(docker, "dev", "control-plane"), await kindNode(docker, "dev", "worker")];
  // A node that runs no pods, as clusters of several control planes have it: it cannot take an image.
  const balancer = ["--label", "io.x-k8s.kind.cluster=dev", "--label", "io.x-k8s.kind.role=external-load-balancer"];
  await docker.client(
    "run",
    "--detach",
    "--name",
    "dev-lb",
    "--network",
    "none",
    ...balancer,
    "node:1",
    "sleep",
    "1000000",
  );
}, 300_000);

afterAll(async () => {
  if (docker) await removeWithContainers(docker);
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, 120_000);

const app = (line = ""): Promise<string> => context({ Dockerfile: `FROM busybox:1.36\n${line}\nCOPY Dockerfile /\n` });

describe("--load=kind", () => {
  it("puts an image under all its names into every node, with the registry's digest", async () => {
    const args = [
      await app(),
      ...BUILDKIT,
      "--name",
      "test-load-kind",
      "-t",
      "one",
      "-t",
      "two",
      "--load=kind,name=dev",
    ];
    const { code, result, stderr } = await build(args, docker.env);
    const [image] = result.images;
    expect(image?.error).toBeNull();
    expect(code).toBe(0);
    expect(image?.loaded).toEqual({ into: "kind", cluster: "dev" });
    const reference = image!.reference;
    expect(await digestOf(reference)).toBe(image?.digest);
    const names = { [reference]: image?.digest, [reference.replace(/:one$/, ":two")]: image?.digest };
    for (const node of dev) {
      expect(await node.images()).toMatchObject(names);
      const snapshots = (name: string) =>
        node.run("ctr", "--namespace", "k8s.io", "snapshots", "--snapshotter", name, "ls");
      expect((await snapshots(SNAPSHOTTER)).split("\n").length).toBeGreaterThan(1);
      expect((await snapshots("overlayfs")).split("\n")).toHaveLength(1);
    }
    expect(stderr).toContain(`loaded ${reference} into kind cluster dev`);
  });

  it("takes the nodes that kind takes, and puts into them what kind puts", async () => {
    const other = await kindNode(docker, "other", "control-plane");
    const folder = await context({});
    // kind runs its commands in nodes with all capabilities, of which this machine may lack one.
    await writeFile(
      join(folder, "docker"),
      `#!/bin/bash\nPATH=\${PATH#*:}\nargs=()\nfor arg; do [ "$arg" = --privileged ] || args+=("$arg"); done\nexec docker "\${args[@]}"\n`,
      { mode: 0o755 },
    );
    const env = { ...docker.env, PATH: `${folder}${delimiter}${docker.env.PATH}` };
    const runKind = async (...args: string[]) =>
      (await execa(kind, args, { env: { ...env, LD_LIBRARY_PATH: docker.libraries } })).stdout;
    expect((await runKind("get", "clusters")).split("\n")).toEqual(["dev", "other"]);
    const nodes = (await runKind("get", "nodes", "--name", "dev")).split("\n").sort();
    expect(nodes.filter((name) => name !== "dev-lb")).toEqual(dev.map(({ name }) => name));

    const file = join(folder, "image.tar");
    const args = [await app(), ...BUILDKIT, "--name", "test-load-same", "-t", "x", "--output-oci", file];
    const { result } = await build([...args, "--load=kind,name=dev"], docker.env);
    const [image] = result.images;
    expect(image?.error).toBeNull();
    await runKind("load", "image-archive", file, "--name", "other");
    expect((await other.images())[image!.reference]).toBe(image?.digest);
    for (const node of dev) expect((await node.images())[image!.reference]).toBe(image?.digest);
    await docker.client("rm", "--force", other.name);
  });

  it("is what --load alone means when the current context is kind's", async () => {
    const folder = await context({});
    const own = { "current-context": "kind-dev", contexts: [{ name: "kind-dev", context: { cluster: "kind-dev" } }] };
    await writeFile(join(folder, "config"), JSON.stringify(own));
    const env = { ...docker.env, KUBECONFIG: [join(folder, "config"), kubeconfig].join(delimiter) };
    const current = await kubectl(["config", "current-context"]);
    const args = [
      await app(),
      ...BUILDKIT,
      "--context",
      current,
      "--name",
      "test-load-kind",
      "-t",
      "context",
      "--load",
    ];
    const { result, stderr } = await build(args, env);
    expect(result.images[0]?.error).toBeNull();
    expect(result.images[0]?.loaded).toEqual({ into: "kind", cluster: "dev" });
    expect(stderr).toContain("--load: into kind cluster dev (the current context is kind-dev)");
    for (const node of dev) expect((await node.images())[result.images[0]!.reference]).toBe(result.images[0]?.digest);
  });

  it("puts an image for two platforms, and one with attestations, there whole", async () => {
    const setup = await setupIn(NAMESPACE, ({ builders }) => {
      Object.assign(builders.modes["cluster-buildkit"]!, { platforms: ["linux/amd64", "linux/arm64"] });
    });
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /\n", a: "a" });
    const args = [
      folder,
      "--mode",
      "cluster-buildkit",
      "--setup",
      setup,
      "--name",
      "test-load-kind",
      "--load=kind,name=dev",
    ];
    for (const more of [
      ["--platform", "linux/amd64,linux/arm64"],
      ["--provenance", "max"],
    ]) {
      const { result } = await build([...args, ...more, "-t", more.length > 2 ? "two" : more[0]!.slice(2)], docker.env);
      expect(result.images[0]?.error).toBeNull();
      for (const node of dev) expect((await node.images())[result.images[0]!.reference]).toBe(result.images[0]?.digest);
    }
  });

  it("leaves nothing in the nodes when it is interrupted", async () => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nRUN head -c 80000000 /dev/urandom > /big\n" });
    const args = ["build", folder, ...BUILDKIT, "--name", "test-load-big"];
    expect((await pergola(args)).exitCode).toBe(0);
    const running = pergola([...args, "-t", "interrupted", "--load=kind,name=dev", "--progress", "plain"], docker.env);
    let said = "";
    running.stderr?.on("data", (text) => {
      said += text;
    });
    await eventually("an import in a node", async () =>
      /^ctr .*import/m.test(await processes(dev[0]!)) ? true : undefined,
    );
    running.kill("SIGINT");
    const { exitCode, stderr } = await running;
    expect(exitCode, stderr).toBe(130);
    expect(said).not.toContain("loaded ");
    for (const node of dev) {
      await eventually("the end of the import", async () =>
        /ctr .*import/.test(await processes(node)) ? undefined : true,
      );
      expect(Object.keys(await node.images()).filter((name) => name.includes("test-load-big"))).toEqual([]);
      expect((await node.run("ctr", "--namespace", "k8s.io", "leases", "ls", "--quiet")).trim()).toBe("");
    }
  });
});

/** Command lines in a node. */
async function processes(node: LocalNode): Promise<string> {
  return await node.run("ps", "-o", "args");
}

describe("--load=kind says what is wrong, before a build", () => {
  const refused = async (option: string): Promise<string> => {
    const { exitCode, stderr } = await pergola(
      ["build", await app(), ...BUILDKIT, "--name", "test-load-no", option],
      docker.env,
    );
    expect(exitCode, stderr).toBe(75);
    expect(stderr).not.toContain("building ");
    return stderr;
  };

  it("with a cluster that is not there", async () => {
    expect(await refused("--load=kind,name=dve")).toContain(
      "pergola: Images cannot be loaded into kind cluster dve: there is no such cluster in this Docker; there are: dev\n  Name one: --load=kind,name=CLUSTER, or leave out --load. Nothing was built.",
    );
  });

  it("with a node that is stopped", async () => {
    const stopped = await kindNode(docker, "stopped", "control-plane");
    await docker.client("kill", stopped.name);
    expect(await refused("--load=kind,name=stopped")).toContain(
      "pergola: Images cannot be loaded into kind cluster stopped: its node stopped-control-plane (exited) does not run\n  Start it: docker start stopped-control-plane, or leave out --load.",
    );
    await docker.client("rm", stopped.name);
  });
});

describe("--load=kind says what is wrong, while it loads", () => {
  it("with a node whose disk is full: the image is pushed, and the node is named", async () => {
    const small = [await kindNode(docker, "small", "control-plane"), await kindNode(docker, "small", "worker", "8m")];
    // Compressed it is small: the disk is full when the build has succeeded, and layers are unpacked.
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nRUN head -c 40000000 /dev/zero > /zeros\n" });
    const args = [folder, ...BUILDKIT, "--name", "test-load-full", "-t", "zeros", "--load=kind,name=small"];
    const late = await build(args, docker.env);
    expect(late.code).toBe(75);
    const [image] = late.result.images;
    expect(image?.error).toMatchObject({
      code: "load-failed",
      message: expect.stringMatching(
        /^\S+:zeros@sha256:\S+ is pushed, but cannot be loaded into kind cluster small: node small-worker: ctr: .*no space left on device/,
      ),
      hint: expect.stringContaining("Make room on that disk (of the node)"),
    });
    expect(image?.error?.message).toContain(await digestOf(image!.reference));
    expect((await small[0]!.images())[image!.reference]).toBe(await digestOf(image!.reference));

    // Not to be compressed: the disk is full while the archive still comes.
    const random = await context({ Dockerfile: "FROM busybox:1.36\nRUN head -c 40000000 /dev/urandom > /random\n" });
    const early = await build(
      [random, ...BUILDKIT, "--name", "test-load-full", "-t", "random", "--load=kind,name=small"],
      docker.env,
    );
    expect(early.result.images[0]?.error).toMatchObject({
      code: "load-failed",
      message: expect.stringMatching(
        /^The image cannot be loaded into kind cluster small: node small-worker: .*no space left on device.*; the build was stopped\.$/,
      ),
    });
    for (const node of small) await docker.client("rm", "--force", node.name);
  });

  it("with a node whose containerd is gone", async () => {
    const broken = await kindNode(docker, "broken", "control-plane");
    await broken.run("sh", "-c", "kill -9 $(cat /proc/[0-9]*/stat | sed -n 's/^\\([0-9]*\\) (containerd) .*/\\1/p')");
    const { result } = await build(
      [await app(), ...BUILDKIT, "--name", "test-load-no", "--load=kind,name=broken"],
      docker.env,
    );
    expect(result.images[0]?.error).toMatchObject({
      code: "load-failed",
      message: expect.stringContaining("cannot be loaded into kind cluster broken: node broken-control-plane: ctr: "),
      hint: expect.stringContaining("Restart the node: its containerd does not answer"),
    });
    await docker.client("rm", "--force", broken.name);
  });
});

// --load into a k3d cluster and a minikube profile, and out of Docker: nodes are containers of a real Docker, with a real containerd.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planLoad } from "../../builders/plan/load.ts";
import { loadFromDocker } from "../../builders/run/load/fromDocker.ts";
import { image as sampleImage } from "../unit/builders/samples.ts";
import { makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { build, context, eventually, kubectl, pergola } from "./environment.ts";
import { k3dNode, kindNode, makeNodeImage, removeWithContainers, startNode } from "./localClusters.ts";
import { type Store, startDocker } from "./stores.ts";

const NAMESPACE = "test-load-others";
let BUILDKIT: readonly string[];
let docker: Store;

beforeAll(async () => {
  await makeBuilderNamespace(NAMESPACE);
  BUILDKIT = ["--mode", "cluster-buildkit", "--setup", await setupIn(NAMESPACE, () => {})];
  docker = await startDocker();
  await makeNodeImage(docker);
}, 120_000);

afterAll(async () => {
  if (docker) await removeWithContainers(docker);
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, 120_000);

const app = (line = ""): Promise<string> => context({ Dockerfile: `FROM busybox:1.36\n${line}\nCOPY Dockerfile /\n` });

it("--load=k3d puts an image into servers and agents of the only cluster", async () => {
  const nodes = [await k3dNode(docker, "green", "server"), await k3dNode(docker, "green", "agent")];
  const labels = ["--label", "app=k3d", "--label", "k3d.cluster=green", "--label", "k3d.role=loadbalancer"];
  await docker.client(
    "run",
    "--detach",
    "--name",
    "k3d-green-serverlb",
    "--network",
    "none",
    ...labels,
    "node:1",
    "sleep",
    "1000000",
  );
  const { result, stderr } = await build(
    [await app(), ...BUILDKIT, "--name", "test-load-k3d", "--load=k3d"],
    docker.env,
  );
  const [image] = result.images;
  expect(image?.error).toBeNull();
  expect(image?.loaded).toEqual({ into: "k3d", cluster: "green" });
  expect(stderr).toContain("--load: into k3d cluster green (there is no other)");
  for (const node of nodes) expect(await node.images()).toEqual({ [image!.reference]: image?.digest });
});

it("an image that Docker holds goes from there into the nodes of a cluster", async () => {
  const { result } = await build([await app(), ...BUILDKIT, "--name", "test-load-docker", "--load=docker"], docker.env);
  const { reference } = result.images[0]!;
  expect(result.images[0]?.error).toBeNull();
  const nodes = [await kindNode(docker, "dev", "control-plane"), await kindNode(docker, "dev", "worker")];
  const plan = planLoad(sampleImage(), { into: "kind", cluster: "dev" }, [reference], false);
  const environment = { ...process.env, ...docker.env };
  const identify = ["docker", "image", "inspect", "--format", "{{.Id}}", reference];
  await loadFromDocker(plan, { archive: ["docker", "save", reference], identify }, `${reference} is built`, {
    environment,
    emit() {},
    signal: new AbortController().signal,
  });
  const id = await docker.client("image", "inspect", "--format", "{{.Id}}", reference);
  for (const node of nodes) {
    const digest = (await node.images())[reference] as string;
    const manifest = JSON.parse(await node.run("ctr", "--namespace", "k8s.io", "content", "get", digest));
    expect(manifest.config.digest).toBe(id);
  }
});

describe("--load=minikube, by a stand-in for its program", () => {
  /** A profile of one node, and what the runner needs to find it. */
  async function minikube(profile: string, disk?: string, status = "OK") {
    const node = await startNode(docker, profile, { "name.minikube.sigs.k8s.io": profile }, disk);
    const folder = await context({});
    const program = join(import.meta.dirname, "minikubeStandIn.ts");
    await writeFile(join(folder, "minikube"), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`, { mode: 0o755 });
    await mkdir(join(folder, "tmp"));
    const env = {
      ...docker.env,
      PATH: `${folder}${delimiter}${docker.env.PATH}`,
      TMPDIR: join(folder, "tmp"),
      LD_LIBRARY_PATH: docker.libraries,
      MINIKUBE_STAND_IN: JSON.stringify({ profile, status, node: node.name }),
    };
    return { node, env, temporary: () => readdir(join(folder, "tmp")) };
  }

  it("puts an image into the profile, and keeps no file", async () => {
    const { node, env, temporary } = await minikube("blue");
    const { result, stderr } = await build(
      [await app(), ...BUILDKIT, "--name", "test-load-minikube", "--load=minikube"],
      env,
    );
    const [image] = result.images;
    expect(image?.error).toBeNull();
    expect(image?.loaded).toEqual({ into: "minikube", profile: "blue" });
    expect(stderr).toContain("--load: into minikube blue (it is minikube's active profile)");
    expect(await node.images()).toEqual({ [image!.reference]: image?.digest });
    expect(await temporary()).toEqual([]);
  });

  it("tells what minikube does not: a node that is full", async () => {
    const { env, temporary } = await minikube("full", "8m");
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nRUN head -c 40000000 /dev/zero > /zeros\n" });
    const { result } = await build([folder, ...BUILDKIT, "--name", "test-load-full", "--load=minikube"], env);
    expect(result.images[0]?.error).toMatchObject({
      code: "load-failed",
      message: expect.stringMatching(
        / is pushed, but cannot be loaded into minikube full: not loaded into full: ctr: .*no space left/,
      ),
      hint: expect.stringContaining("Make room on that disk (of the node)"),
    });
    expect(await temporary()).toEqual([]);
  });

  it("removes its file when it is interrupted", async () => {
    const { node, env, temporary } = await minikube("cut");
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nRUN head -c 80000000 /dev/urandom > /big\n" });
    const running = pergola(
      ["build", folder, ...BUILDKIT, "--name", "test-load-big", "-t", "cut", "--load=minikube"],
      env,
    );
    await eventually("the archive", async () => ((await temporary()).length > 1 ? true : undefined));
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(130);
    expect(await temporary()).toEqual([]);
    expect(await node.images()).toEqual({});
  });

  it("is refused before a build with a profile that is stopped, or not there", async () => {
    const { env } = await minikube("stopped-profile", undefined, "Stopped");
    for (const [profile, message] of [
      [
        "stopped-profile",
        "minikube stopped-profile: it is stopped\n  Start it: minikube start --profile stopped-profile,",
      ],
      [
        "none",
        "minikube none: there is no such profile; there are: stopped-profile\n  Name one: --load=minikube,profile=PROFILE,",
      ],
    ]) {
      const args = ["build", await app(), ...BUILDKIT, "--name", "test-load-no", `--load=minikube,profile=${profile}`];
      const { exitCode, stderr } = await pergola(args, env);
      expect(exitCode, stderr).toBe(75);
      expect(stderr).toContain(`pergola: Images cannot be loaded into ${message}`);
    }
  });

  it("goes to the profile's own Docker where the shell was pointed there (docker-env)", async () => {
    const env = { ...docker.env, MINIKUBE_ACTIVE_DOCKERD: "blue" };
    const { result, stderr } = await build([await app(), ...BUILDKIT, "--name", "test-load-env", "--load"], env);
    const [image] = result.images;
    expect(image?.error).toBeNull();
    expect(image?.loaded).toEqual({ into: "docker", minikube: "blue" });
    expect(stderr).toContain("--load: into Docker of minikube blue (MINIKUBE_ACTIVE_DOCKERD is blue)");
    await docker.client("image", "inspect", image!.reference);
  });
});

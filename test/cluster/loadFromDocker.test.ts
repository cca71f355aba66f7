// --mode local-docker with --load: from the store of the Docker that built into containerd, and into nodes of kind in that Docker.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BuildSetup } from "../../infra/setup.ts";
import { type DockerBuilder, startDockerBuilder } from "./dockerBuilder.ts";
import { build, context, pergola, setupOf } from "./environment.ts";
import { kindNode, type LocalNode, makeNodeImage, removeWithContainers } from "./localClusters.ts";
import { digestOf } from "./registry.ts";
import { type Store, startContainerd } from "./stores.ts";

let docker: DockerBuilder;
let nodes: LocalNode[];
let containerd: Store;
let setup: string;

beforeAll(async () => {
  docker = await startDockerBuilder({}, []);
  containerd = await startContainerd();
  await makeNodeImage(docker);
  nodes = [await kindNode(docker, "dev", "control-plane"), await kindNode(docker, "dev", "worker")];
  const made = (await setupOf("cluster-buildkit")) as BuildSetup;
  made.builders.modes["local-docker"] = {};
  setup = join(await context({}), "setup.json");
  await writeFile(setup, JSON.stringify(made));
}, 120_000);

afterAll(async () => {
  await containerd?.remove();
  if (docker) await removeWithContainers(docker);
}, 60_000);

it.each([
  ["buildx", "buildx", ""],
  ["docker build", "plain", ""],
  ["docker build without BuildKit", "plain", "0"],
] as const)("what %s built gets into every node under all its names", async (_, client, DOCKER_BUILDKIT) => {
  const folder = await context({ Dockerfile: "FROM busybox:1.36\nCOPY a /\n", a: `${Math.random()}` });
  const args = [
    "--setup",
    setup,
    "--mode",
    "local-docker",
    "--name",
    "test-load-from-docker",
    "-t",
    "one",
    "-t",
    "two",
  ];
  const env = { ...docker[client], DOCKER_BUILDKIT, KUBECONFIG: "/nowhere" };
  const { code, result, stderr } = await build([folder, ...args, "--load=kind,name=dev"], env);
  const image = result.images[0]!;
  expect(image.error).toBeNull();
  expect(code).toBe(0);
  expect(image.loaded).toEqual({ into: "kind", cluster: "dev" });
  const { reference } = image;
  expect(await digestOf(reference)).toBe(image.digest);
  expect(stderr).toContain(`loaded ${reference} into kind cluster dev`);
  const id = await docker.client("image", "inspect", "--format", "{{.Id}}", reference);
  for (const node of nodes) {
    const images = await node.images();
    expect(images[reference.replace(/:one$/, ":two")]).toBe(images[reference]);
    const manifest = await node.run("ctr", "--namespace", "k8s.io", "content", "get", images[reference]!);
    // The same configuration is the same image, whose layers it names; Docker's archive has a manifest of its own.
    expect(JSON.parse(manifest).config.digest).toBe(id);
  }
});

it("what Docker's own builder made gets from its store into containerd", async () => {
  const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /\n", a: `${Math.random()}` });
  const load = `--load=containerd,address=${containerd.socket},namespace=test`;
  const { result } = await build(
    [folder, "--setup", setup, "--mode", "local-docker", "--name", "test-load-from-docker", load],
    { ...docker.buildx, KUBECONFIG: "/nowhere" },
  );
  expect(result.images[0]?.error).toBeNull();
  expect(await containerd.client("--namespace", "test", "images", "ls")).toContain(result.images[0]!.reference);
});

it("a cluster that is not there is told before anything is built", async () => {
  const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
  const args = ["build", folder, "--setup", setup, "--mode", "local-docker", "--name", "test-load-from-docker"];
  const env = { ...docker.buildx, KUBECONFIG: "/nowhere" };
  const { exitCode, stderr } = await pergola([...args, "--load=kind,name=dve"], env);
  expect(exitCode, stderr).toBe(75);
  expect(stderr).toContain("there is no such cluster in this Docker; there are: dev");
  expect(stderr).not.toContain("building ");
});

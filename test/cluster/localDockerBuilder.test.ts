// --mode local-docker with a builder of buildx that has a BuildKit of its own: here buildkitd in the cluster, by the driver remote.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Kube } from "../../builders/run/index.ts";
import type { BuildSetup } from "../../infra/setup.ts";
import { daemonOf, overBridge } from "./buildctl.ts";
import { makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { type DockerBuilder, startDockerBuilder } from "./dockerBuilder.ts";
import { build, context, kubeconfig, kubectl, setupOf } from "./environment.ts";
import { digestOf } from "./registry.ts";

const NAMESPACE = "test-local-docker";
let docker: DockerBuilder;
let setup: string;

beforeAll(async () => {
  docker = await startDockerBuilder({}, []);
  const made = (await setupOf("cluster-buildkit")) as BuildSetup;
  made.builders.modes["local-docker"] = {};
  setup = join(await context({}), "setup.json");
  await writeFile(setup, JSON.stringify(made));
  await makeBuilderNamespace(NAMESPACE);
  // The first build makes its daemon.
  const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
  const own = ["--setup", await setupIn(NAMESPACE, () => {}), "--mode", "cluster-buildkit"];
  await build([folder, "--name", "test-local-docker", ...own]);
}, 90_000);
afterAll(async () => {
  await docker?.remove();
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, 60_000);

it("a builder of buildx with a BuildKit of its own pushes by itself, writes the cache, an OCI layout and what --load asks for", async () => {
  const kube = new Kube({ environment: { ...process.env, KUBECONFIG: kubeconfig } });
  try {
    const folder = await context({
      Dockerfile: "FROM busybox:1.36\nRUN echo hello > /said\nCOPY a /\n",
      a: `${Math.random()}`,
    });
    const socket = join(await context({}), "s");
    await overBridge(kube, await daemonOf(NAMESPACE), socket, async () => {
      const env = { ...docker.buildx, KUBECONFIG: "/nowhere" };
      await execa("docker", ["buildx", "create", "--name", "own", "--driver", "remote", `unix://${socket}`], { env });
      const oci = join(await context({}), "image.tar");
      const args = [
        folder,
        ...["--setup", setup, "--mode", "local-docker", "--name", "test-local-docker-own"],
        "--output-oci",
        oci,
        "--load=docker",
        "--annotation",
        "a=b",
      ];
      const { result } = await build([...args, "-t", "one"], { ...env, BUILDX_BUILDER: "own" });
      const [image] = result.images;
      expect(image?.error).toBeNull();
      expect(await digestOf(image!.reference)).toBe(image?.digest);
      expect(await digestOf(image!.reference.replace(/:one$/, ":_buildcache"))).not.toBeNull();
      expect((await readFile(oci)).includes(image!.digest!.slice("sha256:".length))).toBe(true);
      expect(await docker.client("image", "inspect", "--format", "{{.Os}}", image!.reference)).toBe("linux");
    });
  } finally {
    kube.close();
  }
});

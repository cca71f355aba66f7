// A registry whose tags cannot be moved, and --mode local-docker: what takenTags.test.ts has of the other modes.
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa, type ResultPromise } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ImageResult } from "../../builders/report/result.ts";
import { Kube } from "../../builders/run/index.ts";
import type { BuildSetup } from "../../infra/setup.ts";
import { overBridge } from "./buildctl.ts";
import { type DockerBuilder, REGISTRY, startDockerBuilder } from "./dockerBuilder.ts";
import { build, context, kubeconfig, pods, setupOf } from "./environment.ts";
import { type FaultPlace, faultPlace } from "./faultPlace.ts";
import { digestOf, endpoint } from "./registry.ts";

/** Port of the front at the registry's address, behind a login; and that login. */
const PORT = 30503;
const LOGIN = Buffer.from("someone:s3cret").toString("base64");
const FAULT = "tag-400";
const nonce = `${process.pid}-${Date.now()}`;

let front: ResultPromise;
let gate: http.Server;
let docker: DockerBuilder;

beforeAll(async () => {
  front = execa(process.execPath, [join(import.meta.dirname, "registryFront.ts"), "0", endpoint(REGISTRY)], {
    reject: false,
  });
  const [said] = await once(front.stdout!, "data");
  const port = Number(String(said));
  gate = http.createServer((request, response) => {
    if (request.headers.authorization !== `Basic ${LOGIN}`) {
      request.resume();
      response.writeHead(401, { "www-authenticate": 'Basic realm="front"' });
      return response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
    }
    const { method, url: path, headers } = request;
    const onward = http.request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
  docker = await startDockerBuilder({ [PORT]: `127.0.0.1:${(gate.address() as AddressInfo).port}` }, [PORT]);
  const config = JSON.stringify({ auths: { [`172.30.0.11:${PORT}`]: { auth: LOGIN } } });
  for (const { DOCKER_CONFIG } of [docker.buildx, docker.plain])
    await writeFile(join(DOCKER_CONFIG!, "config.json"), config);
}, 60_000);

afterAll(async () => {
  await docker?.remove();
  gate?.close();
  front?.kill();
}, 60_000);

/** Builds by local-docker, with a registry of this address. */
async function attempt(host: string, folder: string, args: readonly string[], env: Record<string, string>) {
  const setup = (await setupOf("cluster-buildkit")) as BuildSetup;
  setup.builders.modes["local-docker"] = {};
  Object.assign(setup.registry, { host, namespace: `${FAULT}/taken`, mirrors: {} });
  setup.cache = [];
  const file = join(await context({}), "setup.json");
  await writeFile(file, JSON.stringify(setup));
  const done = await build([folder, "--setup", file, "--mode", "local-docker", ...args], { ...env, KUBECONFIG: "/no" });
  return { code: done.code, image: done.result.images[0] as ImageResult, stderr: done.stderr };
}

/** Digest that the real registry has under the tag of a reference to the front. */
const held = (reference: string) => digestOf(reference.replace(/^[^/]+\/[^/]+\//, `${REGISTRY}/`));
const project = (text: string) =>
  context({ Dockerfile: "FROM busybox:1.36\nCOPY file /\nRUN date > /now\n", file: `${nonce} ${text}` });

const CLIENTS = ["buildx", "docker build", "docker build without BuildKit"] as const;

describe.each(CLIENTS)("a tag that cannot be moved, by %s in Docker's daemon", (client) => {
  const name = `w-taken-docker-${CLIENTS.indexOf(client)}`;
  const one = (folder: string, ...args: string[]) => {
    const env = client === "buildx" ? docker.buildx : docker.plain;
    const variables = { ...env, DOCKER_BUILDKIT: client === "docker build without BuildKit" ? "0" : "" };
    return attempt(`172.30.0.11:${PORT}`, folder, ["--name", name, ...args], variables);
  };
  const inspect = (reference: string) => docker.client("image", "inspect", "--format", "{{.Id}}", reference);

  it("and holds another image, fails with what there is and what was built, which has its name here", async () => {
    const tag = ["--tag", `other-${nonce}`, "--tag", `more-${nonce}`];
    const first = await one(await project("one"), ...tag.slice(0, 2));
    expect(first.image.error).toBeNull();
    const { reference, digest } = first.image;
    // As somebody else's, who pushed it from elsewhere.
    await docker.client("image", "rm", reference);
    const second = await one(await project("two"), ...tag);
    expect(second.code).toBe(1);
    expect(second.image).toMatchObject({ status: "failed", digest: null, error: { code: "tag-taken" } });
    const { message, hint } = second.image.error!;
    const built = await inspect(reference);
    expect(message).toContain(
      `${reference} be moved to another image: it holds ${digest}, and what was built is image ${built} of Docker's. ${reference.replace("/other-", "/more-").replace(":other-", ":more-")} was not pushed either.`,
    );
    expect(hint).toContain("--tag");
    expect(await held(reference)).toBe(digest);
    expect(await held(reference.replace(":other-", ":more-"))).toBeNull();
    expect(await docker.client("run", "--rm", "--network", "none", built, "cat", "/file")).toContain("two");
    await expect(inspect(`${reference.replace(/:[^:/]*$/, "")}@${digest}`)).rejects.toThrow("No such image");
  });

  it("and holds the same image, is as good as a push, and further tags are pushed", async () => {
    const folder = await project("same");
    const first = await one(folder, "--tag", `same-${nonce}`);
    expect(first.image.error).toBeNull();
    const second = await one(folder, "--tag", `same-${nonce}`, "--tag", `next-${nonce}`);
    expect(second.image.error).toBeNull();
    expect(second.image).toMatchObject({ status: "built", digest: first.image.digest, warnings: [] });
    const next = first.image.reference.replace(":same-", ":next-");
    expect(await held(next)).toBe(first.image.digest);
    expect(second.stderr).not.toContain(`pushed ${first.image.reference}@`);
    expect(second.stderr).toContain(`pushed ${next}@${first.image.digest}`);
  });

  it("and follows from the content, is as good as a push, and says which image there is, which is then here too", async () => {
    const folder = await project("content");
    const first = await one(folder, "--no-cache");
    expect(first.image.error).toBeNull();
    const before = await inspect(first.image.reference);
    const second = await one(folder, "--no-cache", "--load=docker");
    expect(second.image.error).toBeNull();
    const { reference, digest } = first.image;
    expect(second.image).toMatchObject({ status: "built", reference, digest, loaded: { into: "docker" } });
    const [warning = ""] = second.image.warnings;
    expect(warning).toMatch(/stays as it is \(sha256:\w{64}\).* built now \(image sha256:\w{64} of Docker's\)/);
    expect(warning).toContain(digest);
    expect(await held(reference)).toBe(digest);
    expect(await inspect(reference)).toBe(before);
  });
});

describe("a tag that cannot be moved, by a builder of buildx that pushes by itself", () => {
  let place: FaultPlace;
  beforeAll(async () => {
    place = await faultPlace("test-taken-docker");
    // The first build makes the daemon.
    const args = ["--setup", await place.setupFile(), "--mode", "cluster-buildkit", "--name", "w-taken-docker"];
    const { result } = await build([await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" }), ...args]);
    expect(result.images[0]?.error).toBeNull();
  }, 120_000);
  afterAll(() => place?.remove());

  it("fails or is as good as a push, as in cluster-buildkit", async () => {
    const kube = new Kube({ environment: { ...process.env, KUBECONFIG: kubeconfig } });
    try {
      const pod = (await pods(place.namespace)).find(({ metadata }) => metadata.name !== "front")!.metadata.name;
      const socket = join(await context({}), "s");
      await overBridge(kube, { namespace: place.namespace, pod, container: "buildkitd" }, socket, async () => {
        const create = ["buildx", "create", "--name", "taken", "--driver", "remote", `unix://${socket}`];
        await execa("docker", create, { env: docker.buildx });
        const env = { ...docker.buildx, BUILDX_BUILDER: "taken" };
        const one = (folder: string, ...args: string[]) =>
          attempt(place.front, folder, ["--name", "w-taken-docker", ...args], env);
        const tag = ["--tag", `builder-${nonce}`];
        // In the namespace no registry but the front is known to speak plain http.
        const bare = (file: string) => context({ Dockerfile: "FROM scratch\nCOPY file /\n", file: `${nonce} ${file}` });
        const folder = await bare("one");
        const first = await one(folder, ...tag);
        expect(first.image.error).toBeNull();
        const { digest } = first.image;
        expect((await one(folder, ...tag)).image).toMatchObject({ error: null, status: "built", digest });

        const other = await one(await bare("two"), ...tag);
        expect(other.image.error?.code).toBe("tag-taken");
        const said = /holds (sha256:\w{64}), and what was built is (sha256:\w{64})\.$/.exec(other.image.error!.message);
        expect(said?.[1]).toBe(digest);
        expect(said?.[2]).not.toBe(digest);

        const own = await one(folder, "--no-cache");
        const again = await one(folder, "--no-cache");
        expect(again.image).toMatchObject({ error: null, status: "built", digest: own.image.digest });
        expect(again.image.warnings).toEqual([expect.stringContaining("stays as it is")]);
        const load = await one(folder, "--no-cache", "--load=docker");
        expect(load.image.error?.code).toBe("tag-taken");
        expect(await held(own.image.reference)).toBe(own.image.digest);
      });
    } finally {
      kube.close();
    }
  });
});

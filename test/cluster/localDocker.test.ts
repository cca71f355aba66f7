// --mode local-docker: a real Docker of this machine builds and pushes, by buildx, by docker build with BuildKit, and without.
import { readdir, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildSetup } from "../../infra/setup.ts";
import { type DockerBuilder, REGISTRY, startDockerBuilder } from "./dockerBuilder.ts";
import { build, context, eventually, pergola, setupOf } from "./environment.ts";
import { digestOf, imageFiles } from "./registry.ts";

/** Port of a registry that wants a login, and of one whose plain http the daemon does not take. */
const [DENYING, UNEXPECTED] = [30501, 30502];
let docker: DockerBuilder;
let denying: http.Server;
let setup: string;

/** A BuildSetup that lets people build so; no cluster is reached by it. */
async function setupWith(change: (setup: BuildSetup) => void = () => {}): Promise<string> {
  const made = (await setupOf("cluster-buildkit")) as BuildSetup;
  made.builders.modes["local-docker"] = {};
  change(made);
  const file = join(await context({}), "setup.json");
  await writeFile(file, JSON.stringify(made));
  return file;
}

beforeAll(async () => {
  denying = http.createServer((_, answer) => {
    answer.writeHead(401, { "www-authenticate": 'Basic realm="x"' });
    answer.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
  });
  await new Promise<void>((resolve) => denying.listen(0, "127.0.0.1", resolve));
  const to = `127.0.0.1:${(denying.address() as AddressInfo).port}`;
  docker = await startDockerBuilder({ [DENYING]: to, [UNEXPECTED]: to }, [DENYING]);
  setup = await setupWith();
}, 60_000);

afterAll(async () => {
  await docker?.remove();
  denying?.close();
}, 60_000);

const CLIENTS = ["buildx", "docker build", "docker build without BuildKit"] as const;
type Client = (typeof CLIENTS)[number];
/** No cluster is reachable by these. */
function variables(client: Client): Record<string, string> {
  const given = client === "buildx" ? docker.buildx : docker.plain;
  return { ...given, KUBECONFIG: "/nowhere", DOCKER_BUILDKIT: client === "docker build without BuildKit" ? "0" : "" };
}
const words = (folder: string, name: string, by = setup): string[] => [
  ...[folder, "--mode", "local-docker", "--setup", by, "--name", name],
];

describe.each(CLIENTS)("%s", (client) => {
  const name = `test-local-docker-${CLIENTS.indexOf(client)}`;
  /** a step that ends when it is stopped, known from others by its number */
  const endless = `sleep ${process.pid}${CLIENTS.indexOf(client)}`;
  const one = async (folder: string, ...more: string[]) => {
    const { code, result, stderr } = await build([...words(folder, name), ...more], variables(client));
    return { code, image: result.images[0]!, stderr };
  };

  it("builds, pushes, and keeps the image in Docker; again from its cache", async () => {
    const folder = await context({
      Dockerfile:
        "FROM busybox:1.36 AS base\nARG WORD\nRUN echo $WORD > /word; echo said\nFROM base AS wanted\nCOPY . /app\nFROM base\nRUN false\n",
      "kept/a": `${Math.random()}`,
      left: "out",
      ".dockerignore": "left\n",
    });
    const args = [
      "--target",
      "wanted",
      "--build-arg",
      `WORD=hello-${client.length}`,
      "--label",
      "a=b c",
      "-t",
      "one",
      "-t",
      "two",
    ];
    const first = await one(folder, ...args, "--load=docker");
    expect(first.image.error).toBeNull();
    expect(first.code).toBe(0);
    expect(first.image).toMatchObject({
      mode: "local-docker",
      steps: 3 + (client.endsWith("BuildKit") ? 1 : 0),
      loaded: { into: "docker" },
    });
    expect(first.image.bytesSent).toBeGreaterThan(0);
    const { reference, digest } = first.image;
    expect(await digestOf(reference)).toBe(digest);
    expect(await digestOf(reference.replace(/:one$/, ":two"))).toBe(digest);
    expect(first.stderr).toContain(`pushed ${reference}@${digest}`);
    expect(first.stderr).toMatch(/^\| said$/m);
    const files = await imageFiles(reference);
    expect([...files.keys()].filter((file) => file.startsWith("app/")).sort()).toEqual([
      "app/.dockerignore",
      "app/Dockerfile",
      "app/kept",
      "app/kept/a",
    ]);
    expect(await docker.client("image", "inspect", "--format", "{{json .Config.Labels}}", reference)).toBe(
      '{"a":"b c"}',
    );
    const again = await one(folder, ...args);
    expect(again.image).toMatchObject({ digest, cachedSteps: expect.any(Number), loaded: null });
    expect(again.image.cachedSteps).toBeGreaterThanOrEqual(2);
  });

  it("builds images that are FROM one another", async () => {
    const folder = await context({
      "base/garden.yml": `kind: Build\nname: ${name}-base\ntype: container\n`,
      "base/Dockerfile": "FROM scratch\nCOPY a /from-base\n",
      "base/a": `${Math.random()}`,
      "app/garden.yml": `kind: Build\nname: ${name}-app\ntype: container\n`,
      "app/Dockerfile": `FROM ${name}-base\nCOPY --from=${name}-base:latest /from-base /copied\n`,
    });
    const { result } = await build([folder, "--mode", "local-docker", "--setup", setup], variables(client));
    expect(result.images.map(({ error }) => error)).toEqual([null, null]);
    const app = result.images.find((image) => image.name.endsWith("-app"))!;
    expect([...(await imageFiles(app.reference)).keys()].sort()).toEqual(["copied", "from-base"]);
  });

  it("tells a step that fails with file and line, and moves no tag", async () => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\n\nRUN echo before; \\\n  exit 3\n" });
    const { code, image } = await one(folder, "-t", "failed");
    expect(code).toBe(1);
    expect(image.error).toMatchObject({ code: "build-failed", file: "Dockerfile", line: 3, logTail: "before" });
    expect(image.error?.message).toContain("exit code 3");
    expect(await digestOf(image.reference)).toBeNull();
  });

  it.each([
    [
      "a missing file",
      "FROM scratch\nCOPY nope /\n",
      { code: "build-failed", message: "The build context has no /nope (Dockerfile:2)." },
    ],
    ["a step that was killed", "FROM busybox:1.36\nRUN exit 137\n", { code: "out-of-memory", line: 2 }],
    ["a registry that is not there", "FROM nope.invalid/x:1\n", { code: "registry-unreachable", line: 1 }],
    ["a base image that is denied", `FROM 172.30.0.11:${DENYING}/x:1\n`, { code: "pull-denied", line: 1 }],
    ["no such base image", `FROM ${REGISTRY}/examples/nope:1\n`, { code: "base-image-missing", line: 1 }],
  ])("tells %s", async (_, Dockerfile, expected) => {
    const { image } = await one(await context({ Dockerfile }), "-t", "failed");
    expect(image.error).toMatchObject(expected);
  });

  it("is stopped by Ctrl-C, by termination and by a timeout, and leaves no step and no file behind", async () => {
    const folder = await context({ Dockerfile: `FROM busybox:1.36\nRUN echo began && ${endless}\n` });
    const temporary = await context({});
    for (const [signal, exitCode] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const running = pergola(["build", ...words(folder, name), "-t", "stopped", "--progress", "plain"], {
        ...variables(client),
        TMPDIR: temporary,
      });
      let said = "";
      running.stderr?.on("data", (text) => {
        said += text;
      });
      await eventually("the step", async () => (said.includes("| began") ? true : undefined));
      running.kill(signal);
      expect((await running).exitCode, said).toBe(exitCode);
      expect(said).toContain("Stopping: Docker cancels the builds.");
      await eventually("the end of the step", async () => ((await pidsOf(endless)).length === 0 ? true : undefined));
      expect(await readdir(temporary)).toEqual([]);
    }
    const { code, image } = await one(folder, "-t", "stopped", "--timeout", "3");
    expect(code).toBe(75);
    expect(image.error?.code).toBe("timeout");
    await eventually("the end of the step", async () => ((await pidsOf(endless)).length === 0 ? true : undefined));
    expect(await digestOf(image.reference)).toBeNull();
    const containers = async () => ((await docker.client("ps", "--all", "--quiet")) === "" ? true : undefined);
    await eventually("the end of the step's container", containers, 20);
  });
});

/** Processes with this command line: steps of builds that are to end. */
async function pidsOf(command: string): Promise<number[]> {
  const { stdout } = await execa("ps", ["-eo", "pid,args"]);
  const found = stdout.split("\n").map((line) => /^ *(\d+) (.*)$/.exec(line));
  return found.flatMap((line) => (line?.[2] === command ? [Number(line[1])] : []));
}

describe("build secrets", () => {
  it.each(["buildx", "docker build"] as const)("reach a step by %s, and are in no image", async (client) => {
    const folder = await context({
      Dockerfile: `FROM busybox:1.36\nRUN --mount=type=secret,id=token test "$(cat /run/secrets/token)" = s3cret-${client.length} && echo ok > /ok\n`,
    });
    const args = [...words(folder, "test-local-docker-secret"), "--secret", "id=token,env=TOKEN"];
    const { result, stderr } = await build(args, { ...variables(client), TOKEN: `s3cret-${client.length}` });
    expect(result.images[0]?.error).toBeNull();
    expect(stderr).not.toContain(`"s3cret`);
  });
});

describe("what is wrong with Docker", () => {
  const refusal = async (env: Record<string, string>, ...more: string[]) => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const { exitCode, stderr } = await pergola(["build", ...words(folder, "test-local-docker"), ...more], env);
    return { exitCode, stderr };
  };

  it("is told before anything is built", async () => {
    const env = variables("buildx");
    expect(await refusal({ ...env, PATH: "/nowhere" })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("there is no docker on the PATH"),
    });
    expect(await refusal({ ...env, DOCKER_HOST: "unix:///nowhere/docker.sock" })).toMatchObject({
      exitCode: 75,
      stderr: expect.stringContaining("Cannot connect to the Docker daemon at unix:///nowhere/docker.sock"),
    });
    const { DOCKER_HOST: _, ...unnamed } = env;
    expect(await refusal({ ...unnamed, DOCKER_CONTEXT: "gone" })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is (DOCKER_CONTEXT=gone): context "gone" does not exist'),
    });
    expect(await refusal({ ...env, BUILDX_BUILDER: "gone" })).toMatchObject({
      exitCode: 75,
      stderr: expect.stringMatching(/The builder that docker buildx is to use cannot be had: no builder "gone" found/),
    });
    expect(await refusal(env, "--platform", "linux/amd64,linux/arm64")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("docker buildx create --use"),
    });
    expect(await refusal(variables("docker build"), "--platform", "linux/amd64,linux/arm64")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("Install docker buildx"),
    });
    expect(await refusal(variables(CLIENTS[2]), "--secret", "id=a,env=PATH")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("Install docker buildx"),
    });
  });

  it.each(["buildx", "docker build"] as const)("an extra flag that %s does not know is named", async (client) => {
    const folder = await context({
      "garden.yml":
        "kind: Build\nname: test-local-docker-flag\ntype: container\nspec: {extraFlags: [--no-such-flag]}\n",
      Dockerfile: "FROM scratch\nCOPY Dockerfile /\n",
    });
    const { code, result } = await build([folder, "--mode", "local-docker", "--setup", setup], variables(client));
    expect(code).toBe(2);
    expect(result.images[0]?.error?.message).toContain("The flag --no-such-flag of image test-local-docker-flag");
  });

  it.each([
    ["has no right to push", DENYING, "push-denied", "docker login 172.30.0.11:30501"],
    ["does not expect plain http", UNEXPECTED, "registry-unreachable", '"insecure-registries": ["172.30.0.11:30502"]'],
  ])("it %s", async (_, port, code, hint) => {
    const elsewhere = await setupWith((made) => {
      Object.assign(made.registry, { host: `172.30.0.11:${port}`, mirrors: {} });
      made.cache = [];
    });
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const { result } = await build(words(folder, "test-local-docker", elsewhere), variables("buildx"));
    expect(result.images[0]?.error).toMatchObject({ code, hint: expect.stringContaining(hint) });
  });
});

it("a daemon that goes away under a build is told so", async () => {
  const doomed = await startDockerBuilder({}, []);
  const endless = `sleep ${process.pid}9`;
  try {
    const folder = await context({ Dockerfile: `FROM busybox:1.36\nRUN echo began && ${endless}\n` });
    const env = { ...doomed.buildx, KUBECONFIG: "/nowhere" };
    const running = pergola(["build", ...words(folder, "test-local-docker"), "--progress", "plain"], env);
    let said = "";
    running.stderr?.on("data", (text) => {
      said += text;
    });
    await eventually("the step", async () => (said.includes("| began") ? true : undefined));
    await doomed.kill();
    const { exitCode, stderr } = await running;
    expect(exitCode, stderr).toBe(75);
    expect(stderr).toMatch(/failed: Docker's daemon went away while it built/);
  } finally {
    // A daemon that is killed leaves its steps behind.
    for (const pid of await pidsOf(endless)) process.kill(pid, "SIGKILL");
    await doomed.remove();
  }
});

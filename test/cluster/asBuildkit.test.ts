// What is odd in a context comes out of the runner as it comes out of BuildKit's own client.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, link, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Kube } from "../../builders/run/index.ts";
import { buildctl, daemonOf, overBridge } from "./buildctl.ts";
import { BUILD_NAMESPACE, build, context, kubeconfig, setupOf } from "./environment.ts";
import { type ImageFile, imageFiles } from "./registry.ts";

const run = promisify(execFile);
const NAMESPACE = BUILD_NAMESPACE["cluster-buildkit"];
const DOCKERFILE = "FROM scratch\nCOPY . /\n";

let repository: string;
beforeAll(async () => {
  const { registry } = (await setupOf("cluster-buildkit")) as { registry: { host: string; namespace: string } };
  repository = `${registry.host}/${registry.namespace}`;
});

/** Builds with buildctl, the context and the Dockerfile's directory as they are. Nothing is taken from caches. */
async function byBuildctl(folder: string, dockerfile: string): Promise<Map<string, ImageFile>> {
  const reference = `${repository}/test-odd-raw:latest`;
  const file = join(folder, dockerfile);
  const args = [
    ...["build", "--frontend", "dockerfile.v0", "--no-cache"],
    ...["--local", `context=${folder}`, "--local", `dockerfile=${join(file, "..")}`],
    ...["--opt", `filename=${file.slice(file.lastIndexOf("/") + 1)}`],
    ...["--output", `type=image,name=${reference},push=true,registry.insecure=true`],
  ];
  const kube = new Kube({ environment: { KUBECONFIG: kubeconfig } });
  try {
    const socket = join(await context({}), "s");
    await overBridge(kube, await daemonOf(NAMESPACE), socket, (address) => buildctl(address, args));
  } finally {
    kube.close();
  }
  return imageFiles(reference);
}

async function byRunner(folder: string, dockerfile: string): Promise<Map<string, ImageFile>> {
  const args = [folder, "--mode", "cluster-buildkit", "--name", "test-odd", "--no-cache", "--file", dockerfile];
  const { result } = await build(args);
  expect(result.images[0]?.error).toBeNull();
  return imageFiles(result.images[0]!.reference);
}

describe("an image of the runner holds what buildctl's own holds", () => {
  const socket = createServer();
  afterAll(() => {
    socket.close();
  });

  it("of links, pipes, devices, sockets, modes and odd names", async () => {
    const folder = await context({
      Dockerfile: DOCKERFILE,
      one: "one file",
      "d/empty": "",
      "new\nline": "x",
      "-rf": "x",
      ".hidden": "x",
      ünï: "x",
      ".wh.name": "x",
      closed: "x",
      suid: "x",
      "shut/in": "x",
      [`${"long".repeat(50)}`]: "x",
    });
    const at = (name: string): string => join(folder, name);
    await link(at("one"), at("two"));
    await link(at("one"), at("d/three"));
    await link(at("d/empty"), at("d/also"));
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x6e, 0xff, 0xfe])]), "not UTF-8");
    await symlink("loop", at("loop"));
    await symlink("../../outside", at("d/outside"));
    await symlink("/etc/passwd", at("absolute"));
    await symlink("d", at("folder"));
    await chmod(at("closed"), 0);
    await chmod(at("suid"), 0o6755);
    await chmod(at("shut"), 0);
    await mkdir(at("sticky"));
    await chmod(at("sticky"), 0o1777);
    await run("mkfifo", [at("pipe")]);
    await run("mknod", [at("device"), "c", "1", "3"]);
    await once(socket.listen(at("socket")), "listening");
    const files = await byRunner(folder, "Dockerfile");
    expect(files).toEqual(await byBuildctl(folder, "Dockerfile"));
    expect(files.get("two")).toMatchObject({ type: "link", link: expect.stringMatching(/^(d\/three|one)$/) });
    expect(files.get("pipe")?.type).toBe("fifo");
    expect(files.get("device")?.type).toBe("character-device");
    expect(files.get("socket")?.type).toBe("file");
    expect(files.size).toBe(26);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      "with byte order mark, CRLF, comments, and lines that bring back",
      {
        ".dockerignore": "\uFEFFa\r\n# b\r\n  **/*.log  \r\n!keep.log\r\n/d/\r\n!d/b/c\r\n[xy]?\r\n!x1\r\n**/deep\r\n",
      },
      "Dockerfile",
    ],
    ["that names the Dockerfile and itself", { ".dockerignore": "Dockerfile\n.dockerignore\nd/*/c\n" }, "Dockerfile"],
    [
      "of the Dockerfile's own, which wins",
      { ".dockerignore": "a\n", "other.Dockerfile": DOCKERFILE, "other.Dockerfile.dockerignore": "**\n!d/**/c\n" },
      "other.Dockerfile",
    ],
    [
      "of a Dockerfile outside of the context",
      { ".dockerignore": "a\n", "../outside/Dockerfile": DOCKERFILE, "../outside/Dockerfile.dockerignore": "x1\n" },
      "../outside/Dockerfile",
    ],
  ])("of a context with an ignore file %s", async (_, more, dockerfile) => {
    const parent = await context({});
    const folder = join(parent, "context");
    await rename(await context({ Dockerfile: DOCKERFILE }), folder);
    const names = ["a", "b", "x.log", "keep.log", "d/x.log", "d/b/c", "d/b/d", "x1", "y1", "e/deep/f", "e/f"];
    for (const [name, text] of [...names.map((name) => [name, name]), ...Object.entries(more)] as [string, string][]) {
      await mkdir(join(folder, name, ".."), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    const files = await byRunner(folder, dockerfile);
    expect(files).toEqual(await byBuildctl(folder, dockerfile));
    expect(files.size).toBeGreaterThan(2);
  });
});

describe("a file that cannot be read", () => {
  it("is an error that names it, while BuildKit's client sends an empty file in its place", async () => {
    const folder = await context({ Dockerfile: DOCKERFILE, locked: "content" });
    await chmod(join(folder, "locked"), 0);
    // Root without the right to read everything.
    const less = ["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-dac_override,-dac_read_search"];
    const runner = [process.execPath, "builders/cli/main.ts", "build", folder, "--mode", "cluster-buildkit"];
    const done = await run("setpriv", [...less, ...runner, "--name", "test-locked"], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
    }).catch((error) => error);
    expect(done.code).toBe(2);
    expect(done.stderr).toContain(`${join(folder, "locked")} cannot be read`);
  });
});

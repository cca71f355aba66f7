import { createHash } from "node:crypto";
import { chmod, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BUILD_NAMESPACE, build, context, kubectl, MODES, pergola, pods } from "./environment.ts";
import { digestOf, imageFiles } from "./registry.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe.each(MODES)("a build in %s", (mode) => {
  it("puts exactly the context into the image: contents, modes, links, and not what .dockerignore names", async () => {
    const folder = await context({
      Dockerfile: "FROM scratch\nCOPY . /app/\n",
      ".dockerignore": "secret.txt\n**/*.log\n!keep.log\n",
      "plain.txt": "plain\n",
      "sub/tool.sh": "#!/bin/sh\n",
      "sub/with space.txt": "space\n",
      "ünïcode.txt": "unicode\n",
      "secret.txt": "never in the image",
      "sub/debug.log": "never in the image",
      "keep.log": "kept\n",
    });
    await chmod(join(folder, "sub/tool.sh"), 0o755);
    await chmod(join(folder, "plain.txt"), 0o640);
    await symlink("plain.txt", join(folder, "link"));
    const { code, result } = await build([folder, "--mode", mode, "--name", "test-contents"]);
    expect(result.images[0]?.error).toBeNull();
    expect(code).toBe(0);
    const files = await imageFiles(result.images[0]!.reference);
    expect(files.get("app/plain.txt")).toMatchObject({ mode: 0o640, sha256: sha256("plain\n") });
    expect(files.get("app/sub/tool.sh")).toMatchObject({ mode: 0o755, sha256: sha256("#!/bin/sh\n") });
    expect(files.get("app/sub/with space.txt")).toMatchObject({ sha256: sha256("space\n") });
    expect(files.get("app/ünïcode.txt")).toMatchObject({ sha256: sha256("unicode\n") });
    expect(files.get("app/keep.log")).toMatchObject({ sha256: sha256("kept\n") });
    expect(files.get("app/link")).toMatchObject({ type: "symlink", link: "plain.txt" });
    expect([...files.keys()].filter((path) => /secret|debug/.test(path))).toEqual([]);
  });

  it("reports the digest that the registry holds", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: `${Math.random()}` });
    const { result } = await build([folder, "--mode", mode, "--name", "test-digest"]);
    const image = result.images[0]!;
    expect(image).toMatchObject({ status: "built", mode, error: null });
    expect(image.digest).toBe(await digestOf(image.reference));
  });

  it("takes what did not change from the cache the second time", async () => {
    const folder = await context({
      Dockerfile: "FROM busybox:1.36\nCOPY input /input\nRUN head -c 16 /dev/urandom | sha256sum > /made-once\n",
      input: `${Math.random()}`,
    });
    const first = await build([folder, "--mode", mode, "--name", "test-cache", "--tag", "first"]);
    expect(first.code).toBe(0);
    const second = await build([folder, "--mode", mode, "--name", "test-cache", "--tag", "second"]);
    expect(second.code).toBe(0);
    // The RUN step gives another file each time that it really runs.
    const made = async (reference: string) => (await imageFiles(reference)).get("made-once")?.sha256;
    expect(await made(second.result.images[0]!.reference)).toBe(await made(first.result.images[0]!.reference));
  });

  it("builds a base before the image that is FROM it, and into the image that comes out", async () => {
    const folder = await context({
      "app/garden.yml": "kind: Build\nname: test-app\ntype: container\n",
      "app/Dockerfile": "FROM test-base\nCOPY two /two\n",
      "app/two": "two\n",
      "base/garden.yml": "kind: Build\nname: test-base\ntype: container\n",
      "base/Dockerfile": "FROM scratch\nCOPY one /one\n",
      "base/one": `one ${Math.random()}\n`,
    });
    const { code, result } = await build([folder, "--mode", mode]);
    expect(result.images.map((image) => image.error)).toEqual([null, null]);
    expect(code).toBe(0);
    const app = result.images.find((image) => image.name === "test-app")!;
    const files = await imageFiles(app.reference);
    expect([...files.keys()].filter((path) => path === "one" || path === "two").sort()).toEqual(["one", "two"]);
  });

  it("gives a secret to the build by reference only, or refuses it by name", async () => {
    const canary = `canary-${Math.random()}`;
    const folder = await context({
      Dockerfile: "FROM busybox:1.36\nRUN --mount=type=secret,id=token test -s /run/secrets/token && echo ok > /ok\n",
    });
    const done = await pergola(
      [
        "build",
        folder,
        "--mode",
        mode,
        "--name",
        "test-secret",
        "--secret",
        "id=token,env=TEST_TOKEN",
        "--output",
        "json",
      ],
      { TEST_TOKEN: canary },
    );
    expect(done.stdout + done.stderr).not.toContain(canary);
    if (mode === "kaniko") {
      expect(done.exitCode).toBe(2);
      expect(JSON.parse(done.stdout).error).toMatchObject({ code: "mode-unsupported" });
      expect(JSON.parse(done.stdout).error.message).toContain("secret token");
      return;
    }
    expect(JSON.parse(done.stdout).images[0].error).toBeNull();
    const objects = await kubectl([
      "get",
      "pods,deployments,configmaps",
      "--namespace",
      BUILD_NAMESPACE[mode],
      "-o",
      "json",
    ]);
    expect(objects).not.toContain(canary);
  });

  it("leaves no pod of its own behind", async () => {
    const left = await pods(BUILD_NAMESPACE[mode]);
    expect(left.filter((pod) => !pod.metadata.name.startsWith("pergola-buildkit-"))).toEqual([]);
  });
});

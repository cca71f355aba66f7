import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BUILD_NAMESPACE, build, context, kubectl, pods } from "./environment.ts";

const MODE = "cluster-buildkit";
/** A PATH without buildctl. */
const BARE = { PATH: "/usr/bin:/bin" };

describe("a machine without buildctl", () => {
  it("gets the builder's own once, whole, and builds with it", async () => {
    const cache = await context({});
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: `${Math.random()}` });
    const args = [folder, "--mode", MODE, "--name", "test-buildctl"];
    const first = await build(args, { ...BARE, PERGOLA_CACHE: cache });
    expect(first.result.images[0]?.error).toBeNull();
    expect(first.stderr).toContain("buildctl is not on the PATH; copying that of pod pergola-buildkit-");

    const [place] = await readdir(join(cache, "buildctl"));
    const file = join(cache, "buildctl", place as string, "buildctl");
    expect((await stat(file)).mode & 0o777).toBe(0o755);
    const [pod] = await pods(BUILD_NAMESPACE[MODE]);
    const said = await kubectl([
      ...["exec", "--namespace", BUILD_NAMESPACE[MODE], pod!.metadata.name, "--container", "buildkitd", "--"],
      ...["sh", "-c", "sha256sum < $(command -v buildctl)"],
    ]);
    expect(
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ).toBe(said.split(" ")[0]);

    const second = await build(args, { ...BARE, PERGOLA_CACHE: cache });
    expect(second.code).toBe(0);
    expect(second.stderr).not.toContain("copying");
    expect(await readdir(join(cache, "buildctl"))).toEqual([place]);
  });
});

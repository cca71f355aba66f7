import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { DEBIAN_SETS } from "../../../local/toolchain/debianPackages.ts";
import { GO_TOOLS } from "../../../local/toolchain/tools.ts";

const local = join(import.meta.dirname, "../../../local");

/** A `npm start` in a process of its own that first does `before`; what it was refused with. */
async function refusalOf(before: string, env: Record<string, string> = {}): Promise<string> {
  const program = `import { start } from ${JSON.stringify(join(local, "start.ts"))};
    import { describeError } from ${JSON.stringify(join(local, "errors.ts"))};
    ${before}
    await start({ output: "none", verbose: false }).catch((error) => console.log(describeError(error), error.exitCode));`;
  const { stdout, stderr } = await execa(process.execPath, ["--input-type=module", "--eval", program], { env });
  expect(stderr, "nothing was begun").toBe("");
  return stdout;
}

describe("what no waiting mends is said before anything is built", () => {
  it("a user who is not root", async () => {
    // Given up after loading: the clone may be in a folder that only root can read.
    const said = await refusalOf("if (process.getuid() === 0) process.setuid(65534);");
    expect(said).toMatch(/needs root to make namespaces and mounts, this is user \d+\n {2}next: run it as root 2$/);
  });

  it("a cache that the nodes could not see", async () => {
    const said = await refusalOf("", { PERGOLA_CACHE: "/var/cache/pergola" });
    expect(said).toContain("the cache /var/cache/pergola lies below /var");
    expect(said).toContain("set PERGOLA_CACHE to a folder elsewhere");
  });
});

describe("npm start -- --plan", () => {
  it("lists every tool with version, licence, state, purpose and origin, and makes nothing", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "pergola-plan-"));
    try {
      const { stdout } = await execa(process.execPath, [join(local, "main.ts"), "start", "--plan"], {
        env: { PERGOLA_CACHE: join(scratch, "cache"), PERGOLA_STATE: join(scratch, "state") },
      });
      const origins = ["from the machine", "Go modules", "own source", "Debian package", "npm package"];
      for (const origin of origins) expect(stdout).toMatch(new RegExp(`^${origin}`, "m"));
      const { dependencies, devDependencies } = JSON.parse(readFileSync(join(local, "..", "package.json"), "utf8"));
      const tools = [
        ...GO_TOOLS.map(({ name }) => name),
        ...DEBIAN_SETS.flatMap(({ packages }) => packages.map(({ name }) => name)),
        ...Object.keys({ ...dependencies, ...devDependencies }),
      ];
      const rows = stdout.split("\n").map((line) => line.trim());
      for (const tool of tools) {
        const row = rows.find((line) => line.startsWith(`${tool} `));
        expect(row, tool).toMatch(/^\S+ +\S.* {2}\S.* \[[^\]]+\] \S/);
      }
      expect(rows.find((line) => line.startsWith("pulumi up "))).toContain("stack local");
      expect(readdirSync(scratch)).toEqual([]);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
});

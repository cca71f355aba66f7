// The package as its users get it: packed, installed in a folder of their own, run by the name in `bin`.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const repository = resolve(import.meta.dirname, "..", "..");
let folder: string;
let packed: string[];

/** A command in the user's project, with the Node that this kit needs first on PATH. */
function there(command: string, args: readonly string[]) {
  const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, KUBECONFIG: join(folder, "none") };
  return execa(command, args, { cwd: join(folder, "project"), env, stdin: "ignore", reject: false });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pergola-package-"));
  const { stdout } = await execa("npm", ["pack", "--json", "--silent", "--pack-destination", folder], {
    cwd: repository,
    stdin: "ignore",
  });
  const [tarball] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [{ filename: string; files: { path: string }[] }];
  packed = tarball.files.map(({ path }) => path);
  await mkdir(join(folder, "project"));
  await writeFile(
    join(folder, "project", "package.json"),
    '{ "name": "project", "private": true, "type": "module" }\n',
  );
  const installed = await there("npm", ["install", "--prefer-offline", join(folder, tarball.filename)]);
  expect(installed.exitCode, installed.stderr).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("holds what was built and the schema of stack files, and neither sources nor tests", () => {
  const strange = packed.filter((path) => !/^(dist\/|README\.md$|package\.json$|stacks\/schema\.json$)/.test(path));
  expect(strange).toEqual([]);
  expect(packed).toContain("dist/builders/cli/main.js");
  expect(packed).toContain("stacks/schema.json");
  expect(packed.filter((path) => /\.(js|d\.ts)$/.test(path)).length).toBe(
    packed.filter((path) => path.startsWith("dist/")).length,
  );
});

test("runs as pergola, and says its version", async () => {
  const { stdout, exitCode, stderr } = await there("node_modules/.bin/pergola", ["--version"]);
  expect({ stdout, exitCode, stderr }).toEqual({ stdout: manifest.version, exitCode: 0, stderr: "" });
});

test("refuses as the clone does: a missing kubeconfig is named, with exit code 2", async () => {
  const { stderr, exitCode } = await there("node_modules/.bin/pergola", ["status"]);
  expect(stderr).toContain(join(folder, "none"));
  expect(exitCode).toBe(2);
});

test.each(["pergola", "pergola/setup"])("gives the contract to programs as %s, with its types", async (name) => {
  const required = `console.log(require(${JSON.stringify(name)}).buildSetup.safeParse({}).success);`;
  expect(await there("node", ["--input-type=commonjs", "--eval", required])).toMatchObject({
    stdout: "false",
    stderr: "",
  });
  const program = `import { buildSetup } from ${JSON.stringify(name)}; console.log(buildSetup.safeParse({}).success);`;
  expect(await there("node", ["--input-type=module", "--eval", program])).toMatchObject({
    stdout: "false",
    stderr: "",
  });
  await writeFile(
    join(folder, "project", "check.ts"),
    `${program}\nbuildSetup.parse({}).registry.host satisfies string;\n`,
  );
  const compiler = join(repository, "node_modules", "@typescript", "native", "bin", "tsc");
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--types", ""];
  const types = await there("node", [compiler, ...flags, "check.ts"]);
  // The project knows no type of Node's own; anything else would be about the package.
  expect(types.stdout.split("\n").filter((line) => !line.includes("TS2584: Cannot find name 'console'"))).toEqual([""]);
});

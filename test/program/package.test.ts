// The package as its users get it: packed, installed in a folder of their own, run by the name in `bin`.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { localSetupInput } from "../unit/builders/samples.ts";

const repository = resolve(import.meta.dirname, "..", "..");
let folder: string;
let packed: string[];

/** What `npm pack --json` says of a tarball. */
interface Packed {
  readonly filename: string;
  readonly integrity: string;
  readonly files: readonly { readonly path: string }[];
}

/** A command in the user's project, with the Node that this kit needs first on PATH. */
function there(command: string, args: readonly string[]) {
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    KUBECONFIG: join(folder, "none"),
    PERGOLA_CACHE: join(folder, "cache"),
  };
  return execa(command, args, { cwd: join(folder, "project"), env, stdin: "ignore", reject: false });
}

/**
 * The clone's lock file for a project that has the package as its only dependency: the versions are those that were
 * tested, whatever was published since, and npm takes them from its cache, where the clone's installation put them.
 */
async function projectLock(tarball: { file: string; integrity: string }, project: object): Promise<object> {
  const clone = JSON.parse(await readFile(join(repository, "package-lock.json"), "utf8"));
  const { "": root, ...locked } = clone.packages as Record<string, Record<string, unknown>>;
  const { version, dependencies, bin, engines } = root!;
  const own = { version, resolved: tarball.file, integrity: tarball.integrity, dependencies, bin, engines };
  const needed = Object.entries(locked).filter(([, entry]) => !entry.dev);
  const packages = { "": project, "node_modules/pergola": own, ...Object.fromEntries(needed) };
  return { lockfileVersion: clone.lockfileVersion, requires: true, packages };
}

/** Packing builds first, and hundreds of packages are unpacked. */
const INSTALL_MILLISECONDS = 240_000;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pergola-package-"));
  const { stdout } = await execa("npm", ["pack", "--json", "--silent", "--pack-destination", folder], {
    cwd: repository,
    stdin: "ignore",
  });
  const [tarball] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [Packed];
  packed = tarball.files.map(({ path }) => path);
  const file = `file:../${tarball.filename}`;
  const project = { name: "project", private: true, type: "module", dependencies: { pergola: file } };
  await mkdir(join(folder, "project"));
  const write = (name: string, content: object) =>
    writeFile(join(folder, "project", name), `${JSON.stringify(content, null, 2)}\n`);
  await write("package.json", project);
  await write("package-lock.json", await projectLock({ file, integrity: tarball.integrity }, project));
  // Scripts as in the clone: none is needed.
  const flags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  const installed = await there("npm", ["ci", ...flags]);
  expect(installed.exitCode, installed.stderr).toBe(0);
}, INSTALL_MILLISECONDS);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("holds what was built and the schema of stack files, and neither sources nor tests", () => {
  const strange = packed.filter((path) => !/^(dist\/|README\.md$|package\.json$|stacks\/schema\.json$)/.test(path));
  expect(strange).toEqual([]);
  expect(packed).toContain("dist/builders/cli/main.cjs");
  expect(packed).toContain("stacks/schema.json");
  const others = packed.filter((path) => path.startsWith("dist/") && !/\.(c?js|d\.ts)$/.test(path));
  // What the bundled packages ask for.
  expect(others).toEqual(["dist/builders/cli/THIRD-PARTY.txt"]);
});

test("runs as pergola, and says its version", async () => {
  const { stdout, exitCode, stderr } = await there("node_modules/.bin/pergola", ["--version"]);
  expect({ stdout, exitCode, stderr }).toEqual({ stdout: manifest.version, exitCode: 0, stderr: "" });
});

test("plans a build of a Garden action and of a directory, also when all that it reads was there before", async () => {
  const app = join(folder, "project", "app");
  await mkdir(join(app, "garden"), { recursive: true });
  await writeFile(join(app, "Dockerfile"), "FROM scratch\n");
  await writeFile(join(app, "garden", "Dockerfile"), "FROM scratch\n");
  await writeFile(join(app, "garden", "garden.yml"), "kind: Build\ntype: container\nname: action\n");
  await writeFile(join(app, "setup.json"), JSON.stringify(localSetupInput()));
  const plan = (directory: string) =>
    there("node_modules/.bin/pergola", [
      "build",
      directory,
      "--setup",
      "app/setup.json",
      "--dry-run",
      "--output",
      "json",
    ]);
  for (const _ of ["first", "again"]) {
    for (const [directory, name] of Object.entries({ app: "app", "app/garden": "action" })) {
      const { stdout, stderr, exitCode } = await plan(directory);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(JSON.parse(stdout).plans).toMatchObject([{ name, mode: "cluster-buildkit" }]);
    }
  }
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

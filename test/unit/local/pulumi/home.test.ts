import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { preparePulumi } from "../../../../local/pulumi/home.ts";
import { findOfficialBin, findOfficialKubernetes } from "../../../../local/pulumi/officialParts.ts";

let folder: string;
let engine: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pergola-home-"));
  engine = join(folder, "engine");
  await writeFile(engine, "#!/bin/sh\n", { mode: 0o755 });
  // Whatever the machine has installed, these tests see none of it.
  vi.stubEnv("PULUMI_HOME", join(folder, "users"));
  vi.stubEnv("PATH", "/nowhere");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const prepare = () => preparePulumi({ toolchain: { path: () => engine }, state: join(folder, "state") });

async function fakeProgram(file: string): Promise<void> {
  await writeFile(file, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0]), { flag: "w" });
  await chmod(file, 0o755);
}

test("a home is made once, and a second time changes nothing", async () => {
  const first = await prepare();
  const passphrase = join(folder, "state/pulumi/passphrase");
  const before = await readFile(passphrase, "utf8");
  const made = (await stat(join(first.command, "../pulumi-language-nodejs"))).mtimeMs;
  const second = await prepare();
  expect(second).toEqual(first);
  expect(await readFile(passphrase, "utf8")).toBe(before);
  expect((await stat(join(first.command, "../pulumi-language-nodejs"))).mtimeMs).toBe(made);
});

test("the passphrase is random, long, and the owner's alone", async () => {
  await prepare();
  const passphrase = join(folder, "state/pulumi/passphrase");
  expect((await stat(passphrase)).mode & 0o777).toBe(0o600);
  expect(await readFile(passphrase, "utf8")).toMatch(/^[\w-]{32}$/);
});

test("many at once agree on one passphrase and leave no temporary file", async () => {
  const passphrase = join(folder, "state/pulumi/passphrase");
  const seen = await Promise.all(
    Array.from({ length: 8 }, async () => {
      await prepare();
      return readFile(passphrase, "utf8");
    }),
  );
  expect(new Set(seen).size).toBe(1);
  const files = await readdir(join(folder, "state"), { recursive: true, withFileTypes: true });
  expect(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
      .sort(),
  ).toEqual(["passphrase", "pulumi", "pulumi-language-nodejs", "pulumi-resource-kubernetes"]);
});

test("another engine, or another Node, replaces what was there", async () => {
  const { command } = await prepare();
  await rm(engine);
  await writeFile(engine, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  await writeFile(join(command, "../pulumi-language-nodejs"), "stale");
  await prepare();
  expect(await readFile(command, "utf8")).toBe("#!/bin/sh\nexit 1\n");
  expect(await readFile(join(command, "../pulumi-language-nodejs"), "utf8")).toContain("languageHost.ts");
});

test("the user's own Kubernetes plugin is preferred, and ours comes back when it goes", async () => {
  await prepare();
  const version = "4.34.2";
  const users = join(folder, "users/plugins", `resource-kubernetes-v${version}`);
  await mkdir(users, { recursive: true });
  await fakeProgram(join(users, "pulumi-resource-kubernetes"));
  expect((await prepare()).parts).toEqual({ "pulumi-nodejs": "own", kubernetes: "official" });
  await rm(users, { recursive: true });
  expect((await prepare()).parts.kubernetes).toBe("own");
  const ours = join(
    folder,
    "state/pulumi/home/plugins",
    `resource-kubernetes-v${version}`,
    "pulumi-resource-kubernetes",
  );
  expect(await readFile(ours, "utf8")).toContain("kubernetes/main.ts");
});

test("an official CLI counts only in the pinned version, compiled, and with its language host", async () => {
  const bin = join(folder, "users/versions/3.259.0/bin");
  await mkdir(bin, { recursive: true });
  const find = (version: string) => findOfficialBin(version, join(folder, "own"), process.env);
  await fakeProgram(join(bin, "pulumi"));
  expect(await find("3.259.0")).toBeUndefined();
  await writeFile(join(bin, "pulumi-language-nodejs"), "#!/bin/sh\n");
  expect(await find("3.259.0")).toBeUndefined();
  await fakeProgram(join(bin, "pulumi-language-nodejs"));
  expect(await find("3.259.0")).toEqual({ folder: bin, programs: ["pulumi", "pulumi-language-nodejs"] });
  expect(await find("3.260.0")).toBeUndefined();
  expect(findOfficialKubernetes("4.34.2", join(folder, "own"), process.env)).toBeUndefined();
});

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseProgramOptions } from "../../../../local/pulumi/language/programOptions.ts";
import {
  pluginInstalled,
  programDependencies,
  requiredPackages,
} from "../../../../local/pulumi/language/requiredPackages.ts";

describe("runtime options", () => {
  test("flags for node are split, install options pass", () => {
    expect(
      parseProgramOptions({
        typescript: false,
        nodeargs: " --max-old-space-size=512  --trace-warnings",
        packagemanager: "npm",
      }),
    ).toEqual({
      nodeArguments: ["--max-old-space-size=512", "--trace-warnings"],
    });
  });

  test.each([
    [{}, "runtime.options.typescript is absent, which means true"],
    [{ typescript: true }, "runtime.options.typescript is true"],
    [{ typescript: false, tsconfig: "x.json" }, "runtime.options.tsconfig is not known"],
    [{ typescript: false, nodeargs: ["--x"] }, 'runtime.options.nodeargs must be a string, found ["--x"]'],
  ])("%j is refused by name", (options, message) => {
    expect(() => parseProgramOptions(options)).toThrow(message);
  });
});

describe("packages of a program", () => {
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "pergola-packages-"));
    const manifests: Record<string, object> = {
      "package.json": {
        dependencies: {
          "@pulumi/kubernetes": "4.34.2",
          "@pulumi/aws": "7.0.0",
          "@pulumi/pulumi": "3.259.0",
          absent: "1.0.0",
        },
        devDependencies: { "@pulumi/gcp": "9.0.0" },
      },
      "node_modules/@pulumi/kubernetes/package.json": {
        version: "4.34.2",
        pulumi: { resource: true, name: "kubernetes", version: "4.34.2" },
      },
      "node_modules/@pulumi/aws/package.json": { version: "7.0.0", pulumi: { resource: true } },
      "node_modules/@pulumi/gcp/package.json": { version: "9.0.0", pulumi: { resource: true } },
      "node_modules/@pulumi/pulumi/package.json": { version: "3.259.0" },
    };
    for (const [file, manifest] of Object.entries(manifests)) {
      await mkdir(join(root, file, ".."), { recursive: true });
      await writeFile(join(root, file), JSON.stringify(manifest));
    }
    await mkdir(join(root, "infra"));
    await mkdir(join(root, "home/plugins/resource-kubernetes-v4.34.2"), { recursive: true });
  });

  afterAll(() => rm(root, { recursive: true, force: true }));

  test("those declared as runtime dependencies of the nearest package.json, with the versions that are installed", () => {
    expect(requiredPackages(join(root, "infra"), () => true)).toEqual([
      { name: "aws", version: "v7.0.0" },
      { name: "kubernetes", version: "v4.34.2" },
    ]);
    expect(programDependencies(root).map(({ name }) => name)).toEqual([
      "@pulumi/aws",
      "@pulumi/kubernetes",
      "@pulumi/pulumi",
    ]);
  });

  test("of those, the ones whose plugin is there: a stack that uses one cloud does not ask for the others", () => {
    const environment = { PULUMI_HOME: join(root, "home"), PATH: "/nowhere" };
    expect(requiredPackages(root, (found) => pluginInstalled(found, environment))).toEqual([
      { name: "kubernetes", version: "v4.34.2" },
    ]);
  });
});

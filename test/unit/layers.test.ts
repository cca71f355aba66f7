/** Who may import whom: one direction, so that a part can be understood by what stands below it. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const repository = path.resolve(import.meta.dirname, "..", "..");

/** What two sides meet in: the BuildSetup, and its names for whoever must not load the schema. */
const SHARED = ["infra/setup.ts", "infra/setupNames.ts"];

/** Folder -> what its files may import of the project's own, by the beginning of the path, beside the folder itself. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  "infra/documents": [...SHARED],
  "infra/rules": [
    "infra/config",
    "infra/documents/",
    "infra/sections/",
    "infra/registries/",
    "infra/access/",
    "infra/cluster/",
    ...SHARED,
  ],
  infra: [],
  "builders/images": ["builders/errors.ts", "builders/memory.ts", ...SHARED],
  "builders/plan": ["builders/errors.ts", "builders/clusterModes.ts", "builders/images/", ...SHARED],
  "builders/garden": ["builders/errors.ts", "builders/clusterModes.ts", "builders/plan/", ...SHARED],
  "builders/report": ["builders/errors.ts", "builders/plan/", ...SHARED],
  "builders/setup": [
    "builders/errors.ts",
    "builders/clusterModes.ts",
    "builders/memory.ts",
    "builders/cacheDirectory.ts",
    ...SHARED,
  ],
  "builders/registry": ["builders/errors.ts", "builders/plan/", ...SHARED],
  "builders/run": [
    ...["builders/errors.ts", "builders/registryErrors.ts", "builders/memory.ts", "builders/cacheDirectory.ts"],
    ...["builders/images/", "builders/plan/", "builders/report/", ...SHARED],
  ],
  builders: [...SHARED],
  local: [],
};

/** Paths from the repository that a source file imports, with what is loaded late. */
function imports(file: string): string[] {
  const text = readFileSync(path.join(repository, file), "utf8");
  const found = text.matchAll(/(?:^(?:import|export)\b[^"';]*?\bfrom |^import |\bimport\()"(\.[^"]+)"/gms);
  return [...found].map(([, target]) => path.join(path.dirname(file), target as string));
}

it.each(Object.entries(LAYERS))("%s imports itself and what stands below it", (folder, below) => {
  const files = readdirSync(path.join(repository, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => path.join(folder, name));
  expect(files.length).toBeGreaterThan(0);
  const strangers = files.flatMap((file) =>
    imports(file)
      .filter((target) => ![`${folder}/`, ...below].some((allowed) => target.startsWith(allowed)))
      .map((target) => `${file} imports ${target}`),
  );
  expect(strangers).toEqual([]);
});

it("documents, rules and plans need neither Pulumi nor the machine", () => {
  const pure = ["infra/documents", "infra/rules", "builders/plan", "builders/garden"].flatMap((folder) =>
    readdirSync(path.join(repository, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => path.join(folder, name)),
  );
  const impure = pure.filter((file) =>
    /from "(@pulumi\/|@kubernetes\/|execa|node:(child_process|net|http|https|fs|fs\/promises)")/.test(
      readFileSync(path.join(repository, file), "utf8"),
    ),
  );
  expect(impure).toEqual([]);
});

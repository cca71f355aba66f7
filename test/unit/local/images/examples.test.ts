import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { BASE_IMAGES } from "../../../../local/images/bases.ts";
import { repositoryRoot } from "../../../../local/paths.ts";

const examples = join(repositoryRoot, "examples");
const builds = globSync("**/garden.yml", { cwd: examples }).map((file) => ({
  folder: join(examples, dirname(file)),
  ...parse(readFileSync(join(examples, file), "utf8")),
}));
const names: string[] = builds.map((build) => build.name);

test("there are the four examples", () => {
  expect(names.sort()).toEqual(["go-service", "node-service", "pair-app", "pair-base"]);
});

describe.each(builds)("$name", ({ folder, kind, type, spec, dependencies = [] }) => {
  const dockerfile = readFileSync(join(folder, spec.dockerfile), "utf8");

  test("is a Garden Build action of type container, with a Dockerfile that takes its build arguments", () => {
    expect({ kind, type }).toEqual({ kind: "Build", type: "container" });
    for (const argument of Object.keys(spec.buildArgs ?? {}))
      expect(dockerfile).toMatch(new RegExp(`^ARG ${argument}\\b`, "m"));
  });

  test("starts from images that the registry is given, from its own stages, or from an image it depends on", () => {
    const from = [...dockerfile.matchAll(/^FROM (\S+)(?: AS (\S+))?$/gm)];
    const stages = from.map((match) => match[2]);
    const siblings = from.map((match) => match[1]!).filter((name) => names.includes(name));
    expect(dependencies).toEqual(siblings.map((name) => `build.${name}`));
    for (const [, name] of from) {
      expect([...Object.keys(BASE_IMAGES), ...stages, ...names, "scratch"], name).toContain(name);
    }
  });

  test("has nothing that kaniko 1.25 cannot build", () => {
    expect(dockerfile).not.toMatch(/^RUN --mount|<<\s*["']?[A-Z]/m);
  });
});

test("the vendored tarballs are those that package-lock.json names", () => {
  const folder = join(examples, "node-service");
  const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const resolved = Object.values<{ resolved?: string }>(lock.packages).flatMap((entry) => entry.resolved ?? []);
  expect(resolved.length).toBeGreaterThan(0);
  for (const place of resolved) expect(existsSync(join(folder, place.replace(/^file:/, ""))), place).toBe(true);
});

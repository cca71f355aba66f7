/** docs/gcp.md names what the program has: every type of resource with the rights that it takes, every example. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const repository = path.resolve(import.meta.dirname, "../../..");
const read = (name: string): string => readFileSync(path.join(repository, name), "utf8");
const page = read("docs/gcp.md");

/** The rows of a table's first column: what is in code there. */
const rows = (text: string): string[] => [...text.matchAll(/^\| `([^`]+)`/gm)].flatMap(([, name]) => name ?? []);

it("the rights that up needs are told for every type of resource, and for no other", () => {
  const sources = readdirSync(path.join(repository, "infra"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => read(path.join("infra", name)));
  const types = sources.flatMap((text) =>
    [...text.matchAll(/import \{([^}]+)\} from "@pulumi\/gcp\/(\w+)\/\w+\.js"/g)].flatMap(([, names = "", service]) =>
      names
        .split(",")
        .map((name) => name.trim())
        .filter((name) => !/^type /.test(name) && name !== "")
        .map((name) => `gcp.${service}.${name}`),
    ),
  );
  expect(types).toContain("gcp.artifactregistry.Repository");
  expect([...new Set(types)].sort()).toEqual(
    rows(page)
      .filter((name) => name.startsWith("gcp."))
      .sort(),
  );
});

it.each([
  ["docs/gcp.md", /^gc[pr]-/],
  ["docs/registries.md", /^(?!aws-|gc[pr]-|local$)/],
])("%s has every example that it is about in its table", (name, about) => {
  const examples = readdirSync(path.join(repository, "stacks")).flatMap(
    (file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1] ?? [],
  );
  const expected = examples.filter((stack) => about.test(stack));
  expect(expected.length).toBeGreaterThan(1);
  expect(
    rows(read(name))
      .filter((row) => examples.includes(row))
      .sort(),
  ).toEqual(expected.sort());
});

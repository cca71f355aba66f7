/** docs/aws.md names what the program has: every type of resource with the rights that it takes, every example. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const repository = path.resolve(import.meta.dirname, "../../..");
const page = readFileSync(path.join(repository, "docs/aws.md"), "utf8");

it("the rights that up needs are told for every type of resource", () => {
  const sources = readdirSync(path.join(repository, "infra"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(path.join(repository, "infra", name), "utf8"));
  const types = sources.flatMap((text) =>
    [...text.matchAll(/from "@pulumi\/aws\/(\w+)\/(\w)(\w*)\.js"/g)].map(
      ([, service, first, rest]) => `aws.${service}.${first?.toUpperCase()}${rest}`,
    ),
  );
  expect([...new Set(types)].filter((type) => !page.includes(`| \`${type}\``))).toEqual([]);
});

it("every example is in the table", () => {
  const examples = readdirSync(path.join(repository, "stacks")).flatMap(
    (name) => /^Pulumi\.(aws-[\w-]+)\.yaml$/.exec(name)?.[1] ?? [],
  );
  expect(examples).toContain("aws-dev");
  expect(examples.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
});

/** The pages of Google Cloud and other registries say what the program has: rights of every type of resource, examples, names. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { gcpCiPlan } from "../../../infra/access/gcpCi.ts";
import type { Change } from "./config.ts";
import { gcpConfig } from "./gcpConfig.ts";

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

/** The YAML of a page that has a word in it. */
const yamlOf = (text: string, word: string) =>
  parse(
    [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].flatMap(([, yaml = ""]) => (yaml.includes(word) ? yaml : []))[0]!,
  );

it("the job of docs/gcp.md is the account that gcp-central-registry makes, by its provider, in its cluster", () => {
  const stack = "gcp-central-registry";
  const config = gcpConfig(() => {}, stack);
  const { email, federated } = gcpCiPlan(config, stack)!;
  const { createPool, of } = federated!.federation;
  const { project, location, name } = config.cluster.gke!;
  const { steps, permissions } = yamlOf(page, "google-github-actions");
  expect(permissions["id-token"]).toBe("write");
  expect(steps.map((step: { with?: object }) => step.with)).toEqual([
    undefined,
    {
      workload_identity_provider: `projects/NUMBER/locations/global/workloadIdentityPools/${createPool}/providers/${of}`,
      service_account: email,
    },
    { cluster_name: name, location, project_id: project },
    undefined,
  ]);
});

it("the Secrets of docs/registries.md are a stack file's", () => {
  const secrets: Change = (config) => {
    config["pergola:cluster"] = yamlOf(read("docs/registries.md"), "pullSecrets")["pergola:cluster"];
    const bases = JSON.stringify({ auths: { "bases.example": { username: "reader", password: "p" } } });
    config["pergola:secrets"] = { ghcr: "t", ghcrRead: "t", bases };
  };
  const { pullSecrets } = gcpConfig(secrets, "ghcr").cluster;
  expect(pullSecrets.map(({ name, namespaces }) => [name, namespaces])).toEqual([
    ["pergola-images", ["shop", "shop-preview"]],
  ]);
});

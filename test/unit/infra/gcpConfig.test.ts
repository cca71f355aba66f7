/** The examples on Google Cloud and at other registries: each is a stack file without a problem, and what it is there for is in it. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Change } from "./config.ts";
import { gcpConfig, gcpProblems } from "./gcpConfig.ts";

const secret =
  (name: string): Change =>
  (config) => {
    config["pergola:secrets"] = { [name]: "token" };
  };
const nothing: Change = () => {};

/** Example -> what `pulumi config set --secret` adds to it; kinds of its registry, access and nodes, and modes. */
const EXAMPLES: readonly [string, Change, readonly string[]][] = [
  ["gcp-dev", nothing, ["artifactRegistry", "workloadIdentity", "gke", "kaniko"]],
  ["gcp-key", nothing, ["artifactRegistry", "serviceAccountKey", "existing", "cluster-buildkit"]],
  [
    "gcp-central-registry",
    nothing,
    ["artifactRegistry", "workloadIdentity", "gke", "gke", "cluster-buildkit", "kaniko"],
  ],
  ["gcr-eu", nothing, ["gcr", "workloadIdentity", "existing", "cluster-buildkit"]],
  ["gcp-autopilot", nothing, ["artifactRegistry", "workloadIdentity", "autopilot", "kaniko"]],
  ["ghcr", secret("ghcr"), ["dockerRegistry", "none", "existing", "cluster-buildkit"]],
  ["dockerhub", secret("hub"), ["dockerRegistry", "none", "existing", "kaniko"]],
];

test.each(EXAMPLES)("the example %s has no problem", (stack, change, kinds) => {
  const { registry, access, cluster, builder } = gcpConfig(change, stack);
  const found = [
    registry.kind,
    access.kind,
    ...cluster.builderNodes.map(({ kind }) => kind),
    ...Object.keys(builder.modes),
  ];
  expect(found).toEqual(kinds);
});

test("every example that is neither on AWS nor the embedded environment is here", () => {
  const files = readdirSync(path.join(import.meta.dirname, "../../../stacks")).flatMap(
    (file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [],
  );
  const others = files.filter((stack) => stack !== "local" && !stack.startsWith("aws-"));
  expect(others.sort()).toEqual(EXAMPLES.map(([stack]) => stack).sort());
});

describe("the password of a registry's login", () => {
  test.each([
    ["ghcr", "ghcr"],
    ["dockerhub", "hub"],
  ])("is not in %s: the file says which one is missing until it is set", (stack) => {
    const [problem, ...others] = gcpProblems(nothing, stack);
    expect(problem).toMatch(/^pergola:registry\.login\.passwordSecret: names no secret in pergola:secrets/);
    expect(problem).toContain("pulumi config set --secret --path 'pergola:secrets.NAME'");
    expect(others).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import type { HomeInputs } from "../../../../local/pulumi/homePlan.ts";
import { planHome } from "../../../../local/pulumi/homePlan.ts";

const inputs: HomeInputs = {
  state: "/state",
  pulumiVersion: "3.259.0",
  kubernetesVersion: "4.34.2",
  engine: "/cache/pulumi",
  node: "/clone/it's node",
  parts: "/clone/local/pulumi",
  path: "/usr/bin::/state/pulumi/home/versions/3.259.0/bin:/bin",
};
const bin = "/state/pulumi/home/versions/3.259.0/bin";
const plugin = "/state/pulumi/home/plugins/resource-kubernetes-v4.34.2";

describe("a home of our own parts", () => {
  const plan = planHome(inputs);

  test("has the engine where the npm launcher looks, the language host beside it, the provider in its plugin folder", () => {
    expect(plan.entries.map(({ kind, path }) => [kind, path])).toEqual([
      ["copy", `${bin}/pulumi`],
      ["script", `${bin}/pulumi-language-nodejs`],
      ["script", `${plugin}/pulumi-resource-kubernetes`],
    ]);
    expect(plan.command).toBe(`${bin}/pulumi`);
    expect(plan.parts).toEqual({ "pulumi-nodejs": "own", kubernetes: "own" });
  });

  test("starts our parts under the pinned Node, whatever is in its path", () => {
    expect(plan.entries[2]).toMatchObject({
      text: `#!/bin/sh\nexec '/clone/it'\\''s node' '--no-warnings' '/clone/local/pulumi/kubernetes/main.ts' "$@"\n`,
    });
  });

  test("puts its bin folder first on PATH, once", () => {
    expect(plan.environment.PATH).toBe(`${bin}:/usr/bin:/bin`);
  });

  test("keeps the state in a file backend below the state folder, and names the passphrase by its file only", () => {
    expect(plan.environment).toMatchObject({
      PULUMI_HOME: "/state/pulumi/home",
      PULUMI_BACKEND_URL: "file:///state/pulumi/backend",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/state/pulumi/passphrase",
    });
    expect(plan.environment).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE");
  });
});

test("official parts are linked, not copied, and said to be official", () => {
  const plan = planHome({
    ...inputs,
    officialBin: { folder: "/opt/pulumi", programs: ["pulumi", "pulumi-language-nodejs"] },
    officialKubernetes: "/root/.pulumi/plugins/resource-kubernetes-v4.34.2",
  });
  expect(plan.entries).toEqual([
    { kind: "link", path: `${bin}/pulumi`, to: "/opt/pulumi/pulumi" },
    { kind: "link", path: `${bin}/pulumi-language-nodejs`, to: "/opt/pulumi/pulumi-language-nodejs" },
    { kind: "link", path: plugin, to: "/root/.pulumi/plugins/resource-kubernetes-v4.34.2" },
  ]);
  expect(plan.folders).not.toContain(plugin);
  expect(plan.parts).toEqual({ "pulumi-nodejs": "official", kubernetes: "official" });
});

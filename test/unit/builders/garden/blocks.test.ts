/** The provider blocks of `pergola garden`. Garden's own schema and code judge the same environments in the tier `garden`. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { gardenBlocks, gardenEnvironment } from "../../../../builders/garden/blocks.ts";
import { gardenYaml } from "../../../../builders/garden/yaml.ts";
import type { BuildSetup } from "../../../../infra/setup.ts";
import { errorOf, localSetup, withPattern } from "../samples.ts";
import { buildkit, options } from "./oneBlock.ts";
import { awsSetup, SETUPS, teamsSetup } from "./setups.ts";

describe("the whole output", () => {
  it.each(SETUPS)("%s", async (name, setup, namespace) => {
    const context = setup.cluster.context ?? "dev";
    const { blocks } = gardenBlocks(setup, { mode: null, namespace, context });
    await expect(`${gardenYaml(setup, blocks)}\n`).toMatchFileSnapshot(`golden/${name}.yaml`);
  });

  it.each(SETUPS)("%s is the same with comments and without", (_name, setup, namespace) => {
    const { blocks } = gardenBlocks(setup, { ...options, namespace });
    expect(parse(gardenYaml(setup, blocks))).toEqual({ providers: blocks.map(({ provider }) => provider) });
  });
});

describe("modes and environments of Garden", () => {
  it("has the environment's default mode first, under the environment's name; Garden would merge entries of one environment", () => {
    const names = (default_: "kaniko" | "cluster-buildkit") => {
      const setup = localSetup((input) => {
        input.builders.default = default_;
      });
      return gardenBlocks(setup, options).blocks.map(({ mode, provider }) => [mode, ...provider.environments]);
    };
    expect(names("cluster-buildkit")).toEqual([
      ["cluster-buildkit", "local"],
      ["kaniko", "local-kaniko"],
    ]);
    expect(names("kaniko")).toEqual([
      ["kaniko", "local"],
      ["cluster-buildkit", "local-cluster-buildkit"],
    ]);
  });

  it.each([
    ["aws-dev", "aws-dev"],
    ["AWS_dev.eu", "aws-dev-eu"],
    ["garden-dev", "env-garden-dev"],
    ["1st", "env-1st"],
    ["_dev_", "dev"],
    [`${"a".repeat(62)}-b`, "a".repeat(62)],
  ])("calls the environment of the stack %s %s", (stack, name) => {
    expect(gardenEnvironment(stack)).toBe(name);
    expect(name).toMatch(/^(?!garden)(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  });

  it.each(SETUPS)(
    "%s never says a mode that Garden has not, nor the section of another one",
    (_name, setup, namespace) => {
      for (const { mode, provider } of gardenBlocks(setup, { ...options, namespace }).blocks) {
        expect(provider.buildMode).toBe(mode);
        expect(["cluster-buildkit", "kaniko"]).toContain(provider.buildMode);
        expect([provider.clusterBuildkit !== undefined, provider.kaniko !== undefined]).toEqual([
          mode === "cluster-buildkit",
          mode === "kaniko",
        ]);
      }
    },
  );
});

describe("namespaces", () => {
  it("refuses several whose accounts differ, and names them with their teams", () => {
    expect(errorOf(() => gardenBlocks(teamsSetup(), options))).toMatchObject({
      code: "namespace-not-provisioned",
      message:
        "The namespaces of the mode cluster-buildkit of the environment aws-teams differ in annotations or images, and a provider block is for one account: team-a (team a); team-b (team b).",
      hint: "Choose one with --namespace, and give each team its own block: team-a, team-b.",
    });
  });

  it("has each team's own role, repositories and secret", () => {
    const { provider } = buildkit(teamsSetup(), "team-b");
    expect(provider).toMatchObject({
      namespace: "team-b",
      deploymentRegistry: { namespace: "b" },
      imagePullSecrets: [{ name: "pergola-pull", namespace: "team-b" }],
      clusterBuildkit: {
        serviceAccountAnnotations: {
          "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/aws-teams-builder-b",
        },
      },
    });
  });

  it("takes the first of several with one account, and names the others", () => {
    const setup = localSetup((input) => {
      input.builders.modes["cluster-buildkit"].namespaces.push({
        name: "second",
        serviceAccount: "garden-in-cluster-builder",
      });
    });
    const { provider, remarks } = buildkit(setup);
    expect(provider.namespace).toBe("pergola-buildkit");
    expect(remarks.map(({ text }) => text)).toContain("Valid for these namespaces, too, and no other: second.");
  });

  it("is for a namespace that a pattern admits, with the secret that is copied from", () => {
    const { provider } = buildkit(localSetup(withPattern), "shop-preview-7");
    expect(provider.namespace).toBe("shop-preview-7");
    expect(provider.imagePullSecrets).toEqual([{ name: "pull", namespace: "pergola-buildkit" }]);
  });

  it("leaves out modes that are not provisioned in the namespace", () => {
    const { blocks, left } = gardenBlocks(localSetup(), { ...options, namespace: "pergola-kaniko" });
    expect([blocks.map(({ mode }) => mode), left]).toEqual([["kaniko"], ["cluster-buildkit"]]);
  });

  it("refuses one that no mode has", () => {
    expect(errorOf(() => gardenBlocks(localSetup(), { ...options, namespace: "elsewhere" }))).toMatchObject({
      code: "namespace-not-provisioned",
      message: "Namespace elsewhere is not provisioned for the mode cluster-buildkit of the environment local.",
    });
  });
});

describe("what is not provisioned", () => {
  it("refuses a mode", () => {
    const setup = awsSetup("aws-dev");
    expect(errorOf(() => gardenBlocks(setup, { ...options, mode: "kaniko" }))).toMatchObject({
      code: "mode-not-provisioned",
      message: "The environment aws-dev was not provisioned for the mode kaniko.",
    });
  });

  it("refuses an environment that only lets people build by their own Docker", () => {
    const setup: BuildSetup = {
      ...localSetup(),
      builders: { default: "local-docker", modes: { "local-docker": {} } },
    };
    expect(errorOf(() => gardenBlocks(setup, options))).toMatchObject({
      code: "mode-not-provisioned",
      message: "The environment local has no mode that builds in its cluster, so there is nothing to tell Garden.",
      path: "pergola:builder.modes",
    });
  });
});

// The stack `local` by its production entry: its resource graph, and what holds for every resource.
import { beforeAll, describe, expect, test } from "vitest";
import { buildSetup } from "../../infra/setup.ts";
import { golden, graphText } from "./golden.ts";
import { type ProgramRun, readStackFile, runProgram } from "./program.ts";

let run: ProgramRun;

beforeAll(async () => {
  run = await runProgram({ config: readStackFile("local") });
  expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
});

const ofProvider = () => run.registrations.filter(({ type }) => type.startsWith("kubernetes:"));

describe("the stack local", () => {
  test("is the graph that was reviewed (UPDATE_GOLDEN=1 writes it anew)", () => {
    expect(graphText(run)).toBe(golden("local", graphText(run)));
  });

  test("is the same graph in a preview while the cluster cannot be reached, but for its uid", async () => {
    const preview = await runProgram({ config: readStackFile("local"), preview: true, server: "https://127.0.0.1:1" });
    expect(preview.exitCode).toBe(0);
    expect(preview.reads).toEqual([]);
    expect(preview.messages.map(({ text }) => text)).toEqual([
      "the cluster at https://127.0.0.1:1 cannot be reached: this preview leaves out its uid and what exists in it",
    ]);
    expect(buildSetup.parse(preview.outputs.setup).cluster.uid).toBeNull();
    expect(preview.registrations.map(({ urn }) => urn).sort()).toEqual(run.registrations.map(({ urn }) => urn).sort());
  });

  test("says nothing when all is well, and its output is a BuildSetup", () => {
    expect(run.messages).toEqual([]);
    expect(run.stdout + run.stderr).toBe("");
    expect(buildSetup.parse(run.outputs.setup).environment).toBe("local");
  });

  test("gives every resource a provider, a name and a parent", () => {
    const provider = run.registrations.find(({ type }) => type === "pulumi:providers:kubernetes")!;
    for (const { provider: used, inputs, parent, urn } of ofProvider()) {
      expect(used, urn).toMatch(new RegExp(`^${provider.urn}::`));
      const { name } = inputs.metadata as { name: string };
      expect(name, urn).toMatch(/^[a-z0-9.-]{1,63}$/);
      expect(parent, urn).not.toBe("");
    }
  });

  test("names children after their component", () => {
    const byUrn = new Map(run.registrations.map((resource) => [resource.urn, resource]));
    for (const child of run.registrations) {
      const parent = byUrn.get(child.parent);
      if (!parent?.type.startsWith("pergola:infra:")) continue;
      expect(child.name.startsWith(parent.name), child.urn).toBe(true);
    }
  });

  test("keeps the path of the kubeconfig out of the state, and names the cluster for the provider", () => {
    const provider = run.registrations.find(({ type }) => type === "pulumi:providers:kubernetes")!;
    expect(provider.inputs).toEqual({
      clusterIdentifier: "pergola-local",
      context: "pergola-local",
      enableConfigMapMutable: "true",
      enableSecretMutable: "true",
      enableServerSideApply: "true",
    });
  });

  test("loads no SDK of a cloud, and of Kubernetes only the kinds that it uses", () => {
    const packages = new Set(run.loaded.flatMap((file) => /^@pulumi\/[^/]+/.exec(file)?.[0] ?? []));
    expect([...packages].sort()).toEqual(["@pulumi/kubernetes", "@pulumi/pulumi"]);
    expect(run.loaded).not.toContain("@pulumi/kubernetes/index.js");
    expect(run.loaded).not.toContain("@pulumi/kubernetes/core/v1/index.js");
  });
});

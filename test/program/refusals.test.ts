// What the program refuses: with one message, no stack trace, and nothing in the cluster.
import { describe, expect, test } from "vitest";
import {
  CLUSTER_UID,
  KUBE_SYSTEM,
  type ProgramOptions,
  type ProgramRun,
  readStackFile,
  runProgram,
} from "./program.ts";

/** The stack file `local` with changes. */
// biome-ignore lint/suspicious/noExplicitAny: tests write wrong values into it
function changed(change: (config: any) => void): ProgramOptions["config"] {
  const config = readStackFile("local");
  change(config);
  return config;
}

/** Exit code of a program that has said why it stopped (pulumi/pulumi, sdk/nodejs/cmd/run). */
const SAID_WHY = 32;

function refused(run: ProgramRun): string {
  expect(run.exitCode).toBe(SAID_WHY);
  expect(run.messages).toHaveLength(1);
  const [message] = run.messages;
  expect(message!.severity).toBe("ERROR");
  expect(message!.text).not.toMatch(/\n\s+at /);
  expect(run.stdout + run.stderr).toBe("");
  return message!.text;
}

const types = (run: ProgramRun) => run.registrations.map(({ type }) => type);

describe("a stack file", () => {
  test("that is wrong in several places leaves the stack alone and says all of it", async () => {
    const config = changed((it) => {
      delete it["pulumi:disable-default-providers"];
      it["pergola:purpose"] = "production";
      it["pergola:registry"].kind = "inCluser";
      it["pergola:clustr"] = {};
    });
    const run = await runProgram({ config });
    const lines = refused(run).split("\n");
    expect(lines[0]).toBe("stacks/Pulumi.local.yaml has 4 problems; nothing was changed");
    expect(lines.slice(1).map((line) => line.trim().split(": ")[0])).toEqual([
      "pulumi:disable-default-providers",
      "pergola:clustr",
      "pergola:registry.kind",
      "pergola:purpose",
    ]);
    expect(types(run)).toEqual(["pulumi:pulumi:Stack"]);
    expect(run.outputs).toEqual({});
  });

  test("with secrets in clear text", async () => {
    const config = changed((it) => {
      it["pergola:secrets"] = { password: "hush" };
    });
    const run = await runProgram({ config });
    const message = refused(run);
    expect(message).toContain("pergola:secrets: is in clear text; set each one with pulumi config set --secret");
    expect(message).not.toContain("hush");
    expect(types(run)).toEqual(["pulumi:pulumi:Stack"]);
  });

  test("with an encrypted value in a section that is published", async () => {
    const config = changed((it) => {
      it["pergola:access"].annotations = { "example.com/token": "hush" };
    });
    const run = await runProgram({ config, encrypted: ["pergola:access"] });
    const message = refused(run);
    expect(message).toContain("pergola:access: has an encrypted value");
    expect(message).not.toContain("hush");
    expect(types(run)).toEqual(["pulumi:pulumi:Stack"]);
    expect(run.outputs).toEqual({});
  });

  test("of a stack whose name cannot be part of object names", async () => {
    const run = await runProgram({ stack: "Dev_1", config: readStackFile("local") });
    expect(refused(run)).toBe(
      'stacks/Pulumi.Dev_1.yaml has one problem; nothing was changed\n  stack: the name "Dev_1" becomes part of object names, but is not a DNS label: lower-case letters, digits and inner hyphens only',
    );
    expect(types(run)).toEqual(["pulumi:pulumi:Stack"]);
  });
});

describe("a cluster", () => {
  test("at another server than the stack file says", async () => {
    const config = changed((it) => {
      it["pergola:cluster"].server = "https://here.example:6443";
    });
    const run = await runProgram({ config, server: "https://there.example:6443" });
    expect(refused(run)).toBe(
      'pergola:cluster.server is https://here.example:6443, but the context "pergola-local" leads to https://there.example:6443: correct the one that is wrong; nothing was changed',
    );
    expect(types(run)).toEqual(["pulumi:pulumi:Stack"]);
  });

  test("whose context is in no kubeconfig", async () => {
    const config = changed((it) => {
      it["pergola:cluster"].context = "dev";
    });
    const run = await runProgram({ config, context: "pergola-local" });
    expect(refused(run)).toMatch(
      /^pergola:cluster\.context: the context "dev" is not in .*kubeconfig \(there: elsewhere, pergola-local\); nothing was changed$/,
    );
    expect(types(run)).toEqual(["pulumi:pulumi:Stack"]);
  });

  test("without any kubeconfig", async () => {
    const run = await runProgram({ config: readStackFile("local"), server: null });
    expect(refused(run)).toMatch(/^there is no kubeconfig at .*; set KUBECONFIG to one that exists$/);
    expect(types(run)).toEqual(["pulumi:pulumi:Stack"]);
  });

  test("that cannot be reached, when something is to be changed", async () => {
    const run = await runProgram({ config: readStackFile("local"), server: "https://127.0.0.1:1" });
    expect(refused(run)).toBe("the cluster at https://127.0.0.1:1 cannot be reached; nothing was changed");
    expect(types(run)).toEqual(["pulumi:pulumi:Stack", "pulumi:providers:kubernetes"]);
  });

  test("with another uid than the stack file says", async () => {
    const config = changed((it) => {
      it["pergola:cluster"].uid = "another";
    });
    const run = await runProgram({ config });
    expect(refused(run)).toMatch(
      new RegExp(
        `^pergola:cluster.uid is "another", but the cluster at https://[^ ]+ has "${CLUSTER_UID}": another cluster answers there; nothing was changed$`,
      ),
    );
    expect(types(run)).toEqual(["pulumi:pulumi:Stack", "pulumi:providers:kubernetes"]);
  });
});

describe("an existing namespace", () => {
  const config = () =>
    changed((it) => {
      it["pergola:builder"].modes["cluster-buildkit"].namespaces = [{ name: "shop-dev", existing: true }];
    });
  const live = (labels?: Record<string, string>) => ({
    ...KUBE_SYSTEM,
    "kubernetes:core/v1:Namespace::shop-dev": { metadata: { name: "shop-dev", ...(labels ? { labels } : {}) } },
  });
  const enforce = "pod-security.kubernetes.io/enforce";

  test("that would not admit its builders", async () => {
    const run = await runProgram({ config: config(), live: live({ [enforce]: "baseline" }) });
    expect(refused(run)).toBe(
      `the namespace shop-dev enforces the Pod Security level baseline, but its builders need privileged: give them a namespace of their own, or run kubectl label namespace shop-dev --overwrite ${enforce}=privileged\nnothing was changed`,
    );
    expect(types(run)).toEqual(["pulumi:pulumi:Stack", "pulumi:providers:kubernetes"]);
  });

  test.each([{ [enforce]: "privileged" }, undefined])(
    "that admits them is neither made nor relabelled nor guarded (%j)",
    async (labels) => {
      const run = await runProgram({ config: config(), live: live(labels) });
      expect(run.exitCode).toBe(0);
      const kinds = run.registrations
        .filter(({ inputs }) => (inputs.metadata as { namespace?: string } | undefined)?.namespace === "shop-dev")
        .map(({ inputs }) => inputs.kind);
      expect(kinds.sort()).toEqual(["ConfigMap", "Role", "RoleBinding", "ServiceAccount"]);
      const namespaces = run.registrations.filter(({ type }) => type === "kubernetes:core/v1:Namespace");
      expect(namespaces.map(({ inputs }) => (inputs.metadata as { name: string }).name).sort()).toEqual([
        "pergola-kaniko",
        "pergola-registry",
      ]);
    },
  );

  test("may have the service account already, which Garden makes, too: that alone is taken over, and never deleted", async () => {
    const run = await runProgram({ config: config(), live: live() });
    const adopting = run.registrations.filter(({ inputs }) => inputs.upsertExistingObjects === "true");
    expect(adopting.map(({ type }) => type)).toEqual(["pulumi:providers:kubernetes"]);
    const [ordinary] = run.registrations.filter(({ type }) => type === "pulumi:providers:kubernetes");
    expect(adopting[0]!.inputs).toEqual({ ...ordinary!.inputs, upsertExistingObjects: "true" });
    const taken = run.registrations.filter(({ provider }) => provider.startsWith(`${adopting[0]!.urn}::`));
    expect(taken.map(({ name, type }) => [name, type])).toEqual([
      ["shop-dev-account", "kubernetes:core/v1:ServiceAccount"],
    ]);
    const kept = run.registrations.filter(({ retainOnDelete }) => retainOnDelete);
    expect(kept.map(({ urn }) => urn)).toEqual(taken.map(({ urn }) => urn));
  });
});

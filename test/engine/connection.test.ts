// How the program gets to its cluster. Previews only: nothing of this stack gets into a cluster.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { testKubeconfig, unreachableKubeconfig } from "./cluster.ts";
import type { EngineResult, EngineStack } from "./engine.ts";
import { createLocalStack, PLACES } from "./localStack.ts";

const SECRETS = {
  registryPassword: "registry-password",
  hubPassword: "hub-password",
  kubeconfig: readFileSync(testKubeconfig(), "utf8"),
};

let stack: EngineStack;
/** environment in which the ambient kubeconfig has one context, `nowhere`, and nothing answers there */
let nowhere: { readonly KUBECONFIG: string };

beforeAll(async () => {
  stack = await createLocalStack(SECRETS);
  nowhere = { KUBECONFIG: await unreachableKubeconfig(stack.folder) };
  await configure("set", "context", "nowhere");
});

afterAll(() => stack?.[Symbol.asyncDispose]());

/** `pulumi config set` or `rm` of a member of pergola:cluster. */
async function configure(...[verb, member, ...value]: [verb: "set" | "rm", member: string, ...value: string[]]) {
  await stack.run(["config", verb, "--path", `pergola:cluster.${member}`, ...value, "--stack", stack.name]);
}

const created = ({ steps }: EngineResult) =>
  steps.filter((step) => step.startsWith("create ")).map((step) => step.slice("create ".length));

let planned: string[];

test("a cluster that cannot be reached: the preview says so and shows the stack, up changes nothing", async () => {
  const preview = await stack.operate("preview", { environment: nowhere });
  expect(preview.code, preview.shown).toBe(0);
  expect(preview.diagnostics.join("\n")).toContain(
    "the cluster at https://127.0.0.1:1 cannot be reached: this preview",
  );
  planned = created(preview);
  expect(planned).toEqual(expect.arrayContaining([PLACES.buildkit, PLACES.kaniko, "registry-deployment"]));

  const up = await stack.operate("up", { environment: nowhere });
  expect(up.code).not.toBe(0);
  expect(up.diagnostics.join("\n")).toContain("cannot be reached; nothing was changed");
  expect(up.steps).toEqual([]);
});

test("a kubeconfig that is a secret of the stack file is the one that is used, and is not shown", async () => {
  await configure("rm", "context");
  await configure("set", "kubeconfigSecret", "kubeconfig");
  await configure("set", "name", "engine");
  const preview = await stack.operate("preview", { environment: nowhere });
  expect(preview.code, preview.shown).toBe(0);
  expect(preview.steps).toContain("read kube-system");
  expect(created(preview).sort()).toEqual(planned.sort());

  const { users } = parse(SECRETS.kubeconfig) as { users: { user: Record<string, unknown> }[] };
  const credentials = users.flatMap(({ user }) => Object.values(user)).filter((value) => typeof value === "string");
  expect(credentials.length).toBeGreaterThan(0);
  const said = preview.shown + JSON.stringify(preview.events) + readFileSync(await stack.configFile(), "utf8");
  expect(credentials.filter((credential) => said.includes(credential))).toEqual([]);
});

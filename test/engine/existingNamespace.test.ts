// A builder namespace that Garden used before: its service account is there already, made by Garden.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { BUILDER_SERVICE_ACCOUNT, SETUP_CONFIG_MAP } from "../../infra/setup.ts";
import { kubectl, live } from "./cluster.ts";
import type { EngineStack } from "./engine.ts";
import { createLocalStack } from "./localStack.ts";

const NAMESPACE = "engine-existing";
const ANNOTATION = "example.com/role";

let stack: EngineStack;

beforeAll(async () => {
  await kubectl(["create", "namespace", NAMESPACE]);
  await garden("create", "another");
  stack = await createLocalStack({ registryPassword: "registry-password", hubPassword: "hub-password" });
  const file = parseDocument(readFileSync(await stack.configFile(), "utf8"));
  const namespaces = ["config", "pergola:builder", "modes", "kaniko", "namespaces"];
  file.setIn(namespaces, [{ name: NAMESPACE, existing: true }]);
  file.setIn(["config", "pergola:access", "annotations"], { [ANNOTATION]: "builder" });
  await stack.writeConfig(String(file));
});

afterAll(async () => {
  await stack?.operate("destroy");
  await stack?.[Symbol.asyncDispose]();
  await kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found"]);
});

/** Writes the whole account, as Garden does, which knows no server-side apply. */
async function garden(verb: "create" | "replace", role: string): Promise<void> {
  const metadata = { name: BUILDER_SERVICE_ACCOUNT, namespace: NAMESPACE, annotations: { [ANNOTATION]: role } };
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata };
  await kubectl([verb, "--field-manager", "garden", "-f", "-"], JSON.stringify(account));
}

interface Account {
  readonly metadata: { readonly uid: string; readonly annotations: Record<string, string> };
}
const account = async () => (await live(NAMESPACE, `serviceaccount/${BUILDER_SERVICE_ACCOUNT}`)) as unknown as Account;

test("an account that says something else than the stack file is left alone, and its owner is named", async () => {
  const { code, diagnostics } = await stack.operate("up");
  expect(code).not.toBe(0);
  expect(diagnostics.join("\n")).toMatch(/conflict with (manager )?"garden"/);
  expect((await account()).metadata.annotations).toEqual({ [ANNOTATION]: "another" });
});

test("an account that says the same is taken over as it is", async () => {
  await garden("replace", "builder");
  const before = await account();
  const { code, shown } = await stack.operate("up");
  expect(code, shown).toBe(0);
  const after = await account();
  expect(after.metadata.uid).toBe(before.metadata.uid);
  expect(after.metadata.annotations).toEqual(before.metadata.annotations);
  await live(NAMESPACE, `configmap/${SETUP_CONFIG_MAP}`);
});

test("nothing is left to do, also after Garden wrote it again", async () => {
  for (const operation of ["preview", "up"] as const) {
    const { code, shown } = await stack.operate(operation, { flags: ["--expect-no-changes"] });
    expect(code, shown).toBe(0);
  }
  await garden("replace", "builder");
  await stack.operate("refresh");
  const { code, shown } = await stack.operate("up", { flags: ["--expect-no-changes"] });
  expect(code, shown).toBe(0);
});

test("destroy takes away what up made, and leaves namespace and account", async () => {
  const { code, shown } = await stack.operate("destroy");
  expect(code, shown).toBe(0);
  expect((await account()).metadata.annotations).toEqual({ [ANNOTATION]: "builder" });
  await expect(live(NAMESPACE, `configmap/${SETUP_CONFIG_MAP}`)).rejects.toThrow("NotFound");
});

// The Node language host: what it runs, and that nothing of it stays.
import { readFile, watch } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EngineStack } from "./engine.ts";
import { smallProgram } from "./smallProgram.ts";

test("types are stripped, configuration and secrets arrive, exports become outputs", async () => {
  await using small = await smallProgram(`
    import * as pulumi from "@pulumi/pulumi";
    const config = new pulumi.Config();
    const list: string[] = config.requireObject<string[]>("list");
    export const joined: string = list.join("+");
    export const hidden = config.requireSecret("password");
    export const where = [pulumi.getProject(), pulumi.getStack(), pulumi.getOrganization()];
  `);
  await using stack = await EngineStack.create({ program: small.folder });
  await stack.run(["config", "set", "--path", "list[0]", "a"]);
  await stack.run(["config", "set", "--path", "list[1]", "b"]);
  await stack.run(["config", "set", "--secret", "password", "quiet please"]);
  const up = await stack.operate("up");
  expect(up.code, up.shown).toBe(0);
  expect(up.shown).not.toContain("quiet please");
  expect(JSON.parse(await stack.run(["stack", "output", "--json"]))).toEqual({
    hidden: "[secret]",
    joined: "a+b",
    where: ["small", "test", "organization"],
  });
});

test("a program that throws fails the operation with its message, once", async () => {
  await using small = await smallProgram('throw new Error("the stack file says nothing");');
  await using stack = await EngineStack.create({ program: small.folder });
  const up = await stack.operate("up");
  expect(up.code).not.toBe(0);
  expect(up.diagnostics.filter((text) => text.includes("the stack file says nothing"))).toHaveLength(1);
});

test("a policy pack runs and can stop an update", async () => {
  await using small = await smallProgram(`
    import { Namespace } from "@pulumi/kubernetes/core/v1/index.js";
    import { Provider } from "@pulumi/kubernetes/provider.js";
    const kubeconfig = JSON.stringify({
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }], "current-context": "c",
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }], users: [{ name: "u", user: {} }],
    });
    const provider = new Provider("cluster", { kubeconfig });
    const labels = process.env.OWNER ? { owner: process.env.OWNER } : undefined;
    new Namespace("namespace", { metadata: { name: "engine-policy", labels } }, { provider });
  `);
  await using stack = await EngineStack.create({ program: small.folder });
  const flags = ["--policy-pack", join(import.meta.dirname, "programs/policy")];
  const refused = await stack.operate("preview", { flags });
  expect(refused.code).not.toBe(0);
  expect(refused.events.flatMap(({ policyEvent }) => (policyEvent ? [policyEvent.policyName] : []))).toEqual(["owned"]);
  expect(refused.shown).toContain("label owner is missing");
  const passed = await stack.operate("preview", { flags, environment: { OWNER: "platform" } });
  expect(passed.code, passed.shown).toBe(0);
});

test("an interrupted operation leaves no program behind", async () => {
  await using small = await smallProgram(`
    import { writeFileSync } from "node:fs";
    writeFileSync(process.env.STARTED!, String(process.pid));
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  `);
  await using stack = await EngineStack.create({ program: small.folder });
  const started = join(stack.folder, "started");
  const interrupt = new AbortController();
  const watching = (async () => {
    for await (const { filename } of watch(stack.folder)) if (filename === "started") return;
  })();
  const running = stack.operate("up", { environment: { STARTED: started }, interrupt: interrupt.signal });
  await watching;
  interrupt.abort();
  expect((await running).code).not.toBe(0);
  const pid = Number(await readFile(started, "utf8"));
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

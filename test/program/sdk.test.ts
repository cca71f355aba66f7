// What the program leaves out of Pulumi's SDK, and that it is there for whoever asks for it.
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { readStackFile, repositoryRoot, runProgram } from "./program.ts";

const STACK = { stack: "aws-dev", config: readStackFile("aws-dev"), watched: false };

describe("messages for pulumi --debug", () => {
  test("are not sent, as their answers are waited for one by one", async () => {
    const { exitCode, stderr, debugMessages } = await runProgram(STACK);
    expect(exitCode, stderr).toBe(0);
    // What the SDK says before it has loaded the program.
    expect(debugMessages).toBeLessThan(20);
  });

  test("are sent where the SDK is asked for what it does", async () => {
    const environment = { PULUMI_DEBUG_PROMISE_LEAKS: "1" };
    const { exitCode, stderr, debugMessages, registrations } = await runProgram({ ...STACK, environment });
    expect(exitCode, stderr).toBe(0);
    expect(debugMessages).toBeGreaterThan(registrations.length);
  });
});

describe("parts of the SDK that the program has no use for", () => {
  const ask = async (expression: string): Promise<unknown> => {
    const program = `
      await import(${JSON.stringify(join(repositoryRoot, "infra", "sdkLoading.ts"))});
      const pulumi = await import("@pulumi/pulumi");
      const { createRequire } = await import("node:module");
      const sdk = createRequire(createRequire(${JSON.stringify(join(repositoryRoot, "package.json"))}).resolve("@pulumi/pulumi"));
      const loaded = () => Object.keys(sdk.cache).filter((file) => /typescript@3|arborist.lib.arborist|automation.localWorkspace/.test(file)).length;
      const before = loaded();
      const value = await (${expression});
      console.log(JSON.stringify({ before, value, after: loaded() }));`;
    const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", program], { cwd: repositoryRoot });
    return JSON.parse(stdout);
  };

  test.each([
    ["the Automation API", "typeof pulumi.automation.LocalWorkspace.create", "function"],
    ["the compiler", "pulumi.runtime.serializeFunction(() => 1 + 2).then(({ text }) => text.includes('1 + 2'))", true],
    ["npm", "pulumi.runtime.computeCodePaths().then((paths) => paths.size > 0)", true],
  ])("%s is loaded when it is used", async (_, expression, value) => {
    expect(await ask(expression)).toEqual({ before: 0, value, after: expect.toSatisfy((count) => count > 0) });
  });
});

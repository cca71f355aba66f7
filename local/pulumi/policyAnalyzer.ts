// The executable `pulumi-analyzer-policy` runs this: the engine starts a Node policy pack with it, in the pack's folder,
// with its own address and the pack's path as arguments. Like Pulumi's script of that name, it runs the SDK's runner.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

let runner: string;
try {
  runner = createRequire(join(process.cwd(), "package.json")).resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");
} catch {
  process.stderr.write(`${process.cwd()}: @pulumi/pulumi is not installed for this policy pack; run npm ci\n`);
  process.exit(1);
}
const child = spawn(process.execPath, [runner, ...process.argv.slice(2)], { stdio: "inherit" });
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));

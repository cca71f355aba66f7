import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";

const parts = join(import.meta.dirname, "../../../../local/pulumi");

test.each(["kubernetes/main.ts", "languageHost.ts"])("%s ends when the engine is killed", async (program) => {
  // A shell in the engine's place: it starts the plugin, says its id, and waits for it.
  const script = `"$0" --no-warnings "$1" & echo $!; wait`;
  const engine = spawn("/bin/sh", ["-c", script, process.execPath, join(parts, program)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  // The plugin has the other end of this pipe, so the pipe is open as long as the plugin runs.
  const closed = once(engine.stdout, "close");
  const lines = createInterface(engine.stdout)[Symbol.asyncIterator]();
  const id = Number((await lines.next()).value);
  onTestFinished(() => {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  });
  expect(Number((await lines.next()).value), "the port that it listens on").toBeGreaterThan(0);
  expect(() => process.kill(id, 0)).not.toThrow();
  engine.kill("SIGKILL");
  await closed;
});

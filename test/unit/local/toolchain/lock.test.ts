import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { takeLock } from "../../../../local/toolchain/lock.ts";

let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-"));
  file = join(folder, "below", "tool.lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The lock can be taken without waiting for anybody. */
async function expectFree(lockFile: string): Promise<void> {
  const waits: string[] = [];
  const lock = await takeLock(lockFile, "next", (owner) => waits.push(owner));
  await lock.release();
  expect(waits).toEqual([]);
}

it("lets one owner in at a time, in turn, and tells who is waited for", async () => {
  const events: string[] = [];
  const first = await takeLock(file, "builds buildkit");
  const waits = Promise.withResolvers<string>();
  const second = takeLock(file, "builds kaniko", waits.resolve).then(async (lock) => {
    events.push("second has it");
    await lock.release();
  });
  expect(await waits.promise).toContain("builds buildkit");
  events.push("first lets go");
  await first.release();
  await second;
  expect(events).toEqual(["first lets go", "second has it"]);
});

it("is free again after its owner was killed", async () => {
  const module = resolve(import.meta.dirname, "../../../../local/toolchain/lock.ts");
  const script = `const { takeLock } = await import(${JSON.stringify(module)});
    await takeLock(${JSON.stringify(file)}, "was killed"); console.log("held"); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(owner.stdout, "data");
  const waits = Promise.withResolvers<string>();
  const lock = takeLock(file, "after the crash", waits.resolve);
  expect(await waits.promise).toContain("was killed");
  owner.kill("SIGKILL");
  await (await lock).release();
});

it("takes a lock file that somebody left, whatever it says", async () => {
  const other = join(folder, "left.lock");
  writeFileSync(other, "process 1: long gone\n");
  await expectFree(other);
});

it("is let go at the end of its scope", async () => {
  {
    await using _lock = await takeLock(file, "scope");
  }
  await expectFree(file);
});

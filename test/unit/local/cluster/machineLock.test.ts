import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { withMachineLock } from "../../../../local/cluster/machineLock.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Another process that takes the lock and says so, until its standard input ends. */
async function otherHolder(name: string, clone: string): Promise<ChildProcess> {
  const module = join(import.meta.dirname, "../../../../local/cluster/machineLock.ts");
  const program = `import { withMachineLock } from ${JSON.stringify(module)};
    await withMachineLock({ clone: ${JSON.stringify(clone)}, pid: process.pid, action: "start" }, () => {}, async () => {
      console.log("held");
      for await (const _ of process.stdin);
    }, ${JSON.stringify(name)});`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout!, "data");
  return child;
}

const me = { clone: "/clone", pid: process.pid, action: "start" };
const lockName = (test: string) => `pergola-test-${process.pid}-${test}`;

test("a start of the same clone waits for the one under way, says so, and then runs", async () => {
  const name = lockName("same");
  const other = await otherHolder(name, "/clone");
  const notes: string[] = [];
  const tell = (note: string) => {
    notes.push(note);
    other.stdin!.end();
  };
  expect(await withMachineLock(me, tell, async () => "ran", name)).toBe("ran");
  expect(notes).toEqual([`a start of this clone is under way (process ${other.pid}): waiting for it`]);
});

test("a start of another clone under way is an error that names it", async () => {
  const name = lockName("other");
  const other = await otherHolder(name, "/somewhere/else");
  const attempt = withMachineLock(
    me,
    () => {},
    async () => "ran",
    name,
  );
  await expect(attempt).rejects.toThrow(`from another clone is under way: /somewhere/else (process ${other.pid})`);
});

test("a holder that is killed leaves no lock behind", async () => {
  const name = lockName("killed");
  const other = await otherHolder(name, "/somewhere/else");
  other.kill("SIGKILL");
  await once(other, "exit");
  expect(
    await withMachineLock(
      me,
      () => {},
      async () => "ran",
      name,
    ),
  ).toBe("ran");
});

test("one process may take it twice, and it is free after both", async () => {
  const name = lockName("twice");
  const inner = () =>
    withMachineLock(
      me,
      () => {},
      async () => "ran",
      name,
    );
  expect(await withMachineLock(me, () => {}, inner, name)).toBe("ran");
  const other = await otherHolder(name, "/clone");
  expect(other.exitCode).toBeNull();
});

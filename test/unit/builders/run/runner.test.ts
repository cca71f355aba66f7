import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { hasEnded, thisRunner } from "../../../../builders/run/runner.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Another process that names itself, and stays. */
async function other(): Promise<{ child: ChildProcess; runner: string }> {
  const module = new URL("../../../../builders/run/runner.ts", import.meta.url);
  const script = `import(${JSON.stringify(module.href)}).then(({ thisRunner }) => { console.log(thisRunner()); setInterval(() => {}, 1000); })`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = await once(child.stdout!.setEncoding("utf8"), "data");
  return { child, runner: String(line).trim() };
}

describe("a runner", () => {
  it("that runs is known to run, and one that was killed to have ended", async () => {
    const { child, runner } = await other();
    expect(hasEnded(runner)).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(hasEnded(runner)).toBe(true);
  });

  it("whose number another process has now has ended", () => {
    expect(hasEnded((thisRunner() as string).replace(/\d+$/, "1"))).toBe(true);
  });

  it.each([
    ["another boot or machine", (own: string) => own.replace(/^[^/]+/, "0")],
    ["another container", (own: string) => own.replace(/\/\d+/, "/1")],
  ])("of %s is never said to have ended", (_, foreign) => {
    const gone = (thisRunner() as string).replace(/\/\d+\/\d+$/, "/999999999/1");
    expect(hasEnded(gone)).toBe(true);
    expect(hasEnded(foreign(gone))).toBe(false);
  });

  it.each(["", "nothing", "a/b/c/d", "0/1/-1/5"])("that cannot be read (%j) is never said to have ended", (text) => {
    expect(hasEnded(text)).toBe(false);
  });
});

/** A step that prints much: whether all of it arrives, and what that takes. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { median, type Rows, row } from "./measure.ts";
import { emptyFolder, pergola } from "./project.ts";

const LINES = 100_000;

export const logs: Rows = async (note) => {
  const folder = await emptyFolder();
  const print = `i=0; while [ $i -lt ${LINES} ]; do echo "number $i of the lines"; i=$((i+1)); done`;
  await writeFile(join(folder, "Dockerfile"), `FROM busybox:1.36\nRUN ${print}\n`);
  const lost: number[] = [];
  const megabytes: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    note(`${LINES} lines, ${turn + 1} of 5`);
    const seen = new Set<string>();
    const child = pergola([
      folder,

      "--name",
      "bench-logs",
      "--no-cache",
      "--progress",
      "plain",
    ]);
    let peak = 0;
    const timer = setInterval(async () => {
      // Gone once the process is.
      const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
    }, 20);
    try {
      for await (const line of createInterface({ input: child.stderr })) {
        const [, number] = /(?:^|\s)number (\d+) of the lines$/.exec(line) ?? [];
        if (number !== undefined) seen.add(number);
      }
      await child;
    } finally {
      clearInterval(timer);
    }
    lost.push(LINES - seen.size);
    megabytes.push(Math.round(peak / 102.4) / 10);
  }
  return [
    row("log-lines", `lines lost of ${LINES}`, Math.max(...lost), 0, { lost }),
    row("log-memory", `megabytes of memory at the peak, with ${LINES} lines`, median(megabytes), 150, { megabytes }),
  ];
};

/** Shows the build records that stdin holds, one as JSON a line, as `pergola build` shows them on a terminal. */
import { createInterface } from "node:readline";
import { colorsOn, progressOn } from "../../../../builders/cli/output.ts";
import { makeProgress } from "../../../../builders/report/progress.ts";

const progress = makeProgress({
  ...progressOn({ progress: "auto", color: true }, process.stderr, process.env),
  color: colorsOn(true),
  images: ["api", "web"],
  write: (line) => process.stderr.write(`${line}\n`),
});
for await (const line of createInterface({ input: process.stdin })) progress.record(JSON.parse(line));
progress.end();

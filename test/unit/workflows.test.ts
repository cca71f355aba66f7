import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";

const folder = join(import.meta.dirname, "..", "..", ".github", "workflows");

interface Workflow {
  defaults?: { run?: { shell?: string } };
  jobs: Record<string, { "runs-on": string; steps: { uses?: string; run?: string }[] }>;
}

test.each(readdirSync(folder))(
  "the workflow %s can be read, and a failing command before a pipe fails its step",
  (file) => {
    const workflow = parse(readFileSync(join(folder, file), "utf8")) as Workflow;
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    expect(steps.filter(({ uses, run }) => (uses === undefined) === (run === undefined))).toEqual([]);
    // `bash` by name is run with -o pipefail; without a name it is not (docs.github.com, workflow syntax, "defaults.run.shell").
    expect(workflow.defaults?.run?.shell).toBe("bash");
  },
);

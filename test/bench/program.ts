/**
 * What the Pulumi program takes beyond what any program takes. It also takes less than any: infra/stackTraces.ts, sdkLoading.ts and
 * sdkMessages.ts leave out of Pulumi's SDK what no resource needs. What remains is loading the program with the schema of stack
 * files (zod), and the SDK's work for each resource.
 */
import { join } from "node:path";
import { cacheFolder } from "../../local/paths.ts";
import { type ProgramOptions, readStackFile, runProgram } from "../program/program.ts";
import { inTurns, median, type Rows, row } from "./measure.ts";

const TURNS = 15;

export const awsDev: Rows = async (note) => {
  // As under `npm run pulumi`: what was compiled once is kept.
  const environment = { NODE_COMPILE_CACHE: cacheFolder("compile") };
  const run = (options: Pick<ProgramOptions, "config" | "folder">) => async (): Promise<number> => {
    const { exitCode, milliseconds, stderr } = await runProgram({
      stack: "aws-dev",
      preview: true,
      watched: false,
      environment,
      ...options,
    });
    if (exitCode !== 0) throw new Error(`the program ended with ${exitCode}: ${stderr}`);
    return milliseconds;
  };
  const awsDev = run({ config: readStackFile("aws-dev") });
  const empty = run({ config: {}, folder: join(import.meta.dirname, "emptyProgram") });
  note("both once, so that both are compiled");
  await awsDev();
  await empty();
  note(`${TURNS} pairs`);
  const samples = await inTurns(TURNS, { awsDev, empty });
  const value = median(samples.awsDev) / median(samples.empty);
  return [row("aws-dev", "time of the program of aws-dev / of an empty Pulumi program", value, 1.5, samples)];
};

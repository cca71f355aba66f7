/** `pergola garden`: the provider block of Garden's project.garden.yml that fits the environment. */
import type { ClusterModeName } from "../../infra/setup.ts";
import { gardenBlocks } from "../garden/blocks.ts";
import { gardenYaml } from "../garden/yaml.ts";
import { connect } from "./connect.ts";
import { type GlobalOptions, note, printResult } from "./output.ts";

export interface GardenCommandOptions extends GlobalOptions {
  readonly mode: ClusterModeName | null;
}

/** Runs the command; resolves to the exit code. */
export async function runGarden(options: GardenCommandOptions): Promise<number> {
  // A context that nobody named is only right if it leads to the environment's cluster.
  const { setup, source, kube, verified } = await connect(options, {
    checkCluster: ({ cluster }) => options.context === null && cluster.context === null,
  });
  await verified;
  const context = options.context ?? setup.cluster.context ?? (await kube()).context;
  const { blocks, left } = gardenBlocks(setup, { mode: options.mode, namespace: options.namespace, context });
  note(`${setup.environment}, from ${source}.`);
  for (const mode of left)
    note(`No block for mode ${mode}, which is not provisioned in namespace ${options.namespace}.`);
  for (const { mode, remarks } of blocks) {
    for (const { text } of remarks.filter(({ lacking }) => lacking)) note(`${mode}: ${text}`);
  }
  const result = { version: 1, providers: blocks.map(({ provider }) => provider) };
  printResult(options, result, () => gardenYaml(setup, blocks));
  return 0;
}

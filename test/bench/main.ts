/** `npm run bench -- GROUP`: measures, prints a table on stderr or JSON on stdout; exit code 1 when a target is missed. */
import { statfs } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem, version } from "node:os";
import { Command, Option } from "commander";
import { stateDirectory } from "../../local/paths.ts";
import type { Row, Rows } from "./measure.ts";

interface Measurement {
  /** by which it can be chosen */
  readonly id: string;
  /** counts bytes or wrong results, which a busy machine does not change */
  readonly exact: boolean;
  /** loaded late, as it needs the environment, which --help does not */
  load(): Promise<Rows>;
}

const GROUPS: Readonly<Record<string, readonly Measurement[]>> = {
  buildkit: [
    { id: "bytes", exact: true, load: async () => (await import("./context.ts")).bytes },
    { id: "wrong", exact: true, load: async () => (await import("./context.ts")).wrong },
    { id: "rebuild", exact: false, load: async () => (await import("./context.ts")).rebuild },
    { id: "cold", exact: false, load: async () => (await import("./cold.ts")).cold },
    { id: "connection", exact: false, load: async () => (await import("./connection.ts")).connection },
    { id: "buildx", exact: false, load: async () => (await import("./buildx.ts")).buildx },
    { id: "logs", exact: false, load: async () => (await import("./logs.ts")).logs },
  ],
  program: [{ id: "aws-dev", exact: false, load: async () => (await import("./program.ts")).awsDev }],
  kaniko: [{ id: "second", exact: false, load: async () => (await import("./kaniko.ts")).second }],
};

/** Groups that measure no builds. */
const WITHOUT_CLUSTER: readonly string[] = ["program"];

interface Options {
  readonly output: "text" | "json";
  readonly only: string[];
  readonly exact?: true;
}

await new Command("npm run bench --")
  .description("Measures the runner against the tools that it drives, as ratios within one run.")
  .argument("<group>", `what to measure: ${Object.keys(GROUPS).join(", ")}`)
  .addOption(new Option("--output <format>", "what stdout gets").choices(["text", "json"]).default("text"))
  .option(
    "--only <ids...>",
    `these alone: ${Object.values(GROUPS)
      .flatMap((rows) => rows.map(({ id }) => id))
      .join(", ")}`,
    [],
  )
  .option("--exact", "only what counts bytes and wrong results, which holds on a busy machine too")
  .addHelpText(
    "after",
    "\nExamples:\n  npm run bench -- buildkit\n  npm run bench --silent -- buildkit --only bytes --output json",
  )
  .action(async (group: string, options: Options, command: Command) => {
    const known = GROUPS[group];
    if (known === undefined)
      command.error(`error: ${group} is not measured; there is ${Object.keys(GROUPS).join(", ")}`, { exitCode: 2 });
    const strange = options.only.find((id) => !known.some((rows) => rows.id === id));
    if (strange !== undefined) {
      command.error(`error: ${strange} is not in ${group}; there are ${known.map(({ id }) => id).join(", ")}`, {
        exitCode: 2,
      });
    }
    const chosen = known.filter(
      ({ id, exact }) => (options.only.length === 0 || options.only.includes(id)) && (exact || !options.exact),
    );
    const inCluster = !WITHOUT_CLUSTER.includes(group);
    const machine = {
      cores: cpus().length,
      load: loadavg().map((load) => Math.round(load * 100) / 100),
      /** of the contexts */
      filesystem: await filesystem(tmpdir()),
      /** of the nodes: where images are unpacked and pods write; there are none where nothing is built */
      ...(inCluster ? { nodeFilesystem: await filesystem(stateDirectory()) } : {}),
      cpu: cpus()[0]?.model ?? "",
      memory: totalmem(),
      kernel: version(),
      node: process.version,
    };
    const results: Row[] = [];
    const place = inCluster ? await import("./place.ts") : null;
    try {
      await place?.prepareNamespace();
      for (const { id, load } of chosen) {
        say(`> ${id}`);
        results.push(...(await (await load())((text) => say(`  ${text}`))));
      }
    } finally {
      await place?.removeNamespace();
      if (inCluster) await (await import("./project.ts")).removeProjects();
    }
    if (options.output === "json") process.stdout.write(`${JSON.stringify({ machine, results }, null, 2)}\n`);
    for (const { id, measure, value, target, pass } of results) {
      say(`${pass ? "good  " : "MISSED"} ${id.padEnd(16)} ${String(value).padStart(10)}  target ${target}  ${measure}`);
    }
    process.exitCode = results.every(({ pass }) => pass) ? 0 : 1;
  })
  .parseAsync();

/** Kind of the file system that a folder is in: its name, or its number (statfs(2)). */
async function filesystem(folder: string): Promise<string> {
  const { type } = await statfs(folder);
  const known: Record<number, string> = {
    61267: "ext4",
    16914836: "tmpfs",
    2035054128: "overlay",
    2435016766: "btrfs",
  };
  return known[type] ?? `0x${type.toString(16)}`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

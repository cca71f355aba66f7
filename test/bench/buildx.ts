/** docker buildx with the same daemon as its remote builder, over the same kind of connection. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { BuildkitPlan } from "../../builders/plan/plan.ts";
import { Kube } from "../../builders/run/index.ts";
import { Progress } from "../../local/progress.ts";
import { ensureToolchain } from "../../local/toolchain/index.ts";
import { overBridge } from "../cluster/buildctl.ts";
import { inTurns, median, type Rows, row } from "./measure.ts";
import { build, buildAll, emptyFolder, environment, makeProject, planOf, plansOf } from "./project.ts";
import { daemon } from "./raw.ts";

/** Milliseconds over buildx that the runner may take; of two builds that wait for one another, each. */
const MORE = 150;

export const buildx: Rows = async (note) => {
  note("buildx itself");
  const program = (await ensureToolchain(new Progress(), ["buildx"])).path("buildx");
  const kube = new Kube({ environment });
  try {
    const warm = await makeProject(10, 4096, "buildx");
    await build(warm, "bench-buildx");
    const run = await makeBuilder(program, kube);
    const warmArgs = buildArguments(await planOf(warm, "bench-buildx"), warm);
    note("no change");
    const same = await inTurns(7, { pergola: () => build(warm, "bench-buildx"), buildx: () => run(warm, warmArgs) });

    note("one file");
    let edits = 0;
    const edited = async (folder: string) => writeFile(join(folder, "d1", "f1"), `${Date.now()} ${edits++}`);
    const [ours, theirs] = [await makeProject(10, 4096, "ours"), await makeProject(10, 4096, "theirs")];
    const theirArgs = buildArguments(await planOf(theirs, "bench-buildx-edit"), theirs);
    const edit = await inTurns(7, {
      pergola: async () => {
        await edited(ours);
        await build(ours, "bench-pergola-edit");
      },
      buildx: async () => {
        await edited(theirs);
        await run(theirs, theirArgs);
      },
    });

    note("two images");
    const two = await makeTwo("two", "scratch");
    const bake = await inTurns(7, { pergola: () => buildAll(two), buildx: () => run(two, ["bake", "both"]) });

    note("two images, one of them FROM the other");
    const pair = await makeTwo("pair", "bench-pair-base");
    const from = await inTurns(7, { pergola: () => buildAll(pair), buildx: () => run(pair, ["bake", "both"]) });
    const over = (id: string, what: string, samples: { pergola: number[]; buildx: number[] }, target = MORE) =>
      row(id, `milliseconds over buildx, ${what}`, median(samples.pergola) - median(samples.buildx), target, samples);
    return [
      over("buildx-warm", "no change", same),
      over("buildx-edit", "one file edited", edit),
      over("buildx-bake", "two images, no change", bake),
      over("buildx-pair", "two images, one FROM the other, no change", from, 2 * MORE),
    ];
  } finally {
    kube.close();
  }
};

type Run = (cwd: string, args: readonly string[]) => Promise<unknown>;

/** A builder of buildx whose address is the socket of a bridge, opened anew for each command as the runner's is. */
async function makeBuilder(program: string, kube: Kube): Promise<Run> {
  const directory = await emptyFolder();
  const socket = join(directory, "s");
  const env = { ...environment, BUILDX_CONFIG: join(directory, "buildx"), DOCKER_CONFIG: directory };
  const target = await daemon();
  await execa(program, ["create", "--name", "bench", "--driver", "remote", `unix://${socket}`], { env });
  return (cwd, args) =>
    overBridge(kube, target, socket, () => execa(program, ["--builder", "bench", ...args], { cwd, env }));
}

/** buildx's names of buildctl's options for where a build's result and its cache go. */
const SAME = { "--output": "output", "--export-cache": "cache-to", "--import-cache": "cache-from" } as const;

function outputs({ argv }: BuildkitPlan): [key: (typeof SAME)[keyof typeof SAME], value: string][] {
  return argv.flatMap((word, at): ReturnType<typeof outputs> => {
    const key = SAME[word as keyof typeof SAME];
    return key === undefined ? [] : [[key, argv[at + 1] as string]];
  });
}

function buildArguments(plan: BuildkitPlan, folder: string): string[] {
  const options = outputs(plan).flatMap(([key, value]) => [`--${key}`, value]);
  return ["build", "--provenance=false", "--progress", "plain", ...options, folder];
}

/** Two Garden Build actions, and the same for bake. @param from what the second one is FROM */
async function makeTwo(prefix: string, from: string): Promise<string> {
  const folder = await emptyFolder();
  const files = {
    base: { Dockerfile: "FROM scratch\nCOPY . /\n" },
    app: { Dockerfile: `FROM ${from}\nCOPY . /app\n` },
  };
  for (const [name, { Dockerfile }] of Object.entries(files)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "Dockerfile"), Dockerfile);
    await writeFile(join(folder, name, "garden.yml"), `kind: Build\ntype: container\nname: bench-${prefix}-${name}\n`);
    await writeFile(join(folder, name, "content"), name);
  }
  const targets = (await plansOf(folder)).map((plan) => {
    const fields: Record<string, string[]> = {};
    for (const [key, value] of outputs(plan)) fields[key] = [...(fields[key] ?? []), value];
    const contexts = Object.fromEntries(plan.siblings.map(({ name }) => [name, `target:${name}`]));
    const context = `./${plan.name.replace(`bench-${prefix}-`, "")}`;
    return [plan.name, { context, contexts, ...fields, attest: ["type=provenance,disabled=true"] }] as const;
  });
  const bake = { group: { both: { targets: targets.map(([name]) => name) } }, target: Object.fromEntries(targets) };
  await writeFile(join(folder, "docker-bake.json"), JSON.stringify(bake));
  return folder;
}

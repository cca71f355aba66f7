/** Builds all cases in all modes, each mode with one run of the runner, and reads what came of it. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { BuildResult } from "../../builders/report/result.ts";
import type { MODES } from "../cluster/access.ts";
import { build, context, pergola } from "../cluster/environment.ts";
import { type Case, writeCase } from "./case.ts";
import type { Outcome } from "./compare.ts";
import { readImage } from "./image.ts";

export type Mode = (typeof MODES)[number] | "local-docker";

/** How the runner finds Docker, and the BuildSetup that allows it. */
export interface DockerPlace {
  readonly setup: string;
  readonly env: Record<string, string>;
}

/** Images built at a time. kaniko's pods start one by one and then mostly wait; BuildKit's steps share the two cores at once. */
const CONCURRENCY: Readonly<Record<Mode, number>> = { "cluster-buildkit": 6, kaniko: 8, "local-docker": 4 };

/** Set on every image: also a flag's labels are to come out alike. */
const LABEL = 'conformance=of = all "modes"';
const SECRET = { CONFORMANCE_TOKEN: "secret" };

/** Names of this run's images: kaniko's cache is kept with them, and what an earlier run cached is to play no part. */
const run = randomBytes(4).toString("hex");
const imageOf = (name: string): string => `conformance-${run}-${name}`;

/** What came of a run of the runner. */
export interface Built {
  /** by case name */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** of all images together */
  readonly cachedSteps: number;
}

/** Builds the cases in one run. */
export async function buildCases(cases: readonly Case[], mode: Mode, docker?: DockerPlace): Promise<Built> {
  const directory = await folderOf(cases);
  const secret = mode === "kaniko" ? [] : ["--secret", "id=token,env=CONFORMANCE_TOKEN"];
  const args = ["--mode", mode, "--label", LABEL, "--concurrency", String(CONCURRENCY[mode]), "--tag", `built-${mode}`];
  const setup = docker === undefined ? [] : ["--setup", docker.setup];
  const { result, stderr } = await build([directory, ...args, ...secret, ...setup], { ...SECRET, ...docker?.env });
  if (result.images === undefined) throw new Error(`${mode} built nothing: ${JSON.stringify(result)}\n${stderr}`);
  const outcomes = await Promise.all(
    cases.map(async ({ name }) => {
      const image = result.images.find((one) => one.name === imageOf(name));
      return [name, await outcomeOf(image)] as const;
    }),
  );
  const cachedSteps = result.images.reduce((sum, image) => sum + (image.cachedSteps ?? 0), 0);
  return { outcomes: new Map(outcomes), cachedSteps };
}

async function outcomeOf(image: BuildResult["images"][number] | undefined): Promise<Outcome> {
  if (image === undefined) throw new Error("an image is missing in the result");
  if (image.error === null) return readImage(image.reference);
  // A builder that could not be reached says nothing about the Dockerfile.
  if (!["build-failed", "base-image-missing"].includes(image.error.code)) {
    throw new Error(`${image.name}: ${image.error.code}: ${image.error.message}`);
  }
  return { failed: image.error.message };
}

/** What the runner says to a case that it is to refuse. */
export interface Refusal {
  readonly exitCode: number | undefined;
  readonly error: { readonly code: string; readonly message: string; readonly file?: string; readonly line?: number };
}

/** Asks for each case in a mode that cannot build it, two at a time. */
export async function refusals(cases: readonly Case[], mode: Mode): Promise<Map<string, Refusal>> {
  const found = new Map<string, Refusal>();
  const left = [...cases];
  const worker = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const directory = await folderOf([one]);
      const done = await pergola(["build", directory, "--mode", mode, "--output", "json"]);
      const { error, images } = JSON.parse(done.stdout);
      found.set(one.name, { exitCode: done.exitCode, error: error ?? images[0].error });
    }
  };
  await Promise.all([worker(), worker()]);
  return found;
}

async function folderOf(cases: readonly Case[]): Promise<string> {
  const directory = await context({});
  for (const one of cases) await writeCase(one, join(directory, one.name), imageOf(one.name));
  return directory;
}

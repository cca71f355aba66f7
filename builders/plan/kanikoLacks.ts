/**
 * What kaniko would silently build otherwise than BuildKit, or not at all, as far as the Dockerfile and the names of the
 * context's links tell. The conformance suite (test/conformance) shows each for 1.25.5; other executors are taken to do the
 * same unless kanikoExecutor.ts knows better. What cannot be told beforehand is in docs/differences.md.
 */
import path from "node:path";
import {
  Add,
  Arg,
  Copy,
  Env,
  type Flag,
  From,
  Healthcheck,
  type Instruction,
  JSONInstruction,
  Onbuild,
  Run,
  User,
  Volume,
  Workdir,
} from "dockerfile-ast";
import { type Dockerfile, readGlobal, substitute } from "../images/dockerfile.ts";
import { type Context, isWithin, type Refuse, readCopy, resolved } from "./kanikoCopies.ts";
import type { Ability } from "./kanikoExecutor.ts";
import { namesDirectory } from "./kanikoScripts.ts";
import { platformArguments } from "./kanikoStages.ts";

/** Something that is refused. */
export interface Lack {
  /** the part of the Dockerfile, as it is written */
  readonly what: string;
  /** a clause about kaniko: "it ..." */
  readonly why: string;
  /** counts from 1 */
  readonly line: number;
  /** what an executor would have to be able to; left out where none is known that builds it */
  readonly needs?: Ability;
}

export interface Surroundings {
  /** what the executor can */
  readonly abilities: ReadonlySet<Ability>;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** `os/architecture[/variant]` that is built for, on a node of the same */
  readonly platform: string;
  /** what the context holds; null when that is not known */
  readonly context: Context;
}

/** Flags that its parser takes and that nothing looks at; with the value that changes nothing. */
const IGNORED_FLAGS: Readonly<Record<string, string | null>> = {
  "COPY --exclude": null,
  "COPY --parents": "false",
  "ADD --exclude": null,
  "ADD --checksum": null,
  "ADD --keep-git-dir": "false",
  "ADD --unpack": null,
  "RUN --network": "default",
  "RUN --security": "sandbox",
  "RUN --device": null,
  "HEALTHCHECK --start-interval": null,
};

/** Other names of architectures, and variants that are an architecture's default. */
const SAME_ARCHITECTURE: Readonly<Record<string, string>> = { x86_64: "amd64", "x86-64": "amd64", aarch64: "arm64" };
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { amd64: "v1", arm64: "v8", arm: "v7" };

/** What is known of a stage. */
interface Stage {
  readonly name: string | null;
  /** ARG and ENV that hold in it -> value, null when that is not known */
  readonly values: Map<string, string | null>;
  readonly volumes: string[];
  /** working directory; null when it is the base image's */
  directory: string | null;
  user: { readonly text: string; readonly line: number } | null;
}

/** An ARG of a stage, whose value kaniko keeps in all stages that follow. */
interface Leak {
  readonly value: string;
  readonly stage: Stage;
}

/** Everything to refuse, in the order of the file. */
export function kanikoLacks(dockerfile: Dockerfile, surroundings: Surroundings): Lack[] {
  const { buildArgs, platform } = surroundings;
  const lacks: Lack[] = [];
  const globals = new Map<string, string>(Object.entries(platformArguments(platform)));
  const stages: Stage[] = [];
  const leaks = new Map<string, Leak>();
  const isLeaky = !surroundings.abilities.has("ownArguments");
  const directive = dockerfile.escape;
  if (directive && directive.character !== "\\") {
    const why = "it takes only the backslash for an escape.";
    lacks.push({ what: `escape=${directive.character}`, why, line: directive.line });
  }
  for (const outer of dockerfile.instructions) {
    const instruction = outer instanceof Onbuild ? (outer.getTriggerInstruction() ?? outer) : outer;
    const line = instruction.getRange().start.line + 1;
    const refuse: Refuse = (what, why, needs) =>
      void lacks.push({ what, why, line, ...(needs === undefined ? {} : { needs }) });
    const stage = stages.at(-1);
    refuseIgnoredFlags(instruction, refuse);
    if (instruction instanceof From) {
      const flag = instruction.getPlatformFlag();
      const asked = flag && substitute(flag.getValue() ?? "", globals);
      if (flag && (!asked || plainPlatform(asked) !== plainPlatform(platform)))
        refuse(`FROM ${flag}`, `it takes every base image for ${platform}.`);
      stages.push(stageOf(instruction, stages, globals));
    } else if (stage === undefined) {
      if (instruction instanceof Arg) readGlobal(instruction, buildArgs, globals);
    } else if (outer instanceof Onbuild) {
      // What a trigger means depends on the file that is built on this image.
    } else if (instruction instanceof Arg) {
      for (const property of instruction.getProperties()) {
        const [name, fallback] = [property.getName(), property.getValue()];
        const leak = leaks.get(name);
        const value =
          buildArgs[name] ?? (fallback === null ? (globals.get(name) ?? null) : substitute(fallback, known(stage)));
        if (fallback === null && leak && leak.value !== value && !stage.values.has(name))
          refuse(`ARG ${name}`, `it takes the value ${leak.value} that an earlier stage has for it.`, "ownArguments");
        stage.values.set(name, value);
        if (value !== null && isLeaky) leaks.set(name, { value, stage });
      }
    } else {
      refuseLeaks(instruction, stage, leaks, refuse);
      if (instruction instanceof Env) {
        for (const property of instruction.getProperties())
          stage.values.set(property.getName(), substitute(property.getValue() ?? "", known(stage)));
      } else readOther(instruction, stage, surroundings, refuse, lacks);
    }
  }
  return lacks.sort((a, b) => a.line - b.line);
}

function readOther(
  instruction: Instruction,
  stage: Stage,
  { context, abilities }: Surroundings,
  refuse: Refuse,
  lacks: Lack[],
): void {
  const words = wordsOf(instruction).map((word) => substitute(word, known(stage)) ?? word);
  const keyword = instruction.getKeyword();
  if (instruction instanceof Volume) stage.volumes.push(...words.map((word) => path.posix.normalize(word)));
  else if (instruction instanceof Workdir) {
    stage.directory = resolved(stage.directory, words.join(" ").replace(/^(["'])(.*)\1$/, "$2"));
  } else if (instruction instanceof User) {
    stage.user = { text: words[0] ?? "", line: instruction.getRange().start.line + 1 };
  } else if (keyword === "EXPOSE") {
    const range = words.find((word) => /^\d+-\d+/.test(word));
    if (range) refuse(`EXPOSE ${range}`, "it writes the range into the image as if it were one port.");
  } else if (instruction instanceof Run) {
    refuseOfRun(instruction, stage, refuse, lacks);
  } else if (instruction instanceof Copy || instruction instanceof Add) {
    const place = { ...stage, values: known(stage), fetchesAsRoot: abilities.has("fetchesAsRoot") };
    readCopy(instruction, words, place, context, refuse);
  }
}

function refuseOfRun(run: Run, stage: Stage, refuse: Refuse, lacks: Lack[]): void {
  const { user, volumes, directory } = stage;
  const [name = "", group] = user?.text.split(":") ?? [];
  if (user && group !== undefined && !(isRoot(name) && isRoot(group))) {
    const own = `Where ${group} is the user's own group, write USER ${name}.`;
    const why = `its steps run with the group of the user, not with the one that is named. ${own}`;
    lacks.push({ what: `RUN after USER ${user.text}`, why, line: user.line });
    stage.user = null;
  }
  const script = run.getRawArgumentsContent() ?? "";
  const named = volumes.find((one) => namesDirectory(script, known(stage), one));
  const around = volumes.find((one) => directory !== null && isWithin(directory, one, true));
  if (named !== undefined) refuse(`RUN with ${named} after VOLUME ${named}`, "it leaves out what is written there.");
  else if (around !== undefined)
    refuse(`RUN in WORKDIR ${directory} after VOLUME ${around}`, "it leaves out what is written there.");
}

/** The user 0 is called root everywhere, and is in the group of that name and number. */
function isRoot(name: string): boolean {
  return name === "root" || name === "0";
}

/** One spelling for platforms that are the same, as containerd has them. */
function plainPlatform(platform: string): string {
  const [os = "", named = "", variant = ""] = platform.toLowerCase().split("/");
  const architecture = SAME_ARCHITECTURE[named] ?? named;
  return [os, architecture, variant || (DEFAULT_VARIANTS[architecture] ?? "")].join("/");
}

function refuseIgnoredFlags(instruction: Instruction, refuse: Refuse): void {
  const keyword = instruction.getKeyword();
  const has = instruction instanceof JSONInstruction || instruction instanceof Healthcheck;
  const flags: readonly Flag[] = has ? instruction.getFlags() : [];
  for (const flag of flags) {
    const harmless = IGNORED_FLAGS[`${keyword} --${flag.getName()}`];
    if (harmless === undefined || (harmless !== null && flag.getValue() === harmless)) continue;
    refuse(`${keyword} ${flag}`, "it ignores that flag.");
  }
}

/** A variable that is nowhere declared in the stage, where kaniko still has the value of an earlier stage. */
function refuseLeaks(instruction: Instruction, stage: Stage, leaks: ReadonlyMap<string, Leak>, refuse: Refuse): void {
  const text = instruction.getRawArgumentsContent() ?? "";
  for (const [name, { stage: from, value }] of leaks) {
    if (from === stage || stage.values.has(name)) continue;
    if (!new RegExp(`\\$(?:${name}\\b|\\{${name}\\b)`).test(text)) continue;
    // A variable of the step's own script.
    if (new RegExp(`\\b${name}=|\\bfor +${name}\\b|\\bread\\b[^;|&]*\\b${name}\\b`).test(text)) continue;
    refuse(
      `${instruction.getKeyword()} with $${name}`,
      `it takes the value ${value} that an earlier stage has for it.`,
      "ownArguments",
    );
  }
}

function stageOf(from: From, stages: readonly Stage[], globals: ReadonlyMap<string, string>): Stage {
  const name = from.getBuildStage()?.toLowerCase() ?? null;
  const image = substitute(from.getImage() ?? "", globals)?.toLowerCase();
  const base = stages.findLast((stage) => stage.name !== null && stage.name === image);
  const [volumes, user] = [[...(base?.volumes ?? [])], base?.user ?? null];
  const directory = base === undefined ? (image === "scratch" ? "/" : null) : base.directory;
  return { name, values: new Map(base?.values), volumes, user, directory };
}

function known({ values }: Stage): Map<string, string> {
  return new Map([...values].flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])));
}

/** The words of an instruction, without flags: those of a JSON list, or as they are separated by blanks. */
function wordsOf(instruction: Instruction): string[] {
  // The parser itself drops the blanks in such a list's words, and takes a pattern that begins with a bracket for one.
  const text = (instruction.getArgumentsContent() ?? "").replace(/^(?:--\S+\s+)*/, "");
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list.map(String);
  } catch {
    // not JSON: words
  }
  return instruction.getArguments().map((word) => word.getValue());
}

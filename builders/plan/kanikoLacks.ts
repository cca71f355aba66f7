/**
 * What kaniko 1.25.5 would silently build otherwise than BuildKit, or not at all, as far as the Dockerfile and the names of the
 * context's links tell. The conformance suite (test/conformance) shows each; what cannot be told beforehand is in
 * docs/differences.md.
 */
import path from "node:path";
import {
  Add,
  Arg,
  Copy,
  DockerfileParser,
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
} from "dockerfile-ast";
import type { ContextEntry } from "../images/context.ts";
import { substitute } from "../images/dockerfile.ts";
import { platformArguments, readGlobal } from "./kanikoStages.ts";

/** Something that is refused. */
export interface Lack {
  /** the part of the Dockerfile, as it is written */
  readonly what: string;
  /** a clause about kaniko: "it ..." */
  readonly why: string;
  /** counts from 1 */
  readonly line: number;
}

export interface Surroundings {
  readonly buildArgs: Readonly<Record<string, string>>;
  /** `os/architecture[/variant]` that is built for, on a node of the same */
  readonly platform: string;
  /** what the context holds; null when that is not known */
  readonly context: Context;
}

type Context = readonly Pick<ContextEntry, "path" | "type">[] | null;

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

/** Files and directories that are the pod's own while kaniko builds: what is copied there is left out of the image. */
const POD_FILES = /^\/(?:etc\/(?:hosts|hostname|resolv\.conf|mtab)$|(?:proc|sys|dev)(?:\/|$))/;

const GIT = /^(?:git@|git:\/\/|ssh:\/\/|https?:\/\/[^#?]+\.git(?:#|$))/;
const PATTERN = /[*?[]/;
const REMOTE = /^https?:\/\//;

/** What is known of a stage. */
interface Stage {
  readonly name: string | null;
  /** ARG and ENV that hold in it -> value, null when that is not known */
  readonly values: Map<string, string | null>;
  readonly volumes: string[];
  user: { readonly text: string; readonly line: number } | null;
}

/** An ARG of a stage, whose value kaniko keeps in all stages that follow. */
interface Leak {
  readonly value: string;
  readonly stage: Stage;
}

/** Everything to refuse, in the order of the file. */
export function kanikoLacks(text: string, { buildArgs, platform, context }: Surroundings): Lack[] {
  const dockerfile = DockerfileParser.parse(text);
  const lacks: Lack[] = [];
  const globals = new Map<string, string>(Object.entries(platformArguments(platform)));
  const stages: Stage[] = [];
  const leaks = new Map<string, Leak>();
  const directive = dockerfile.getDirectives().find((one) => one.getName().toLowerCase() === "escape");
  if (directive && directive.getValue() !== "\\") {
    const line = directive.getRange().start.line + 1;
    lacks.push({ what: `escape=${directive.getValue()}`, why: "it takes only the backslash for an escape.", line });
  }
  for (const outer of dockerfile.getInstructions()) {
    const instruction = outer instanceof Onbuild ? (outer.getTriggerInstruction() ?? outer) : outer;
    const line = instruction.getRange().start.line + 1;
    const refuse = (what: string, why: string): void => void lacks.push({ what, why, line });
    const stage = stages.at(-1);
    refuseIgnoredFlags(instruction, refuse);
    if (instruction instanceof From) {
      const flag = instruction.getPlatformFlag();
      if (flag && substitute(flag.getValue() ?? "", globals) !== platform)
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
          refuse(`ARG ${name}`, `it takes the value ${leak.value} that an earlier stage has for it.`);
        stage.values.set(name, value);
        if (value !== null) leaks.set(name, { value, stage });
      }
    } else {
      refuseLeaks(instruction, stage, leaks, refuse);
      if (instruction instanceof Env) {
        for (const property of instruction.getProperties())
          stage.values.set(property.getName(), substitute(property.getValue() ?? "", known(stage)));
      } else readOther(instruction, stage, context, refuse, lacks);
    }
  }
  return lacks.sort((a, b) => a.line - b.line);
}

type Refuse = (what: string, why: string) => void;

function readOther(instruction: Instruction, stage: Stage, context: Context, refuse: Refuse, lacks: Lack[]): void {
  const words = wordsOf(instruction).map((word) => substitute(word, known(stage)) ?? word);
  const keyword = instruction.getKeyword();
  if (instruction instanceof Volume) stage.volumes.push(...words.map((word) => path.posix.normalize(word)));
  else if (instruction instanceof User) {
    stage.user = { text: words[0] ?? "", line: instruction.getRange().start.line + 1 };
  } else if (keyword === "EXPOSE") {
    const range = words.find((word) => /^\d+-\d+/.test(word));
    if (range) refuse(`EXPOSE ${range}`, "it writes the range into the image as if it were one port.");
  } else if (instruction instanceof Run) {
    const { user, volumes } = stage;
    if (user?.text.includes(":")) {
      const why = "its steps run with the group of the user, not with the one that is named.";
      lacks.push({ what: `RUN after USER ${user.text}`, why, line: user.line });
      stage.user = null;
    }
    const volume = volumes.find((one) => instruction.getRawArgumentsContent()?.includes(one));
    if (volume) refuse(`RUN with ${volume} after VOLUME ${volume}`, "it leaves out what is written there.");
  } else if (instruction instanceof Copy || instruction instanceof Add) {
    readCopy(instruction, words, stage, context, refuse);
  }
}

function readCopy(
  instruction: Copy | Add,
  words: readonly string[],
  stage: Stage,
  context: Context,
  refuse: Refuse,
): void {
  const keyword = instruction.getKeyword();
  const [sources, destination] = [words.slice(0, -1), words.at(-1) ?? ""];
  const flag = (name: string): string | null => {
    const value = instruction
      .getFlags()
      .find((one) => one.getName() === name)
      ?.getValue();
    return value ? substitute(value, known(stage)) : null;
  };
  const [chmod, chown] = [flag("chmod"), flag("chown")];
  if (chmod !== null && !/^0?[0-7]{1,3}$/.test(chmod))
    refuse(
      `${keyword} --chmod=${chmod}`,
      "it takes octal modes up to 777, and leaves out setuid, setgid and sticky bits.",
    );
  if (chown?.startsWith(":")) refuse(`${keyword} --chown=${chown}`, "it takes no group without a user.");
  else if (chown && chown !== "root" && /^[^:]*[^\d:][^:]*$/.test(chown))
    refuse(`${keyword} --chown=${chown}`, "it takes the user's number as the group's. Name the group too.");
  if (instruction instanceof Add) {
    const git = sources.find((source) => GIT.test(source));
    if (git) refuse(`ADD ${git}`, "it fetches no git repositories, but the answer of the web server.");
    const local = sources.find((source) => !REMOTE.test(source));
    if (local && (chmod ?? chown) !== null)
      refuse(
        `ADD --${chmod === null ? "chown" : "chmod"} ${local}`,
        "it ignores the flag when it unpacks an archive. For plain files write COPY.",
      );
  }
  for (const place of [
    destination,
    ...sources.map((source) => path.posix.join(destination, path.posix.basename(source))),
  ]) {
    const where = path.posix.normalize(place);
    const volume = stage.volumes.find((one) => where === one || where.startsWith(`${one.replace(/\/$/, "")}/`));
    if (volume) refuse(`${keyword} to ${destination} after VOLUME ${volume}`, "it leaves out what is written there.");
    else if (POD_FILES.test(where))
      refuse(`${keyword} to ${where}`, "in its pod that is the pod's own, and it leaves it out.");
    else continue;
    break;
  }
  if (instruction instanceof Copy && flag("from") !== null) return;
  if (context && sources.every((source) => PATTERN.test(source) && !context.some((one) => reaches(source, one.path))))
    refuse(`${keyword} ${sources.join(" ")}`, "nothing is found, and it puts files of its own image into yours then.");
  for (const source of sources) {
    const link = context?.find(({ path: one, type }) => type === "symlink" && reaches(source, one))?.path;
    if (link) refuse(`${keyword} ${source}`, `${link} is a link, and it copies the link, not what it leads to.`);
  }
}

/** Whether a source is this entry, finds it by a pattern, or leads through it. */
function reaches(source: string, entry: string): boolean {
  const plain = path.posix.normalize(`/${source}`).replace(/\/$/, "").slice(1);
  return plain === entry || plain.startsWith(`${entry}/`) || (PATTERN.test(plain) && expression(plain).test(entry));
}

/** A pattern as Go's path.Match reads it: nothing but a slash itself stands for a slash. */
function expression(pattern: string): RegExp {
  const parts = pattern.match(/\[[^\]]*\]|\\?./gsu) ?? [];
  const source = parts.map((part) => {
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return /^\[.+\]$/.test(part) ? part : part.replace(/^\\/, "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`, "u");
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
    );
  }
}

function stageOf(from: From, stages: readonly Stage[], globals: ReadonlyMap<string, string>): Stage {
  const name = from.getBuildStage()?.toLowerCase() ?? null;
  const image = substitute(from.getImage() ?? "", globals)?.toLowerCase();
  const base = stages.findLast((stage) => stage.name !== null && stage.name === image);
  return { name, values: new Map(base?.values), volumes: [...(base?.volumes ?? [])], user: base?.user ?? null };
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

/** A parsed Dockerfile, and what the graph and the plans need to know of it. */
import { Arg, Copy, DockerfileParser, type Flag, From, type Instruction, Label, Onbuild, Run } from "dockerfile-ast";
import type { DockerfileFacts, ImageReference, Range } from "./dockerfileFacts.ts";

/** A Dockerfile with its instructions. Their lines and ranges are those of the text. */
export interface Dockerfile {
  readonly text: string;
  readonly instructions: readonly Instruction[];
  /** the directive that names an escape character; null without one. The line counts from 1. */
  readonly escape: { readonly character: string; readonly line: number } | null;
}

/** Parses the text of a Dockerfile, which need not be a correct one. */
export function parseDockerfile(text: string): Dockerfile {
  const parsed = DockerfileParser.parse(text);
  const directive = parsed.getDirectives().find((one) => one.getName().toLowerCase() === "escape");
  return {
    text,
    instructions: parsed.getInstructions(),
    escape: directive ? { character: directive.getValue() ?? "", line: directive.getRange().start.line + 1 } : null,
  };
}

/** As an image has it. */
interface DockerfileText {
  readonly text: string;
}

const parsedBefore = new WeakMap<DockerfileText, Dockerfile>();

/** An image's Dockerfile, parsed once: the graph asks for it, and each plan of the image. */
export function dockerfileOf({ dockerfile }: { readonly dockerfile: DockerfileText }): Dockerfile {
  let parsed = parsedBefore.get(dockerfile);
  if (parsed === undefined) {
    parsed = parseDockerfile(dockerfile.text);
    parsedBefore.set(dockerfile, parsed);
  }
  return parsed;
}

/** What the graph and the plans of every mode have to know. */
export function factsOf(dockerfile: Dockerfile, buildArgs: Readonly<Record<string, string>>): DockerfileFacts {
  return { references: imageReferences(dockerfile, buildArgs), networks: runNetworks(dockerfile) };
}

/** Keys of all LABEL instructions of a Dockerfile, with the line of each; lines count from 1. */
export function labelKeys({ instructions }: Dockerfile): Map<string, number> {
  const labels = instructions.filter((instruction) => instruction instanceof Label);
  return new Map(
    labels.flatMap((label) =>
      label.getProperties().map((property) => [property.getName(), property.getRange().start.line + 1] as const),
    ),
  );
}

function runNetworks({ instructions }: Dockerfile): DockerfileFacts["networks"] {
  return instructions
    .filter((instruction) => instruction instanceof Run)
    .flatMap((run) => run.getFlags())
    .filter((flag) => flag.getName() === "network")
    .map((flag) => ({ network: flag.getValue() ?? "", line: flag.getRange().start.line + 1 }));
}

/** All instructions in their order, on one line each, with the line that they begin on; lines count from 1. */
export function instructionLines(text: string): { readonly text: string; readonly line: number }[] {
  const lines = text.split("\n");
  return DockerfileParser.parse(text)
    .getInstructions()
    .map((instruction) => {
      const { start, end } = instruction.getRange();
      const own = lines.slice(start.line, end.line + 1).filter((line) => !/^\s*#/.test(line));
      const joined = own.map((line) => line.replace(/\\\s*$/, "")).join(" ");
      return { text: joined.replace(/\s+/g, " ").trim(), line: start.line + 1 };
    });
}

/**
 * Images that a Dockerfile is built on. Stage names and numbers are told from image names; ARGs before the first FROM are filled
 * in with `buildArgs` or their defaults.
 */
export function imageReferences(
  { instructions }: Dockerfile,
  buildArgs: Readonly<Record<string, string>> = {},
): ImageReference[] {
  const references: ImageReference[] = [];
  const stages: (string | null)[] = [];
  const globals = new Map<string, string>();

  const refer: Refer = (instruction, raw, range, expand) => {
    const name = expand ? substitute(raw, globals) : raw;
    // An empty name is a variable without a value: the builder says what is wrong with it.
    if (name === "" || name === "scratch" || isStage(name, stages)) return;
    references.push({ name, instruction, line: range.start.line + 1, range });
  };

  for (const instruction of instructions) {
    // A trigger's own images are looked for by whoever builds on this one.
    if (instruction instanceof Onbuild) continue;
    if (instruction instanceof Arg && stages.length === 0) readGlobal(instruction, buildArgs, globals);
    else if (instruction instanceof From) {
      const [image, range] = [instruction.getImage(), instruction.getImageRange()];
      if (image !== null && range !== null) refer("FROM", image, range, true);
      stages.push(instruction.getBuildStage()?.toLowerCase() ?? null);
    } else if (instruction instanceof Copy) {
      const from = instruction.getFlags().find((flag) => flag.getName() === "from");
      const [value, range] = [from?.getValue(), from?.getValueRange()];
      if (value && range && !isStageNumber(value)) refer("COPY --from", value, range, false);
    } else if (instruction instanceof Run) {
      for (const flag of instruction.getFlags()) readMount(flag, refer);
    }
  }
  return references;
}

/** Reads an ARG before the first FROM: what was given, else its default. */
export function readGlobal(arg: Arg, given: Readonly<Record<string, string>>, globals: Map<string, string>): void {
  for (const property of arg.getProperties()) {
    const fallback = property.getValue();
    const value = given[property.getName()] ?? (fallback === null ? null : substitute(fallback, globals));
    if (value !== null) globals.set(property.getName(), value);
  }
}

/** Puts other names in the place of references, e.g. a digest for a sibling's name. */
export function replaceReferences(text: string, replacements: readonly { range: Range; by: string }[]): string {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const offset = (place: Range["start"]): number => (starts[place.line] ?? text.length) + place.character;
  let result = text;
  for (const { range, by } of [...replacements].sort((a, b) => offset(b.range.start) - offset(a.range.start))) {
    result = result.slice(0, offset(range.start)) + by + result.slice(offset(range.end));
  }
  return result;
}

/** Whether `--from` means a stage by its place in the file. */
export function isStageNumber(from: string): boolean {
  return /^\d+$/.test(from);
}

function isStage(name: string | null, stages: readonly (string | null)[]): boolean {
  return name !== null && stages.includes(name.toLowerCase());
}

type Refer = (instruction: ImageReference["instruction"], raw: string, range: Range, expand: boolean) => void;

function readMount(flag: Flag, refer: Refer): void {
  if (flag.getName() !== "mount") return;
  const from = /(?:^|,)from=([^,]+)/.exec(flag.getValue() ?? "");
  const range = flag.getValueRange();
  if (from?.[1] === undefined || range === null || isStageNumber(from[1])) return;
  const character = range.start.character + from.index + from[0].length - from[1].length;
  const start = { line: range.start.line, character };
  refer("RUN --mount", from[1], { start, end: { line: start.line, character: character + from[1].length } }, false);
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`; null when a variable has no value. */
export function substitute(text: string, values: ReadonlyMap<string, string>): string | null {
  let unknown = false;
  const result = text.replace(
    /\$(?:\{([A-Za-z_]\w*)(?:(:?[-+])([^}]*))?\}|([A-Za-z_]\w*))/g,
    (
      _,
      braced: string | undefined,
      operator: string | undefined,
      word: string | undefined,
      plain: string | undefined,
    ) => {
      const value = values.get((braced ?? plain) as string);
      const isSet = operator?.startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
      if (operator?.endsWith("-")) return isSet ? (value as string) : (word ?? "");
      if (operator?.endsWith("+")) return isSet ? (word ?? "") : "";
      if (value === undefined) unknown = true;
      return value ?? "";
    },
  );
  return unknown ? null : result;
}

/** What the graph and the plans need to know of a Dockerfile: the images it is built on, and the features it uses. */
import { Add, Arg, Copy, DockerfileParser, type Flag, From, Label, Onbuild, Run } from "dockerfile-ast";

/** A place in a Dockerfile; lines and characters count from 0, `end` is exclusive. */
interface Range {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

/** An image that a Dockerfile names and that is no stage of its own. */
export interface ImageReference {
  /** with build arguments filled in; null when one of them has no value */
  readonly name: string | null;
  readonly instruction: "FROM" | "COPY --from" | "RUN --mount";
  /** counts from 1 */
  readonly line: number;
  /** the characters that make up the name */
  readonly range: Range;
}

/** A feature that not every builder has. */
export interface Feature {
  readonly kind: "mount" | "heredoc" | "secret";
  /** as it stands in the file: `--mount=type=cache,...`, `<<EOF` */
  readonly text: string;
  /** counts from 1 */
  readonly line: number;
}

export interface DockerfileFacts {
  readonly references: readonly ImageReference[];
  readonly features: readonly Feature[];
  /** names of the stages, in order; null for a stage without a name */
  readonly stages: readonly (string | null)[];
}

/** Keys of all LABEL instructions of a Dockerfile, with the line of each; lines count from 1. */
export function labelKeys(text: string): Map<string, number> {
  const labels = DockerfileParser.parse(text)
    .getInstructions()
    .filter((instruction) => instruction instanceof Label);
  return new Map(
    labels.flatMap((label) =>
      label.getProperties().map((property) => [property.getName(), property.getRange().start.line + 1] as const),
    ),
  );
}

/** Networks that RUN instructions ask for by --network, with the line of each; lines count from 1. */
export function runNetworks(text: string): { readonly network: string; readonly line: number }[] {
  return DockerfileParser.parse(text)
    .getInstructions()
    .filter((instruction) => instruction instanceof Run)
    .flatMap((run) => run.getFlags())
    .filter((flag) => flag.getName() === "network")
    .map((flag) => ({ network: flag.getValue() ?? "", line: flag.getRange().start.line + 1 }));
}

/**
 * Reads a Dockerfile. Stage names and numbers are told from image names; ARGs before the first FROM are filled in with
 * `buildArgs` or their defaults.
 */
export function readDockerfile(text: string, buildArgs: Readonly<Record<string, string>> = {}): DockerfileFacts {
  const references: ImageReference[] = [];
  const features: Feature[] = [];
  const stages: (string | null)[] = [];
  const globals = new Map<string, string>();

  const refer = (instruction: ImageReference["instruction"], raw: string, range: Range, expand: boolean): void => {
    const name = expand ? substitute(raw, globals) : raw;
    // An empty name is a variable without a value: the builder says what is wrong with it.
    if (name === "" || name === "scratch" || isStage(name, stages)) return;
    references.push({ name, instruction, line: range.start.line + 1, range });
  };

  for (const outer of DockerfileParser.parse(text).getInstructions()) {
    // A trigger's own images are looked for by whoever builds on this one; its features show in this file.
    const instruction = outer instanceof Onbuild ? (outer.getTriggerInstruction() ?? outer) : outer;
    const named = instruction === outer ? refer : () => {};
    if (instruction instanceof Arg && stages.length === 0) {
      for (const property of instruction.getProperties()) {
        const given = buildArgs[property.getName()];
        const fallback = property.getValue();
        const value = given ?? (fallback === null ? null : substitute(fallback, globals));
        if (value !== null) globals.set(property.getName(), value);
      }
    } else if (instruction instanceof From) {
      const [image, range] = [instruction.getImage(), instruction.getImageRange()];
      if (image !== null && range !== null) refer("FROM", image, range, true);
      stages.push(instruction.getBuildStage()?.toLowerCase() ?? null);
    } else if (instruction instanceof Copy) {
      const from = instruction.getFlags().find((flag) => flag.getName() === "from");
      const [value, range] = [from?.getValue(), from?.getValueRange()];
      if (value && range && !isStageNumber(value)) named("COPY --from", value, range, false);
    } else if (instruction instanceof Run) {
      for (const flag of instruction.getFlags()) readMount(flag, named, features);
    }
    if (instruction instanceof Add) {
      // The parser tells where heredocs are for COPY and RUN only.
      const found = instruction.getArguments().find((word) => /^<<-?["']?\w/.test(word.getValue()));
      if (found) features.push({ kind: "heredoc", text: found.getValue(), line: found.getRange().start.line + 1 });
    }
    if (instruction instanceof Copy || instruction instanceof Run) {
      for (const heredoc of instruction.getHeredocs()) {
        features.push({
          kind: "heredoc",
          text: `<<${heredoc.getName()}`,
          line: heredoc.getStartRange().start.line + 1,
        });
      }
    }
  }
  return { references, features, stages };
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

/** The name under which BuildKit looks for a named context: without `:latest`. */
export function familiarName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/)?/, "").replace(/:latest$/, "");
}

/** Whether `--from` means a stage by its place in the file. */
export function isStageNumber(from: string): boolean {
  return /^\d+$/.test(from);
}

function isStage(name: string | null, stages: readonly (string | null)[]): boolean {
  return name !== null && stages.includes(name.toLowerCase());
}

type Refer = (instruction: ImageReference["instruction"], raw: string, range: Range, expand: boolean) => void;

function readMount(flag: Flag, refer: Refer, features: Feature[]): void {
  if (flag.getName() !== "mount") return;
  const value = flag.getValue() ?? "";
  const line = flag.getRange().start.line + 1;
  const type = /(?:^|,)type=([^,]*)/.exec(value)?.[1] ?? "bind";
  features.push({ kind: type === "secret" ? "secret" : "mount", text: `--mount=${value}`, line });
  const from = /(?:^|,)from=([^,]+)/.exec(value);
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

/** What kaniko would silently copy otherwise than BuildKit, or not at all: COPY and ADD, held against the context. */
import path from "node:path";
import { Add, Copy } from "dockerfile-ast";
import type { ContextEntry } from "../images/context.ts";
import { substitute } from "../images/dockerfile.ts";
import type { Ability } from "./kanikoExecutor.ts";

/** What a context holds, directories too; null when that is not known. */
export type Context = readonly Pick<ContextEntry, "path" | "type">[] | null;

/** Takes note of a part of the Dockerfile, as it is written, of a clause about kaniko: "it ...", and of who does it right. */
export type Refuse = (what: string, why: string, needs?: Ability) => void;

/** What holds in a stage where something is copied. */
export interface CopyPlace {
  /** ARG and ENV whose values are known */
  readonly values: ReadonlyMap<string, string>;
  /** directories of VOLUME above */
  readonly volumes: readonly string[];
  /** working directory; null when it is the base image's */
  readonly directory: string | null;
  /** whether what is fetched belongs to root without a --chown */
  readonly fetchesAsRoot: boolean;
}

/** Files and directories that are the pod's own while kaniko builds: what is copied there is left out of the image. */
const POD_FILES = /^\/etc\/(?:hosts|hostname|resolv\.conf|mtab)$/;
const POD_DIRECTORIES = /^\/(?:proc|sys|dev)(?:\/|$)/;

const GIT = /^(?:git@|git:\/\/|ssh:\/\/|https?:\/\/[^#?]+\.git(?:#|$))/;
const PATTERN = /[*?[]/;
const REMOTE = /^https?:\/\//;

/** Refuses what is to be refused of a COPY or ADD of these words: the sources, and where they go. */
export function readCopy(
  instruction: Copy | Add,
  words: readonly string[],
  stage: CopyPlace,
  context: Context,
  refuse: Refuse,
): void {
  const heredocs = instruction instanceof Copy ? instruction.getHeredocs() : [];
  if (heredocs.length === 0) {
    readFiles(instruction, words.slice(0, -1), words.at(-1) ?? "", stage, context, refuse);
    return;
  }
  // The parser takes the contents for words too.
  const content = heredocs[0]?.getContentRange()?.start.line ?? Number.POSITIVE_INFINITY;
  const count = instruction.getArguments().filter((word) => word.getRange().start.line < content).length;
  const destination = words[count - 1] ?? "";
  const sources = words.slice(0, count - 1).filter((word) => !word.startsWith("<<"));
  if (sources.length > 0) readFiles(instruction, sources, destination, stage, context, refuse);
  const names = heredocs.map((heredoc) => heredoc.getName());
  readFiles(instruction, names, destination, stage, null, refuse);
}

function readFiles(
  instruction: Copy | Add,
  sources: readonly string[],
  destination: string,
  stage: CopyPlace,
  context: Context,
  refuse: Refuse,
): void {
  const keyword = instruction.getKeyword();
  const flag = (name: string): string | null => {
    const value = instruction
      .getFlags()
      .find((one) => one.getName() === name)
      ?.getValue();
    return value ? substitute(value, stage.values) : null;
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
    const fetched = sources.find((source) => REMOTE.test(source));
    if (fetched !== undefined && chown === null && !stage.fetchesAsRoot)
      refuse(
        `ADD ${fetched}`,
        "it may give what it fetches to the USER, also to the base image's. Name the owner: --chown=0:0.",
      );
    const local = sources.find((source) => !REMOTE.test(source));
    if (local && (chmod ?? chown) !== null)
      refuse(
        `ADD --${chmod === null ? "chown" : "chmod"} ${local}`,
        "it ignores the flag when it unpacks an archive. For plain files write COPY.",
      );
  }
  const from = instruction.getFlags().some((one) => one.getName() === "from");
  refuseLostPlaces(keyword, sources, destination, stage, from ? null : context, refuse);
  if (from) return;
  if (context && sources.every((source) => PATTERN.test(source) && !context.some((one) => reaches(source, one.path))))
    refuse(`${keyword} ${sources.join(" ")}`, "nothing is found, and it puts files of its own image into yours then.");
  for (const source of sources) {
    const link = context?.find(({ path: one, type }) => type === "symlink" && reaches(source, one))?.path;
    if (link) refuse(`${keyword} ${source}`, `${link} is a link, and it copies the link, not what it leads to.`);
  }
}

/** The first place only: what else goes there is lost alike. */
function refuseLostPlaces(
  keyword: string,
  sources: readonly string[],
  destination: string,
  { volumes, directory }: CopyPlace,
  context: Context,
  refuse: Refuse,
): void {
  const target = resolved(directory, destination);
  if (target === null) return;
  for (const { where, is } of placesOf(sources, target, context)) {
    const volume = volumes.find((one) => is !== "guess" && isWithin(where, one, is !== "directory"));
    if (volume !== undefined)
      refuse(`${keyword} to ${destination} after VOLUME ${volume}`, "it leaves out what is written there.");
    else if (is !== "directory" && (POD_FILES.test(where) || (is !== "guess" && POD_DIRECTORIES.test(where))))
      refuse(`${keyword} to ${where}`, "in its pod that is the pod's own, and it leaves it out.");
    else continue;
    return;
  }
}

interface Place {
  readonly where: string;
  /** a guess: where the source goes if it is a file, which is not known */
  readonly is: "destination" | "file" | "directory" | "guess";
}

/** Where things come to lie. Of a directory, what is in it is copied. */
function* placesOf(sources: readonly string[], target: string, context: Context): Generator<Place> {
  yield { where: target, is: "destination" };
  const inTarget = (name: string): string => `${target === "/" ? "" : target}/${name}`;
  for (const source of sources) {
    const plain = plainOf(source);
    if (context === null || REMOTE.test(source)) {
      if (!source.endsWith("/") && plain !== "") yield { where: inTarget(path.posix.basename(plain)), is: "guess" };
      continue;
    }
    const matches = matcher(plain);
    // A pattern finds names as deep as itself.
    const depth = plain === "" ? 0 : plain.split("/").length;
    for (const one of context) {
      const names = one.path.split("/");
      if (!matches(names.slice(0, depth).join("/"))) continue;
      const below = names.slice(depth).join("/");
      const is = one.type === "directory" ? "directory" : "file";
      if (below !== "") yield { where: inTarget(below), is };
      else if (is === "file") yield { where: inTarget(names.at(-1) ?? ""), is };
    }
  }
}

/** A path from the working directory, without a slash at its end; null when it is not known where that leads. */
export function resolved(directory: string | null, place: string): string | null {
  if (place.startsWith("$") || (directory === null && !place.startsWith("/"))) return null;
  return path.posix.resolve(directory ?? "/", place);
}

/** Whether a path is below a directory, or that directory itself where that counts. */
export function isWithin(where: string, directory: string, orSame: boolean): boolean {
  const plain = directory.replace(/\/$/, "");
  return (orSame && where === plain) || where.startsWith(`${plain}/`);
}

/** Whether a source is this entry, finds it by a pattern, or leads through it. */
function reaches(source: string, entry: string): boolean {
  const plain = plainOf(source);
  return plain.startsWith(`${entry}/`) || matcher(plain)(entry);
}

/** As entries of the context are called. */
function plainOf(source: string): string {
  return path.posix.normalize(`/${source}`).replace(/\/$/, "").slice(1);
}

function matcher(plain: string): (entry: string) => boolean {
  if (!PATTERN.test(plain)) return (entry) => entry === plain;
  const pattern = expression(plain);
  return (entry) => entry === plain || pattern.test(entry);
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

/**
 * Mounts and here-documents, which not every kaniko has. What those that have them do otherwise than BuildKit is told by
 * pkg/commands/run.go and copy.go of osscontainertools/kaniko, and issues 474 and 1025 there.
 */
import { Add, Copy, type Instruction, Onbuild, Run } from "dockerfile-ast";
import type { Dockerfile } from "../images/dockerfile.ts";
import type { Ability } from "./kanikoExecutor.ts";
import type { Lack } from "./kanikoLacks.ts";

const MISSING = "it does not have this part of the Dockerfile language.";

/** Options that a mount may have: all others are ignored, or do something else. */
const MOUNT_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  cache: ["id", "target", "dst", "destination", "sharing", "uid", "gid", "mode"],
  bind: ["source", "src", "target", "dst", "destination", "readonly", "ro"],
  secret: ["id", "target", "dst", "destination", "env", "required", "uid", "gid", "mode"],
};
const MOUNT_ABILITIES: Readonly<Record<string, Ability>> = {
  cache: "cacheMounts",
  bind: "bindMounts",
  secret: "absentSecrets",
};
const OWNERS = ["uid", "gid", "mode"];

/** What of it an executor cannot do, in the order of the file. */
export function kanikoFeatures(dockerfile: Dockerfile, abilities: ReadonlySet<Ability>): Lack[] {
  const lines = dockerfile.text.split("\n");
  return dockerfile.instructions.flatMap((outer) => {
    // A trigger is carried out when somebody builds on the image, by whatever builds it then; it is refused all the same.
    const instruction = outer instanceof Onbuild ? (outer.getTriggerInstruction() ?? outer) : outer;
    return [...mountLacks(instruction, abilities), ...heredocLacks(instruction, abilities, lines)];
  });
}

function mountLacks(instruction: Instruction, abilities: ReadonlySet<Ability>): Lack[] {
  if (!(instruction instanceof Run)) return [];
  const mounts = instruction.getFlags().filter((flag) => flag.getName() === "mount");
  return mounts.flatMap((flag) => {
    const value = flag.getValue() ?? "";
    const options = new Map(
      value.split(",").map((part) => [part.split("=")[0] as string, part.replace(/^[^=]*=?/, "")]),
    );
    const found = mountLack(options, abilities);
    if (found === null) return [];
    return [{ what: `RUN with --mount=${value}`, line: flag.getRange().start.line + 1, ...found }];
  });
}

function mountLack(
  options: ReadonlyMap<string, string>,
  abilities: ReadonlySet<Ability>,
): Pick<Lack, "why" | "needs"> | null {
  const type = options.get("type") ?? "bind";
  const ability = MOUNT_ABILITIES[type];
  if (ability === undefined) return { why: MISSING };
  const why = mountTrap(type, options);
  const isOwned = type === "cache" && OWNERS.some((name) => options.has(name));
  const needs = isOwned ? "cacheMountOwners" : ability;
  if (!abilities.has(ability)) return why === null ? { why: MISSING, needs } : { why: MISSING };
  if (why !== null) return { why };
  return abilities.has(needs) ? null : { why: "it ignores owner and mode of a cache mount.", needs };
}

/** Why a mount is not what it is in BuildKit, whoever has mounts of that type; null when it is. */
function mountTrap(type: string, options: ReadonlyMap<string, string>): string | null {
  const known = ["type", ...(MOUNT_OPTIONS[type] ?? [])];
  const other = [...options.keys()].find((name) => !known.includes(name));
  if (other === "from") return `it mounts nothing of another stage or image: it ignores from=${options.get(other)}.`;
  if (other !== undefined) return `it ignores ${other} of a mount of type ${type}.`;
  const target = options.get("target") ?? options.get("dst") ?? options.get("destination");
  if (target === undefined ? type === "secret" : target.startsWith("/")) return null;
  return "it takes the target from the root, not from the working directory. Write it from / on, without variables.";
}

function heredocLacks(instruction: Instruction, abilities: ReadonlySet<Ability>, lines: readonly string[]): Lack[] {
  if (instruction instanceof Add) {
    // The parser tells where heredocs are for COPY and RUN only.
    const found = instruction.getArguments().find((word) => /^<<-?["']?\w/.test(word.getValue()));
    if (found === undefined) return [];
    const why = abilities.has("heredocs") ? "of ADD it is not known how it reads them. Write COPY." : MISSING;
    return [{ what: `The heredoc ${found.getValue()}`, why, line: found.getRange().start.line + 1 }];
  }
  if (!(instruction instanceof Run || instruction instanceof Copy)) return [];
  return instruction.getHeredocs().flatMap((heredoc): Lack[] => {
    const { start } = heredoc.getStartRange();
    const lack = { what: `The heredoc <<${heredoc.getName()}`, line: start.line + 1 };
    const content = heredoc.getContentRange();
    const text = content === null ? "" : lines.slice(content.start.line, content.end.line + 1).join("\n");
    const quoted = /^<<-?["']/.test((lines[start.line] ?? "").slice(start.character));
    const why = instruction instanceof Run ? scriptTrap(instruction) : quoted ? null : contentTrap(text);
    if (abilities.has("heredocs")) return why === null ? [] : [{ ...lack, why }];
    return [{ ...lack, why: MISSING, ...(why === null ? { needs: "heredocs" } : {}) }];
  });
}

function scriptTrap(run: Run): string | null {
  if (!/^\d*<</.test((run.getArgumentsContent() ?? "").trimStart())) return null;
  const how = "it gives the lines to a shell as its input, which takes variables out first, or leaves the step out";
  return `where it is the whole step, ${how}. Name what reads them: RUN sh -e <<'EOF'.`;
}

function contentTrap(text: string): string | null {
  if (!/[$\\]/.test(text)) return null;
  return "it writes variables down as they stand. Where that is meant, quote the word after <<.";
}

/** The Dockerfile and the arguments that make kaniko see stages and platforms as BuildKit does. */
import { Arg, Copy, From, Onbuild, Run } from "dockerfile-ast";
import { type Dockerfile, isStageNumber, readGlobal, substitute } from "../images/dockerfile.ts";

/**
 * A Dockerfile without the stages that the target does not need, with empty lines in their places, so that every line keeps its
 * number. BuildKit leaves them out; kaniko builds them all, and its own `--skip-unused-stages` forgets stages without a name.
 * Unchanged where a stage is named by its number or by a variable without a value: then it is not known what is needed.
 */
export function withoutUnusedStages(
  dockerfile: Dockerfile,
  target: string | null,
  buildArgs: Readonly<Record<string, string>>,
): Dockerfile {
  const globals = new Map<string, string>();
  const stages: { readonly name: string | null; readonly line: number; readonly needs: string[] }[] = [];
  for (const instruction of dockerfile.instructions) {
    if (instruction instanceof Arg && stages.length === 0) readGlobal(instruction, buildArgs, globals);
    if (instruction instanceof From) {
      const base = substitute(instruction.getImage() ?? "", globals);
      if (base === null) return dockerfile;
      const name = instruction.getBuildStage()?.toLowerCase() ?? null;
      stages.push({ name, line: instruction.getRange().start.line, needs: [base.toLowerCase()] });
    }
    const inner = instruction instanceof Onbuild ? instruction.getTriggerInstruction() : instruction;
    const flags = inner instanceof Copy || inner instanceof Run ? inner.getFlags() : [];
    for (const flag of flags) {
      const from = /^from=(.*)$|(?:^mount=|,)from=([^,]*)/.exec(`${flag.getName()}=${flag.getValue()}`);
      const name = from?.[1] ?? from?.[2];
      if (name === undefined) continue;
      if (isStageNumber(name) || name.includes("$")) return dockerfile;
      stages.at(-1)?.needs.push(name.toLowerCase());
    }
  }
  const last = target === null ? stages.length - 1 : stages.findIndex(({ name }) => name === target.toLowerCase());
  if (last === -1) return dockerfile;
  const needed = new Set([last]);
  for (const at of needed) {
    for (const name of stages[at]?.needs ?? []) {
      // A name means the last stage of that name above.
      const found = stages.findLastIndex((stage, index) => index < at && stage.name === name);
      if (found !== -1) needed.add(found);
    }
  }
  const lines = dockerfile.text.split("\n");
  const unused = stages.flatMap(({ line }, at) =>
    needed.has(at) ? [] : [{ from: line, to: stages[at + 1]?.line ?? lines.length }],
  );
  for (const { from, to } of unused) lines.fill("", from, to);
  const isUsed = (line: number): boolean => !unused.some(({ from, to }) => from <= line && line < to);
  return {
    ...dockerfile,
    text: lines.join("\n"),
    instructions: dockerfile.instructions.filter((one) => isUsed(one.getRange().start.line)),
  };
}

/** Values of the platform arguments that BuildKit knows and kaniko does not. The pod runs on a node of the image's platform. */
export function platformArguments(platform: string): Record<string, string> {
  const [os = "", architecture = "", variant = ""] = platform.split("/");
  const values = { PLATFORM: platform, OS: os, ARCH: architecture, VARIANT: variant };
  return Object.fromEntries(
    ["TARGET", "BUILD"].flatMap((whose) => Object.entries(values).map(([what, value]) => [`${whose}${what}`, value])),
  );
}

/** Those platform arguments that a Dockerfile asks for: in FROM, or by an ARG without a default, which would win otherwise. */
export function platformArgumentsOf({ instructions }: Dockerfile, platform: string): Record<string, string> {
  const asked = new Set<string>();
  const defaults = new Set<string>();
  for (const instruction of instructions) {
    if (instruction instanceof From) for (const variable of instruction.getVariables()) asked.add(variable.getName());
    if (!(instruction instanceof Arg)) continue;
    for (const property of instruction.getProperties()) {
      (property.getValue() === null ? asked : defaults).add(property.getName());
    }
  }
  return Object.fromEntries(
    Object.entries(platformArguments(platform)).filter(([name]) => asked.has(name) && !defaults.has(name)),
  );
}

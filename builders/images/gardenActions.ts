/**
 * Garden Build actions as they stand in a file. The fields are those of Garden 0.13 and 0.14 (docs.garden.io, "container Build"). What
 * cannot be carried out as Garden would is refused with the field's name, never ignored in silence.
 */
import { type Document, isMap, isSeq, LineCounter, parseAllDocuments } from "yaml";
import { z } from "zod";
import { GONE_MODE } from "../../infra/setupNames.ts";
import { PergolaError } from "../errors.ts";
import { DEFAULT_TIMEOUT_SECONDS, isPlatform, MAX_TIMEOUT_SECONDS } from "./image.ts";

const dependency = z.union([z.string(), z.looseObject({ kind: z.string(), name: z.string() })]);

const spec = z.strictObject({
  dockerfile: z.string().default("Dockerfile"),
  buildArgs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
  targetStage: z.string().nullable().default(null),
  extraFlags: z.array(z.string()).default([]),
  platforms: z.array(z.string().refine(isPlatform, "is not os/architecture[/variant]")).default([]),
  /** Only the ids: values would have to be written down here. */
  secrets: z.record(z.string(), z.unknown()).default({}).transform(Object.keys),
  localId: z.string().optional(),
  publishId: z.string().optional(),
});

const buildAction = z.strictObject({
  apiVersion: z.string().optional(),
  kind: z.literal("Build"),
  type: z.literal("container"),
  name: z.string(),
  description: z.string().optional(),
  internal: z.unknown().optional(),
  source: z.strictObject({ path: z.string().optional() }).optional(),
  dependencies: z.array(dependency).default([]),
  disabled: z.boolean().default(false),
  environments: z.array(z.string()).optional(),
  allowPublish: z.boolean().optional(),
  buildAtSource: z.boolean().optional(),
  timeout: z
    .int("takes whole seconds")
    .min(1, "takes whole seconds from 1")
    .max(MAX_TIMEOUT_SECONDS, `takes at most ${MAX_TIMEOUT_SECONDS} seconds`)
    .default(DEFAULT_TIMEOUT_SECONDS),
  variables: z.record(z.string(), z.unknown()).optional(),
  spec: spec.prefault({}),
});

/** A Build action, with what Garden takes for fields that are left out. */
export interface GardenAction {
  /** `Build action NAME`, for messages */
  readonly title: string;
  /** where it begins, from 1 */
  readonly line: number;
  readonly name: string;
  /** as it is written; null for the file's own directory */
  readonly source: string | null;
  readonly dependencies: readonly (string | { readonly kind: string; readonly name: string })[];
  /** those in which it is built; null for all */
  readonly environments: readonly string[] | null;
  readonly timeout: number;
  readonly spec: z.output<typeof spec>;
}

/** What a Garden file holds for us. */
export interface GardenActions {
  readonly actions: readonly GardenAction[];
  /** things in the file that were left out, and why; one sentence each */
  readonly notices: readonly string[];
}

/**
 * Reads the Build actions of a Garden file (several YAML documents are fine). Other kinds are left out in silence, Build
 * actions of other types than `container` and disabled ones with a notice.
 * @param file absolute path, for messages
 * @throws PergolaError image-definition
 */
export function readActions(file: string, text: string): GardenActions {
  const actions: GardenAction[] = [];
  const notices: string[] = [];
  const lines = new LineCounter();
  for (const document of parseAllDocuments(text, { lineCounter: lines })) {
    const problem = document.errors[0];
    if (problem) {
      const line = lines.linePos(problem.pos[0]).line;
      throw refuse(file, { message: `${file} is not valid YAML: ${problem.message.split("\n")[0]}`, line });
    }
    if (!isMap(document.contents)) continue;
    refuseGoneMode(document, file, lines);
    if (document.get("kind") !== "Build") continue;
    const line = lines.linePos(document.contents.range?.[0] ?? 0).line;
    const value = toValue(document, file, line);
    const title = `Build action ${typeof value.name === "string" ? value.name : "without a name"}`;
    if (value.type !== "container") {
      notices.push(`${title} in ${file} is of type ${String(value.type)}, not container: left out.`);
    } else if (value.disabled === true) {
      notices.push(`${title} in ${file} is disabled: left out.`);
    } else actions.push(toAction(value, { file, line, title }));
  }
  return { actions, notices };
}

/** @throws PergolaError image-definition: a provider of a project that builds in a mode which is gone */
function refuseGoneMode(document: Document.Parsed, file: string, lines: LineCounter): void {
  const providers = document.get("kind") === "Project" ? document.get("providers") : null;
  for (const provider of isSeq(providers) ? providers.items : []) {
    const mode = isMap(provider) ? provider.get("buildMode", true) : undefined;
    if (mode?.value !== GONE_MODE.name) continue;
    throw refuse(file, {
      message: `${file}: buildMode: ${GONE_MODE.name} cannot be built by: it ${GONE_MODE.why}.`,
      hint: "Write buildMode: cluster-buildkit, or kaniko.",
      path: "providers.buildMode",
      line: lines.linePos(mode.range?.[0] ?? 0).line,
    });
  }
}

/** What only shows when aliases are followed: one without its anchor, or a text that would expand without an end. */
function toValue(document: Document.Parsed, file: string, line: number): Record<string, unknown> {
  try {
    return document.toJS();
  } catch (error) {
    throw refuse(file, { message: `${file} is not valid YAML: ${(error as Error).message}`, line });
  }
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly title: string;
}

function toAction(value: Record<string, unknown>, place: Place): GardenAction {
  const { file, line, title } = place;
  refuseTemplates(value, place);
  const parsed = buildAction.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0] as z.core.$ZodIssue;
    const at = issue.path.join(".");
    const unknown = issue.code === "unrecognized_keys" ? issue.keys : null;
    const message = unknown
      ? `${title}: ${at === "" ? "" : `${at}.`}${unknown[0]} is not a field that Pergola can build by.`
      : `${title}: ${at}: ${issue.message}.`;
    throw refuse(file, { message, line, path: unknown ? [at, unknown[0]].filter(Boolean).join(".") : at });
  }
  const { name, source, dependencies, environments, timeout, spec } = parsed.data;
  return {
    ...{ title, line, name, dependencies, timeout, spec },
    source: source?.path ?? null,
    environments: environments ?? null,
  };
}

/** Template strings need a Garden project around them; only in places that do not matter for a build are they let through. */
function refuseTemplates(value: Record<string, unknown>, place: Place): void {
  const visit = (node: unknown, at: readonly string[]): void => {
    if (at[0] === "variables" || at[0] === "description" || (at[0] === "spec" && at[1] === "secrets")) return;
    if (at[0] === "spec" && at[1] === "publishId") return;
    if (typeof node === "string" && node.includes("${")) {
      throw refuse(place.file, {
        message: `${place.title}: ${at.join(".")} has a template string, ${node}, which only Garden can fill in.`,
        hint: node.includes("${actions.build.")
          ? "Write the other image's plain name in FROM: Pergola puts its reference there."
          : "Write the value, or give it on the command line (--build-arg, --target, --platform).",
        path: at.join("."),
        line: place.line,
      });
    }
    if (typeof node === "object" && node !== null) {
      for (const [key, child] of Object.entries(node)) {
        if (key.startsWith("$")) {
          throw refuse(place.file, {
            message: `${place.title}: ${[...at, key].join(".")} is an expression that only Garden can evaluate.`,
            path: [...at, key].join("."),
            line: place.line,
          });
        }
        visit(child, [...at, key]);
      }
    }
  };
  visit(value, []);
}

function refuse(file: string, data: { message: string; hint?: string; path?: string; line: number }): PergolaError {
  return new PergolaError({ code: "image-definition", file, ...data });
}

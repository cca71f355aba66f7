/**
 * Garden Build actions as images. The fields are those of Garden 0.13 and 0.14 (docs.garden.io, "container Build"). What this
 * reader cannot carry out as Garden would is refused with the field's name, never ignored in silence.
 */
import path from "node:path";
import { type Document, isMap, LineCounter, parseAllDocuments } from "yaml";
import { z } from "zod";
import { PergolaError } from "../errors.ts";
import { DEFAULT_TIMEOUT_SECONDS, type Image, isPlatform, loadDockerfile, MAX_TIMEOUT_SECONDS } from "./image.ts";
import { NO_SETTINGS } from "./settings.ts";

const dependency = z.union([z.string(), z.looseObject({ kind: z.string(), name: z.string() })]);

const spec = z.strictObject({
  dockerfile: z.string().default("Dockerfile"),
  buildArgs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
  targetStage: z.string().nullable().default(null),
  extraFlags: z.array(z.string()).default([]),
  platforms: z.array(z.string().refine(isPlatform, "is not os/architecture[/variant]")).default([]),
  /** Values are not read: they would have to be written down here. Ids must be given with --secret. */
  secrets: z.record(z.string(), z.unknown()).default({}),
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

/** What a Garden file holds for us. */
export interface GardenFile {
  readonly images: readonly Image[];
  /** things in the file that were left out, and why; one sentence each */
  readonly notices: readonly string[];
}

/** How secrets and build arguments of the caller complete an action. */
export interface GardenOptions {
  /** ids for which the caller names a source */
  readonly secretIds?: ReadonlySet<string>;
  /** for `buildArgs: {KEY: null}`, which takes the value from the environment */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the Build actions of a Garden file (several YAML documents are fine). Other kinds are left out in silence, Build
 * actions of other types than `container` and disabled ones with a notice.
 * @param file absolute path; contexts are relative to its directory
 * @throws PergolaError image-definition, dockerfile-missing
 */
export function readGardenFile(file: string, text: string, options: GardenOptions = {}): GardenFile {
  const images: Image[] = [];
  const notices: string[] = [];
  const lines = new LineCounter();
  for (const document of parseAllDocuments(text, { lineCounter: lines })) {
    const problem = document.errors[0];
    if (problem) {
      const line = lines.linePos(problem.pos[0]).line;
      throw refuse(file, { message: `${file} is not valid YAML: ${problem.message.split("\n")[0]}`, line });
    }
    if (!isMap(document.contents) || document.get("kind") !== "Build") continue;
    const line = lines.linePos(document.contents.range?.[0] ?? 0).line;
    const value = toValue(document, file, line);
    const title = `Build action ${typeof value.name === "string" ? value.name : "without a name"}`;
    if (value.type !== "container") {
      notices.push(`${title} in ${file} is of type ${String(value.type)}, not container: left out.`);
    } else if (value.disabled === true) {
      notices.push(`${title} in ${file} is disabled: left out.`);
    } else images.push(toImage(value, { file, line, title, options }));
  }
  return { images, notices };
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
  readonly options: GardenOptions;
}

function toImage(value: Record<string, unknown>, place: Place): Image {
  const { file, line, title, options } = place;
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
  const action = parsed.data;
  for (const id of Object.keys(action.spec.secrets)) {
    if (options.secretIds?.has(id)) continue;
    throw refuse(file, {
      message: `${title}: spec.secrets.${id} is a value in a file; Pergola takes secrets by reference.`,
      hint: `Give it with --secret id=${id},env=VARIABLE or --secret id=${id},src=FILE.`,
      path: `spec.secrets.${id}`,
      line,
    });
  }
  const context = path.resolve(path.dirname(file), action.source?.path ?? ".");
  return {
    name: action.spec.localId ?? action.name,
    actionName: action.name,
    environments: action.environments ?? null,
    context,
    dockerfile: loadDockerfile(context, action.spec.dockerfile, action.name, action.environments ? "used" : "now"),
    buildArgs: buildArgs(action.spec.buildArgs, options.environment ?? {}),
    target: action.spec.targetStage,
    platforms: action.spec.platforms,
    secrets: {},
    settings: NO_SETTINGS,
    extraFlags: action.spec.extraFlags,
    dependencies: action.dependencies.flatMap((entry) => {
      const [kind, name] = typeof entry === "string" ? splitReference(entry) : [entry.kind.toLowerCase(), entry.name];
      return kind === "build" ? [name] : [];
    }),
    timeoutSeconds: action.timeout,
    definedIn: file,
  };
}

/** `build.api` -> ["build", "api"] */
function splitReference(reference: string): [string, string] {
  const dot = reference.indexOf(".");
  return [reference.slice(0, dot).toLowerCase(), reference.slice(dot + 1)];
}

function buildArgs(
  given: Readonly<Record<string, string | number | boolean | null>>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const args: Record<string, string> = {};
  for (const [key, value] of Object.entries(given)) {
    const text = value === null ? environment[key] : String(value);
    if (text !== undefined) args[key] = text;
  }
  return args;
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

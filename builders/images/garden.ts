/** Garden Build actions as images. */
import path from "node:path";
import { PergolaError } from "../errors.ts";
import type { GardenAction } from "./gardenActions.ts";
import { type DescribedImage, loadDockerfile } from "./image.ts";
import { NO_SETTINGS } from "./settings.ts";

/** How secrets and build arguments of the caller complete an action. */
export interface GardenOptions {
  /** ids for which the caller names a source */
  readonly secretIds?: ReadonlySet<string>;
  /** for `buildArgs: {KEY: null}`, which takes the value from the environment */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The image of an action.
 * @param file absolute path of the Garden file; contexts are relative to its directory
 * @throws PergolaError image-definition, dockerfile-missing
 */
export function gardenImage(file: string, action: GardenAction, options: GardenOptions = {}): DescribedImage {
  for (const id of action.spec.secrets) {
    if (options.secretIds?.has(id)) continue;
    throw new PergolaError({
      code: "image-definition",
      message: `${action.title}: spec.secrets.${id} is a value in a file; Pergola takes secrets by reference.`,
      hint: `Give it with --secret id=${id},env=VARIABLE or --secret id=${id},src=FILE.`,
      path: `spec.secrets.${id}`,
      file,
      line: action.line,
    });
  }
  const context = path.resolve(path.dirname(file), action.source ?? ".");
  return {
    name: action.spec.localId ?? action.name,
    actionName: action.name,
    environments: action.environments,
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

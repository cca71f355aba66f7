/** A BuildSetup from text that somebody else wrote: every problem by its path, and versions that are too new or too old. */
import type { BuildSetup } from "../../infra/setup.ts";
import { GONE_MODE, SETUP_VERSION } from "../../infra/setupNames.ts";
import { cacheDirectory } from "../cacheDirectory.ts";
import { PergolaError } from "../errors.ts";
import { remember, stampOfCode } from "../memory.ts";

/**
 * Reads a BuildSetup. A text that fitted is known to fit, so that the schema and what it is made with need not be loaded.
 * @param source where the text came from, as it stands in messages: "file ./setup.json"
 * @throws PergolaError setup-invalid, setup-version, usage
 */
export async function parseSetup(text: string, source: string): Promise<BuildSetup> {
  return remember(
    cacheDirectory(process.env),
    "setup",
    [stampOfCode(import.meta.url, "../../infra/setup.ts"), SETUP_VERSION, text],
    () => parse(text, source),
  );
}

async function parse(text: string, source: string): Promise<BuildSetup> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PergolaError(
      {
        code: "setup-invalid",
        message: `The BuildSetup from ${source} is not JSON: ${(cause as Error).message}.`,
        hint: "It is the stack output `setup`: pulumi stack output setup --json > setup.json",
      },
      { cause },
    );
  }
  const version = typeof value === "object" && value !== null && "version" in value ? value.version : undefined;
  if (typeof version === "number" && version > SETUP_VERSION) {
    throw new PergolaError({
      code: "setup-version",
      message: `The BuildSetup from ${source} has version ${version}; this pergola reads up to version ${SETUP_VERSION}.`,
      hint: "Update pergola.",
    });
  }
  refuseGoneMode(value, source);
  const { buildSetup } = await import("../../infra/setup.ts");
  const parsed = buildSetup.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ path: pathText(issue.path), message: issue.message }));
  const list = issues.map((issue) => `  ${issue.path === "" ? "" : `${issue.path}: `}${issue.message}`).join("\n");
  throw new PergolaError({
    code: "setup-invalid",
    message: `The BuildSetup from ${source} does not fit version ${SETUP_VERSION}:\n${list}`,
    hint: "Run pulumi up with this version of Pergola: it writes the BuildSetup anew.",
    path: issues[0]?.path ?? "",
  });
}

/** @throws PergolaError setup-invalid */
function refuseGoneMode(value: unknown, source: string): void {
  if (typeof value !== "object" || value === null) return;
  const { builders } = value as { builders?: { default?: unknown; modes?: object } | null };
  const { environment } = value as { environment?: unknown };
  const { name, why } = GONE_MODE;
  const path =
    builders?.default === name
      ? "builders.default"
      : Object.hasOwn(builders?.modes ?? {}, name)
        ? "builders.modes"
        : null;
  if (path === null) return;
  const stackFile = typeof environment === "string" ? `stacks/Pulumi.${environment}.yaml` : "the stack file";
  throw new PergolaError({
    code: "setup-invalid",
    message: `The BuildSetup from ${source} has the mode ${name} in ${path}. It ${why}.`,
    hint: `Write cluster-buildkit in pergola:builder.${path.slice("builders.".length)} of ${stackFile}, and run pulumi up.`,
    path,
  });
}

/** `images[0].name` */
function pathText(keys: readonly PropertyKey[]): string {
  return keys
    .map((key, at) => (typeof key === "number" ? `[${key}]` : `${at === 0 ? "" : "."}${String(key)}`))
    .join("");
}

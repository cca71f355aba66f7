/** A BuildSetup from text that somebody else wrote: every problem by its path, and versions that are too new or too old. */
import { type BuildSetup, buildSetup, SETUP_VERSION } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";

/**
 * Reads a BuildSetup.
 * @param source where the text came from, as it stands in messages: "file ./setup.json"
 * @throws PergolaError setup-invalid, setup-version
 */
export function parseSetup(text: string, source: string): BuildSetup {
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

/** `images[0].name` */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, at) => (typeof key === "number" ? `[${key}]` : `${at === 0 ? "" : "."}${String(key)}`))
    .join("");
}

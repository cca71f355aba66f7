/**
 * stacks/schema.json: what editors check stack files against. Generated from config.ts; a test keeps it fresh. Write it with
 * `npm run local -- node infra/schema.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { SECTIONS } from "./config.ts";
import { workloadIdentity } from "./sections/gcpAccess.ts";

type Schema = Record<string, unknown>;

/** Where the schema is. */
export const SCHEMA_FILE: string = join(import.meta.dirname, "..", "stacks", "schema.json");

/** An encrypted value as `pulumi config set --secret` writes it. */
const SECURE: Schema = {
  type: "object",
  description: "written by pulumi config set --secret",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

/** The JSON schema of a whole stack file: our keys strictly, everything of Pulumi and other providers as it comes. */
export function stackFileSchema(): Schema {
  const sections = Object.entries(SECTIONS).map(([name, section]): [string, Schema] => {
    if (name === "secrets") {
      const description = "secrets by name; they are named where they are used";
      return [`pergola:${name}`, { type: "object", description, additionalProperties: SECURE }];
    }
    const { $schema: _, ...schema } = z.toJSONSchema(section, { io: "input", override: unsaidKind }) as Schema;
    return [`pergola:${name}`, schema];
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A Pergola stack file",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: {
          "pulumi:disable-default-providers": { type: "array", items: { type: "string" }, contains: { const: "*" } },
          ...Object.fromEntries(sections),
        },
        required: ["pulumi:disable-default-providers", ...required()],
        // Of Pulumi and of other providers. Ours are written with their namespace, so that typing errors stand out.
        patternProperties: { "^(?!pergola:)[^:]+:.+$": true },
        additionalProperties: false,
      },
      encryptionsalt: { type: "string", description: "of the passphrase; written by Pulumi" },
      encryptedkey: { type: "string", description: "data key, encrypted by the secrets provider; written by Pulumi" },
      secretsprovider: { type: "string", description: "what encrypts the secrets, for instance awskms://..." },
      environment: { description: "Pulumi ESC environments" },
    },
    required: ["config"],
    additionalProperties: false,
  };
}

/** The kind of access that a file may leave out (stackFile.ts). */
function unsaidKind({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}) {
  if (zodSchema !== workloadIdentity) return;
  jsonSchema.required = jsonSchema.required?.filter((key) => key !== "kind") ?? [];
}

/** The file's text. */
export function stackFileSchemaText(): string {
  return `${JSON.stringify(stackFileSchema(), null, 2)}\n`;
}

function required(): string[] {
  return Object.entries(SECTIONS)
    .filter(([, section]) => !section.safeParse(undefined).success)
    .map(([name]) => `pergola:${name}`);
}

if (import.meta.main) {
  const text = stackFileSchemaText();
  let before = "";
  try {
    before = readFileSync(SCHEMA_FILE, "utf8");
  } catch {
    // There is none yet.
  }
  if (before !== text) writeFileSync(SCHEMA_FILE, text);
}

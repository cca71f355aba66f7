// The JSON schema that editors use for stack files.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { SCHEMA_FILE, stackFileSchema, stackFileSchemaText } from "../../../infra/schema.ts";
import { localConfig } from "./config.ts";

// biome-ignore lint/suspicious/noExplicitAny: a JSON schema
const reader = z.fromJSONSchema(stackFileSchema() as any);
const accepts = (file: unknown) => reader.safeParse(file).success;

test("the schema in the repository is the one that the code gives", () => {
  expect(readFileSync(SCHEMA_FILE, "utf8"), "write it with: npm run local -- node infra/schema.ts").toBe(
    stackFileSchemaText(),
  );
});

test("it accepts the stack file of the embedded environment, with what Pulumi adds to it", () => {
  const config = {
    ...localConfig(),
    "pergola:secrets": { password: { secure: "v1:abc" } },
    "aws:region": "eu-central-1",
  };
  expect(accepts({ config, encryptionsalt: "v1:abc" })).toBe(true);
  expect(accepts({ config, secretsprovider: "awskms://alias/a", encryptedkey: "abc" })).toBe(true);
});

test("it refuses unknown keys of ours, wrong values and secrets in clear text", () => {
  expect(accepts({ config: { ...localConfig(), "pergola:regstry": {} } })).toBe(false);
  expect(accepts({ config: { ...localConfig(), "pergola:purpose": "tst" } })).toBe(false);
  expect(accepts({ config: { ...localConfig(), "pergola:secrets": { password: "x" } } })).toBe(false);
});

test("it lets the kind of access be unsaid where a service account is, and nowhere else", () => {
  const access = (value: object) => accepts({ config: { ...localConfig(), "pergola:access": value } });
  expect(access({ serviceAccount: "gar-access" })).toBe(true);
  expect(access({ serviceAccount: "gar-access", rotation: 1 })).toBe(false);
  expect(access({ oidcProviders: [] })).toBe(false);
  expect(access({})).toBe(false);
});

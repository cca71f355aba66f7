/**
 * What Google's security token service would decide by a provider's condition and mapping, by an implementation of CEL that knows
 * nothing of this program (@marcbachmann/cel-js).
 */
import { Environment, EvaluationError } from "@marcbachmann/cel-js";
import { ATTRIBUTE_MAPPING, SUBJECT_LIMIT } from "../../../infra/documents/gcp/federation.ts";

/** What a token says, as its issuer has it. */
export type Claims = Readonly<Record<string, unknown>>;

const language = new Environment().registerVariable("assertion", "map<string, dyn>");

/**
 * Whose token this is for IAM: google.subject, or null where the token is not exchanged. That is so where the condition is not
 * true or cannot be told, as of a claim that is missing, and where the subject is not one.
 * Throws where IAM would not take the condition or the mapping.
 */
export function subjectOf(condition: string, claims: Claims): string | null {
  if (evaluated(condition, "bool", claims) !== true) return null;
  const subject = evaluated(ATTRIBUTE_MAPPING["google.subject"] ?? "", "dyn", claims);
  return typeof subject === "string" && subject !== "" && Buffer.byteLength(subject) <= SUBJECT_LIMIT ? subject : null;
}

function evaluated(expression: string, type: "bool" | "dyn", assertion: Claims): unknown {
  const { valid, type: found, error } = language.check(expression);
  if (!valid) throw error ?? new Error(expression);
  if (found !== type) throw new Error(`${expression} is a ${found}, not a ${type}`);
  try {
    return language.evaluate(expression, { assertion });
  } catch (error) {
    if (error instanceof EvaluationError) return null;
    throw error;
  }
}

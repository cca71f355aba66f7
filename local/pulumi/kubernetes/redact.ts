import type { Value } from "../wire.ts";
import { isSecret, withoutSecrets } from "../wire.ts";

/** Shorter texts are not hidden: they occur everywhere, and say nothing. */
const shortest = 4;

/**
 * Hides the secret texts of an object in a message about it (the API server quotes values that it refuses), in the form
 * that the object has them in and base64-decoded.
 */
export function hideSecrets(message: string, object: Value | undefined): string {
  return secretTexts(object, false)
    .flatMap((text) => [text, Buffer.from(text, "base64").toString("utf8")])
    .filter((text) => text.length >= shortest)
    .sort((one, other) => other.length - one.length)
    .reduce((result, text) => result.replaceAll(text, "[secret]"), message);
}

function secretTexts(value: Value | undefined, inside: boolean): string[] {
  if (isSecret(value)) return secretTexts(withoutSecrets(value), true);
  if (typeof value === "string") return inside ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((item) => secretTexts(item as Value, inside));
}

/** Keeps the secrets that a build was given out of everything that is shown of it. */

/** What stands for a secret. */
const MASK = "***";

/** Shorter ones would hide ordinary words, and protect nothing. */
const SHORTEST = 6;

/** A field of a helper's answer, or of a docker config, whose value is a secret. */
const FIELD = /("(?:secret|password|auth|identitytoken|registrytoken|[a-z_]*token)"\s*:\s*")(?:[^"\\]|\\.)*/gi;

export class CredentialMask {
  readonly #texts = new Set<string>();

  /** From now on the secret is masked: as it is, as JSON has it, and as an `Authorization: Basic` header. */
  add(username: string, secret: string): void {
    if (secret.length < SHORTEST) return;
    const json = JSON.stringify(secret).slice(1, -1);
    // Go's encoder writes these three differently.
    const go = json.replace(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
    const basic = Buffer.from(`${username}:${secret}`).toString("base64");
    for (const text of [secret, json, go, encodeURIComponent(secret), basic]) this.#texts.add(text);
  }

  /** The text without what was added. */
  apply(text: string): string {
    let masked = text;
    // The longest first: one secret may be part of another.
    for (const one of [...this.#texts].sort((a, b) => b.length - a.length)) masked = masked.replaceAll(one, MASK);
    return masked;
  }
}

/** What a failed helper said, for a message: one line of bounded length, without what looks like an answer. */
export function saidByHelper(text: string): string {
  const line = text.replace(FIELD, `$1${MASK}`).replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}

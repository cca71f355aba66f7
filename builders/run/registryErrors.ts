/** Tells from a builder's error text what went wrong between it and a registry. Pure; shared by both builders. */

/** No answer, or one of a server that is no registry: another try or another address may help, the build is innocent. */
const UNREACHABLE =
  /connection refused|no such host|i\/o timeout|network is unreachable|no route to host|connection reset by peer|connection timed out|TLS handshake|x509:|certificate|HTTP response to HTTPS client|context deadline exceeded|DeadlineExceeded|server misbehaving|Temporary failure in name resolution|unexpected status.*: 5\d\d|unexpected status code 5\d\d|unexpected EOF|: EOF\b/i;
const DENIED =
  /\b401\b|\b403\b|unauthorized|UNAUTHORIZED|denied|DENIED|forbidden|authentication required|no basic auth credentials|insufficient_scope/i;
const MISSING = /not found|NOT_FOUND|NAME_UNKNOWN|MANIFEST_UNKNOWN|manifest unknown|\b404\b/i;

export type RegistryProblem = "unreachable" | "denied" | "missing";

/** The kind of problem, null when the text speaks of none. Denials win: registries word them as "not found" too. */
export function registryProblem(text: string): RegistryProblem | null {
  if (DENIED.test(text)) return "denied";
  if (UNREACHABLE.test(text)) return "unreachable";
  if (MISSING.test(text)) return "missing";
  return null;
}

/** host[:port] of the first URL in the text, null when there is none */
export function hostOf(text: string): string | null {
  return /https?:\/\/([^/"\s]+)/.exec(text)?.[1] ?? null;
}

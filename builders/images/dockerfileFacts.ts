/** What every run has to know of a Dockerfile. */

/** A place in a Dockerfile; lines and characters count from 0, `end` is exclusive. */
export interface Range {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

/** An image that a Dockerfile names and that is no stage of its own. */
export interface ImageReference {
  /** with build arguments filled in; null when one of them has no value */
  readonly name: string | null;
  readonly instruction: "FROM" | "COPY --from" | "RUN --mount";
  /** counts from 1 */
  readonly line: number;
  /** the characters that make up the name */
  readonly range: Range;
}

export interface DockerfileFacts {
  readonly references: readonly ImageReference[];
  /** networks that RUN instructions ask for by --network, with the line of each; lines count from 1 */
  readonly networks: readonly { readonly network: string; readonly line: number }[];
}

/** The name under which BuildKit looks for a named context: without `:latest`. */
export function familiarName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/)?/, "").replace(/:latest$/, "");
}

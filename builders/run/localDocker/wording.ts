/** What Docker's clients and builders of several ages say about a failure, in the words of buildctl: one verdict for all. Pure. */

/** A step or the builder before BuildKit that failed, as far as it is known. */
export interface Circumstances {
  /** "[2/3] RUN make", "[internal] load metadata for docker.io/library/node:24"; null when none failed */
  readonly step: string | null;
}

/** `failed to solve` and what stands around it, by age of docker and BuildKit. */
const WRAPPERS = [
  /^ERROR: (?:failed to build: )?/,
  /^error: /,
  /^Error response from daemon: /,
  /^failed to solve(?: with frontend [\w.]+)?: /,
  /^rpc error: code = \w+ desc = /,
  /^failed to (?:create|build|load|read) LLB(?: definition)?: /,
];

/** The error text as buildctl would have it; what it says of a place in the Dockerfile stays. */
export function inBuildctlsWords(text: string, { step }: Circumstances): string {
  // The last lines of the failing step are repeated there, and are in the log already.
  const account = text.replace(/^-{6}\n > [\s\S]*?\n-{6}(?:\n|$)/m, "").trim();
  const lines = account.split("\n");
  const at = lines.findLastIndex((line) =>
    /^(?:ERROR: |error: |failed to solve|Error response from daemon: )/.test(line),
  );
  const place = at <= 0 ? [] : lines.slice(0, at);
  const said = reworded(unwrapped(lines.slice(Math.max(at, 0)).join("\n")), step);
  return [...place, `error: failed to solve: ${said}`].join("\n");
}

function unwrapped(text: string): string {
  const next = WRAPPERS.reduce((rest, wrapper) => rest.replace(wrapper, ""), text);
  return next === text ? text : unwrapped(next);
}

function reworded(said: string, step: string | null): string {
  const exit =
    /executor failed running \[(.*)\]: exit code: (\d+)/s.exec(said) ??
    /The command '(.*)' returned a non-zero code: (\d+)/s.exec(said);
  if (exit) return `process "${exit[1]}" did not complete successfully: exit code: ${exit[2]}`;
  const missing =
    /failed to (?:compute cache key|calculate checksum[^:]*|walk [^:]*): "([^"]*)"(?: not found)?: not found/.exec(
      said,
    ) ??
    /(?:COPY|ADD) failed: (?:file not found in build context or excluded by \.dockerignore: )?stat (\S+): (?:file does not exist|no such file)/.exec(
      said,
    ) ??
    /(?:COPY|ADD) failed: (?:file not found|no source files).*?stat ([^:]+):/.exec(said);
  if (missing) {
    const file = missing[1]?.replace(/^\/?/, "/");
    return `failed to compute cache key: failed to calculate checksum of ref docker: "${file}": not found`;
  }
  const image = /\] load metadata for (\S+)$/.exec(step ?? "")?.[1] ?? /\] FROM (?:--\S+ )*(\S+)/.exec(step ?? "")?.[1];
  if (image !== undefined && !said.includes("failed to resolve source metadata")) {
    const why = said.startsWith(`${image}: `) ? said.slice(image.length + 2) : said;
    return `${image}: failed to resolve source metadata for ${image}: ${why}`;
  }
  return said;
}

/** Line that a parser's complaint names, null when it names none. */
export function parserLine(text: string): number | null {
  const found = /dockerfile parse error (?:on )?line (\d+)/i.exec(text);
  return found ? Number(found[1]) : null;
}

/** The flag that docker says it does not have, null when it complains of something else. */
export function unknownFlag(text: string): string | null {
  const found = /^unknown (?:flag: (--[\w-]+)|shorthand flag: '\w' in (-\S+))/m.exec(text.replace(/^ERROR: /gm, ""));
  return found?.[1] ?? found?.[2] ?? null;
}

/** Digest that `docker push` ends with (`v1: digest: sha256:... size: 942`), null when it names none. */
export function pushedDigest(text: string): string | null {
  return /\bdigest: (sha256:[0-9a-f]{64}) size: \d+/.exec(text)?.[1] ?? null;
}

/**
 * An error of the embedded environment that a person can act on: `message` names the thing and the value, `hint` the
 * next step, `log` the file with everything. The commands print it without a stack trace.
 */
export class LocalError extends Error {
  readonly hint: string | undefined;
  readonly log: string | undefined;
  /** what the process exits with: 1 when something failed, 2 when the way it was called is wrong */
  readonly exitCode: number;

  constructor(message: string, options: { hint?: string; log?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LocalError";
    this.hint = options.hint;
    this.log = options.log;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The lines that a person sees of an error; a stack only for errors nobody foresaw. */
export function describeError(error: unknown): string {
  if (error instanceof LocalError) {
    return [
      `error: ${error.message}`,
      ...(error.hint === undefined ? [] : [`  next: ${error.hint}`]),
      ...(error.log === undefined ? [] : [`  log:  ${error.log}`]),
    ].join("\n");
  }
  return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/**
 * Every error that Pergola reports, as data. The codes are a closed list; README has the same
 * table. `exitCode` says what a process that stops because of it exits with.
 */

/**
 * Exit codes of `pergola`: done, a build failed, usage or configuration, infrastructure (worth a retry); and what a shell gives
 * a program that ends by SIGHUP, SIGINT, SIGPIPE (nobody reads its output any more) and SIGTERM.
 */
export const EXIT = {
  done: 0,
  buildFailed: 1,
  usage: 2,
  infrastructure: 75,
  hungUp: 129,
  interrupted: 130,
  outputClosed: 141,
  terminated: 143,
} as const;

/** code -> what a process that fails with it exits with */
export const ERROR_CODES = {
  usage: EXIT.usage,
  "image-definition": EXIT.usage,
  "image-cycle": EXIT.usage,
  "context-missing": EXIT.usage,
  "context-unreadable": EXIT.usage,
  "dockerfile-missing": EXIT.usage,
  "secret-missing": EXIT.usage,
  "setup-missing": EXIT.usage,
  "setup-invalid": EXIT.usage,
  "setup-version": EXIT.usage,
  "mode-not-provisioned": EXIT.usage,
  "mode-unsupported": EXIT.usage,
  "namespace-not-provisioned": EXIT.usage,
  "repository-not-provisioned": EXIT.usage,
  kubeconfig: EXIT.usage,
  "wrong-cluster": EXIT.usage,
  forbidden: EXIT.usage,
  "builder-tool-missing": EXIT.usage,
  "registry-untrusted": EXIT.usage,
  "build-failed": EXIT.buildFailed,
  "base-image-missing": EXIT.buildFailed,
  "pull-denied": EXIT.buildFailed,
  "push-denied": EXIT.buildFailed,
  "tag-taken": EXIT.buildFailed,
  "out-of-memory": EXIT.buildFailed,
  "dependency-failed": EXIT.buildFailed,
  "cluster-unreachable": EXIT.infrastructure,
  "registry-unreachable": EXIT.infrastructure,
  "rate-limited": EXIT.infrastructure,
  "builder-not-ready": EXIT.infrastructure,
  "builder-gone": EXIT.infrastructure,
  pending: EXIT.infrastructure,
  "image-pull": EXIT.infrastructure,
  "transfer-failed": EXIT.infrastructure,
  "cache-unwritable": EXIT.infrastructure,
  "credential-helper": EXIT.infrastructure,
  "load-failed": EXIT.infrastructure,
  timeout: EXIT.infrastructure,
  interrupted: EXIT.interrupted,
  internal: EXIT.infrastructure,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What a result, a log line or `--output json` shows of an error. */
export interface ErrorData {
  readonly code: ErrorCode;
  /** names the thing and the value */
  readonly message: string;
  /** what to do next */
  readonly hint?: string;
  /** path into a stack file or an image definition */
  readonly path?: string;
  readonly file?: string;
  readonly line?: number;
  /** last lines of what the failing step printed */
  readonly logTail?: string;
}

/** An error with {@link ErrorData}; anything else that is thrown is a defect of ours. */
export class PergolaError extends Error {
  readonly data: ErrorData;
  constructor(data: ErrorData, options?: ErrorOptions) {
    super(data.message, options);
    this.name = "PergolaError";
    this.data = data;
  }
  get exitCode(): number {
    return ERROR_CODES[this.data.code];
  }
}

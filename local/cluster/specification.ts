/**
 * What PID 1 of a member is told, as data: the TypeScript side of `local/toolchain/go/node-init/specification.go`,
 * which refuses unknown keys.
 */

export interface Specification {
  readonly name: string;
  /** file that the {@link NodeStatus} is written to */
  readonly status: string;
  /** folder of the log files NAME.log */
  readonly logs: string;
  /** the whole environment of everything that is run */
  readonly environment: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** order of stopping on SIGTERM, with limits in seconds */
  readonly stop: readonly { readonly process: string; readonly seconds: number }[];
}

/** One thing to do. Exactly one key beside the title. */
export type Step = { readonly title: string } & (
  | { readonly hostname: string }
  | { readonly mount: MountCall }
  | { readonly unmount: string }
  | { readonly makeDirectory: string }
  | { readonly write: { readonly file: string; readonly content: string } }
  | { readonly run: Program }
  | { readonly start: Program }
  | { readonly wait: Condition }
);

export interface MountCall {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: readonly ("bind" | "recursive" | "private" | "shared" | "nosuid" | "nodev" | "noexec")[];
  readonly data: string;
}

export interface Program {
  /** names the log file */
  readonly name: string;
  /** the program first */
  readonly arguments: readonly string[];
}

/** One condition and how long it may take; `process` is whose log explains that it does not come. */
export type Condition = { readonly seconds: number; readonly process?: string } & (
  | { readonly file: string }
  | { readonly unix: string }
  | { readonly tcp: string }
  | {
      readonly https: {
        readonly url: string;
        readonly authority: string;
        readonly certificate?: string;
        readonly key?: string;
      };
    }
);

/** Content of the status file (status.go). */
export interface NodeStatus {
  readonly phase: "starting" | "ready" | "failed" | "stopping";
  readonly step: string;
  readonly error?: string;
  /** whose log explains the error */
  readonly process?: string;
  readonly processes: Readonly<
    Record<string, { readonly pid: number; readonly restarts: number; readonly lastExit?: string }>
  >;
}

/** A file that a member's processes read, written before the member starts. */
export interface ConfigurationFile {
  readonly path: string;
  readonly content: string;
}

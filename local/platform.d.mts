export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** version of the running Node, without "v" */
  readonly node: string;
  /** version of the GNU C library; undefined with another one */
  readonly glibc: string | undefined;
}

/** What is wrong and what to do, as lines; undefined when the machine fits. */
export function platformProblem(machine: Machine): string | undefined;

/** The machine that this process runs on. */
export function thisMachine(): Machine;

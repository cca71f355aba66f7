/** Runs a child in this process' place (terminal, signals); resolves with its exit code, 128 + n after signal n. */
export function runForeground(
  command: string,
  args: readonly string[],
  options?: { env?: Readonly<Record<string, string | undefined>>; cwd?: string },
): Promise<number>;

/** The exit code of a process as a shell gives it. */
export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number;

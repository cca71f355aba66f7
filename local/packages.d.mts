type Environment = Readonly<Record<string, string | undefined>>;

/** Node 24 of the pinned package, relative to the clone. */
export const NODE: string;

/** Where the cache is; the same rule as cacheDirectory() in paths.ts. */
export function cacheOf(environment: Environment): string;

/** What is wrong with the place that was chosen for the cache and what to do; undefined when nothing is. */
export function cacheProblem(environment: Environment): string | undefined;

/** SHA-256 of a package-lock.json's text, in hexadecimal. */
export function stampOf(lockText: string): string;

/** Why the packages have to be installed; undefined when they fit. */
export function reasonToInstall(found: {
  readonly lockText: string;
  readonly stamp: string | undefined;
  readonly nodeExists: boolean;
  /** text of npm's own record, node_modules/.package-lock.json */
  readonly installedText: string | undefined;
}): string | undefined;

/** The last lines of npm's output that say something. */
export function tellingLines(output: string): string[];

/** What to do about a failed `npm ci`, by what npm printed. */
export function installHint(output: string): string;

/** Installs the packages when they do not fit; 0, or the exit code to leave with after saying what is wrong. */
export function ensurePackages(root: string, environment?: Environment): Promise<number>;

/** Where the runner keeps what it can make anew. */
import { homedir } from "node:os";
import path from "node:path";
import { PergolaError } from "./errors.ts";

/**
 * `PERGOLA_CACHE`, else `pergola` in the user's cache folder (https://specifications.freedesktop.org/basedir-spec/latest).
 * @throws PergolaError usage: not an absolute path
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  const { PERGOLA_CACHE: chosen, XDG_CACHE_HOME: base, HOME: home } = environment;
  if (chosen && !path.isAbsolute(chosen)) {
    throw new PergolaError({
      code: "usage",
      message: `PERGOLA_CACHE is "${chosen}", which is not an absolute path.`,
      hint: `Set it to an absolute path: PERGOLA_CACHE=${path.resolve(chosen)}.`,
    });
  }
  if (chosen) return chosen;
  if (base && path.isAbsolute(base)) return path.join(base, "pergola");
  return path.join(home || homedir(), ".cache", "pergola");
}

/** Whether the script of a RUN names a directory. */
import { substitute } from "../images/dockerfile.ts";

/**
 * Whether a script names a directory or something in it, by an absolute path. Comments do not count; variables that are known
 * stand for their values.
 */
export function namesDirectory(script: string, values: ReadonlyMap<string, string>, directory: string): boolean {
  const text = withoutComments(script).replace(/\$(?:\{[^}]*\}|\w+)/g, (one) => substitute(one, values) ?? one);
  const plain = directory.replace(/\/$/, "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  // What is before or after may make it the end or the beginning of another path.
  return new RegExp(`(?<![\\w./}~*-])${plain}(?![\\w.+@%-])`).test(text);
}

/** Lines of comment are the Dockerfile's; a comment in a line is the shell's, and reaches to the end, as lines are joined. */
function withoutComments(script: string): string {
  const joined = script.replace(/^[ \t]*#.*\n?/gm, "").replace(/\\[ \t]*\r?\n/g, "");
  return joined.replace(/\\.|"(?:[^"\\]|\\.)*"|'[^']*'|(?<=^|[\s;&|(])#.*/gs, (part) =>
    part.startsWith("#") ? "" : part,
  );
}

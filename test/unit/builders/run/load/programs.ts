/** Programs of tests' own, as shell scripts on a PATH of their own. */
import { chmodSync } from "node:fs";
import path from "node:path";
import { folder } from "../../samples.ts";

/** A PATH on which these programs come first; the shell's own tools follow unless `alone`. */
export function programs(scripts: Readonly<Record<string, string>>, alone = false): { PATH: string } {
  const files = Object.entries(scripts).map(([name, script]) => [`bin/${name}`, `#!/bin/sh\n${script}\n`] as const);
  const root = folder(Object.fromEntries(files));
  for (const [name] of files) chmodSync(path.join(root, name), 0o755);
  const own = path.join(root, "bin");
  return { PATH: alone ? `/nowhere::${own}` : `${own}:${process.env.PATH}` };
}

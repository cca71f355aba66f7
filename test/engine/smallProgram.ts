import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A program of one file, in a folder of its own. */
export async function smallProgram(source: string, runtime = "{ name: nodejs, options: { typescript: false } }") {
  const folder = await mkdtemp(join(tmpdir(), "pergola-program-"));
  await writeFile(join(folder, "Pulumi.yaml"), `name: small\nruntime: ${runtime}\n`);
  await writeFile(join(folder, "package.json"), '{"name": "small", "type": "module", "main": "index.ts"}');
  await writeFile(join(folder, "index.ts"), source);
  await symlink(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

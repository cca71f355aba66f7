// The way in: runs on whatever Node there is (20 or newer), without a dependency. Installs the clone's npm packages when
// they are missing or changed, and hands over to main.ts under the pinned Node 24. Everything it says goes to stderr.
//
//   node local/bootstrap.mjs COMMAND [ARGUMENTS]
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runForeground } from "./foreground.mjs";
import { cacheOf, cacheProblem, ensurePackages, NODE } from "./packages.mjs";
import { platformProblem, thisMachine } from "./platform.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const problem = platformProblem(thisMachine()) ?? cacheProblem(process.env);
if (problem !== undefined) {
  process.stderr.write(`error: ${problem}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await ensurePackages(root);
  if (process.exitCode === 0) {
    process.exitCode = await runForeground(
      join(root, NODE),
      [join(root, "local", "main.ts"), ...process.argv.slice(2)],
      {
        env: { NODE_COMPILE_CACHE: join(cacheOf(process.env), "compile"), ...process.env },
      },
    );
  }
}

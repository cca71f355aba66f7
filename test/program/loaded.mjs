// Writes, at the end of a process, which files below node_modules it has loaded, into the file PERGOLA_TEST_LOADED.
import { writeFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";

const require = createRequire(import.meta.url);
const seen = new Set();
registerHooks({
  load(url, context, next) {
    seen.add(url);
    return next(url, context);
  },
});
process.on("exit", () => {
  const files = [...seen, ...Object.keys(require.cache)].map((file) => file.split("/node_modules/").slice(1).join("/"));
  writeFileSync(process.env.PERGOLA_TEST_LOADED, [...new Set(files.filter(Boolean))].sort().join("\n"));
});

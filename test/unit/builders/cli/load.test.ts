/** What a build loads before it builds: modules cost milliseconds each, and most builds change nothing. */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";
import { folder, localSetupInput } from "../samples.ts";

const builders = path.resolve(import.meta.dirname, "..", "..", "..", "..", "builders");

/** Prints, at its end, what a process has loaded: packages, and Node's own parts. */
const LISTING = `import { registerHooks } from "node:module";
const urls = [];
registerHooks({ load(url, context, next) { urls.push(url); return next(url, context); } });
process.on("exit", () => console.log(JSON.stringify([...urls, ...process.moduleLoadList])));`;

const HEAVY = ["/zod/", "/yaml/", "/execa/", "client-node", "undici"];

/** What of {@link HEAVY} a process loads. */
function heavy(place: string, words: readonly string[]): string[] {
  const env = { ...process.env, PERGOLA_CACHE: path.join(place, "cache") };
  const listing = ["--import", path.join(place, "listing.mjs")];
  const said = execFileSync(process.execPath, [...listing, ...words], { env, encoding: "utf8" });
  return HEAVY.filter((part) => said.includes(part));
}

it("a build that was there before loads no validator, no reader of YAML and no second HTTP client", () => {
  const place = folder({
    Dockerfile: "FROM scratch\n",
    "setup.json": JSON.stringify(localSetupInput()),
    "listing.mjs": LISTING,
    "app/garden.yml": "kind: Build\ntype: container\nname: app\n",
    "app/Dockerfile": "FROM scratch\n",
  });
  const setup = ["--setup", path.join(place, "setup.json")];
  const main = path.join(builders, "cli", "main.ts");
  for (const directory of [place, path.join(place, "app")]) {
    const build = [main, "build", directory, ...setup, "--dry-run", "--output", "json"];
    // A dry run prints its plans as YAML.
    expect(heavy(place, build)).toEqual(["/zod/", "/yaml/"]);
    expect(heavy(place, build)).toEqual(["/yaml/"]);
  }
  const run = [
    "--input-type=module",
    "--eval",
    `await import(${JSON.stringify(path.join(builders, "run", "index.ts"))})`,
  ];
  expect(heavy(place, run)).toEqual([]);
});

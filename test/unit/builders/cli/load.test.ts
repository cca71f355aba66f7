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

/** What of some parts a process loads. */
function loaded(place: string, words: readonly string[], parts: readonly string[]): string[] {
  const env = { ...process.env, PERGOLA_CACHE: path.join(place, "cache") };
  const listing = ["--import", path.join(place, "listing.mjs")];
  const said = execFileSync(process.execPath, [...listing, ...words], { env, encoding: "utf8" });
  return parts.filter((part) => said.includes(part));
}

function heavy(place: string, words: readonly string[]): string[] {
  return loaded(place, words, HEAVY);
}

/** A project, and the words that build a directory of it. */
function project(): { readonly place: string; build(directory?: string): string[] } {
  const place = folder({
    Dockerfile: "FROM scratch\n",
    "setup.json": JSON.stringify(localSetupInput()),
    "listing.mjs": LISTING,
    "app/garden.yml": "kind: Build\ntype: container\nname: app\n",
    "app/Dockerfile": "FROM scratch\n",
  });
  const setup = ["--setup", path.join(place, "setup.json")];
  const main = path.join(builders, "cli", "main.ts");
  const build = (directory = "."): string[] => [
    main,
    "build",
    path.join(place, directory),
    ...setup,
    "--dry-run",
    "--output",
    "json",
  ];
  return { place, build };
}

/** Files of the runner's own that only one mode needs. */
const KANIKO = ["/plan/kaniko", "/run/kaniko/"];
const BUILDKIT = ["/plan/buildkit.ts"];

it("a build that was there before loads no validator, no reader of YAML and no second HTTP client", () => {
  const { place, build } = project();
  for (const directory of [".", "app"]) {
    // A dry run prints its plans as YAML.
    expect(heavy(place, build(directory))).toEqual(["/zod/", "/yaml/"]);
    expect(heavy(place, build(directory))).toEqual(["/yaml/"]);
  }
  const run = [
    "--input-type=module",
    "--eval",
    `await import(${JSON.stringify(path.join(builders, "run", "index.ts"))})`,
  ];
  expect(heavy(place, run)).toEqual([]);
});

it("a build in one mode loads nothing that only the other one needs", () => {
  const { place, build } = project();
  const both = [...KANIKO, ...BUILDKIT];
  expect(loaded(place, build("app"), both)).toEqual(["/plan/buildkit.ts"]);
  expect(loaded(place, [...build("app"), "--mode", "kaniko"], both)).toEqual(["/plan/kaniko"]);
});

/**
 * `npm run build`: what the package holds. The part that programs import (`infra`) is compiled file by file, with its types;
 * the command `pergola` is put together into few files, as finding and compiling each of its modules alone takes longer than a
 * build without a change (docs/decisions/0010).
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { execa } from "execa";
import { type Plugin, rolldown } from "rolldown";

const repository = join(import.meta.dirname, "..");
const dist = join(repository, "dist");
/** Where the command's files lie: as deep as its sources, which name the schema's file from there. */
const cli = join(dist, "builders", "cli");

/** Packages that are loaded as they were installed: rarely needed, and large. */
const APART = ["@kubernetes/client-node", "execa", "tar-stream"];

/**
 * An import of `node:process` reads each of its properties, and so makes streams and lists that nobody asked for (4 ms of the 20 in
 * which Node starts); the global of that name is the same object.
 */
const plainProcess: Plugin = {
  name: "plain-process",
  resolveId: { filter: { id: /^node:process$/ }, handler: () => "\0process" },
  load: { filter: { id: /^\0process$/ }, handler: () => "export default process;" },
};

rmSync(dist, { recursive: true, force: true });
const compiler = join(repository, "node_modules", "@typescript", "native", "bin", "tsc");
await execa(process.execPath, [compiler, "-p", "tsconfig.build.json"], { cwd: repository, stdio: "inherit" });

const bundle = await rolldown({
  input: { main: join(repository, "builders", "cli", "main.ts") },
  platform: "node",
  external: (id) => APART.includes(id),
  plugins: [plainProcess],
});
const { output } = await bundle.write({
  dir: cli,
  // Node starts and loads these faster than ES modules, whose imports of its own modules read all that those export.
  format: "cjs",
  entryFileNames: "[name].cjs",
  chunkFileNames: "[name]-[hash].cjs",
  comments: { legal: true, annotation: false, jsdoc: false },
});
await bundle.close();
const modules = output.flatMap((file) => (file.type === "chunk" ? Object.keys(file.modules) : []));
writeFileSync(join(cli, "THIRD-PARTY.txt"), notices(modules));

/** The licences of the packages whose code is in the bundle: each of them asks to be handed on with it. */
function notices(files: readonly string[]): string {
  const packages = new Set(files.flatMap((file) => packageOf(file) ?? []));
  return [...packages]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)(\.|$)/i.test(file));
      if (texts.length === 0) throw new Error(`${name} has no licence file: name it in APART, or find its text.`);
      return [`${name} ${version} (${license})`, ...texts.map((file) => readFileSync(join(folder, file), "utf8"))].join(
        "\n\n",
      );
    })
    .join(`\n\n${"-".repeat(80)}\n\n`);
}

/** Folder of the package that a file is of; null for the project's own. */
function packageOf(file: string): string | null {
  const inside = `${sep}node_modules${sep}`;
  const at = file.lastIndexOf(inside);
  if (file.startsWith("\0") || at === -1) return null;
  const root = file.slice(0, at + inside.length);
  const [first = "", second = ""] = relative(root, file).split(sep);
  return join(root, first.startsWith("@") ? join(first, second) : first);
}

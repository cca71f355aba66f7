/** A case of the suite: a Dockerfile with its context, described in one YAML file. */
import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { parse } from "yaml";
import { z } from "zod";

/** Octal, as chmod takes it: a number of YAML would be read as decimal or octal, depending on who reads. */
const mode = z.string().regex(/^[0-7]{3,4}$/);
const member = z.strictObject({
  text: z.string().default(""),
  type: z.enum(["file", "directory", "symlink", "link"]).default("file"),
  link: z.string().optional(),
  mode: mode.default("644"),
  uid: z.number().default(0),
  gid: z.number().default(0),
});
const content = z.union([
  z.string(),
  z.strictObject({ text: z.string(), mode }),
  z.strictObject({ directory: mode }),
  z.strictObject({ symlink: z.string() }),
  z.strictObject({ hardlink: z.string() }),
  z.strictObject({ archive: z.record(z.string(), member), gzip: z.boolean().default(false) }),
]);
const described = z.strictObject({
  /** what the case is about */
  what: z.string(),
  dockerfile: z.string(),
  /** path -> what it is; a text alone is a file of mode 0644 */
  files: z.record(z.string(), content).default({}),
  buildArgs: z.record(z.string(), z.string()).default({}),
  target: z.string().optional(),
  /** it is about a failure, of every builder */
  fails: z.boolean().default(false),
  /** builders that refuse it before a pod starts: the line named, unless it is not for a line, and a part of the message */
  refused: z
    .strictObject({ kaniko: z.strictObject({ line: z.number().optional(), message: z.string() }).optional() })
    .default({}),
});

export interface Case extends z.infer<typeof described> {
  /** name of its file without the ending */
  readonly name: string;
}

const folder = path.join(import.meta.dirname, "cases");

/** All cases by name. @throws ZodError for a case that is not understood */
export function readCases(): Case[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .map((file) => {
      const name = path.basename(file, ".yaml");
      const parsed = described.safeParse(parse(readFileSync(path.join(folder, file), "utf8")));
      if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
      return { name, ...parsed.data };
    });
}

/** Writes the context of a case into a new directory, as a Garden Build action of the name `image`. */
export async function writeCase(one: Case, directory: string, image: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const spec = { buildArgs: one.buildArgs, ...(one.target === undefined ? {} : { targetStage: one.target }) };
  const action = { kind: "Build", name: image, type: "container", source: { path: "context" }, spec };
  writeFileSync(path.join(directory, "garden.yml"), JSON.stringify(action));
  const context = path.join(directory, "context");
  mkdirSync(context);
  writeFileSync(path.join(context, "Dockerfile"), one.dockerfile);
  const later: (() => void)[] = [];
  for (const [name, what] of Object.entries(one.files)) {
    const file = path.join(context, name);
    mkdirSync(path.dirname(file), { recursive: true });
    // The mode last: a directory that nobody may write into is still to be filled, and writing takes setuid bits away.
    if (typeof what === "string") later.push(written(file, what, "644"));
    else if ("text" in what) later.push(written(file, what.text, what.mode));
    else if ("directory" in what) {
      mkdirSync(file, { recursive: true });
      later.unshift(() => chmodSync(file, Number.parseInt(what.directory, 8)));
    } else if ("symlink" in what) symlinkSync(what.symlink, file);
    else if ("hardlink" in what) later.push(() => linkSync(path.join(context, what.hardlink), file));
    else {
      const bytes = await archive(what.archive);
      later.push(written(file, what.gzip ? gzipSync(bytes) : bytes, "644"));
    }
  }
  for (const finish of later) finish();
}

function written(file: string, bytes: string | Buffer, permissions: string): () => void {
  writeFileSync(file, bytes);
  return () => chmodSync(file, Number.parseInt(permissions, 8));
}

function archive(members: Readonly<Record<string, z.infer<typeof member>>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, { type, text, mode, uid, gid, link }] of Object.entries(members)) {
    const header = { name, type, uid, gid, mode: Number.parseInt(mode, 8), ...(link ? { linkname: link } : {}) };
    tar.entry(header, type === "file" ? text : "");
  }
  tar.finalize();
  return buffer(tar);
}

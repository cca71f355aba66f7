/** From what somebody typed (directories, files, names) to images. */
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { PergolaError } from "../errors.ts";
import { type Remember, stampOfCode } from "../memory.ts";
import { type GardenOptions, gardenImage } from "./garden.ts";
import { DEFAULT_TIMEOUT_SECONDS, type DescribedImage, loadDockerfile, sanitizeName } from "./image.ts";
import { NO_SETTINGS } from "./settings.ts";

/** What was found, and what was left out of it. */
export interface Discovery {
  readonly images: readonly DescribedImage[];
  /** names among the words typed: those images are meant, of all that were found */
  readonly names: readonly string[];
  readonly notices: readonly string[];
}

export interface DiscoveryOptions extends GardenOptions {
  /** Dockerfile for directories without Garden files, instead of `Dockerfile` */
  readonly file?: string;
  /** what was found out in an earlier run, see memory.ts */
  readonly remember: Remember;
}

const GARDEN_FILE = /(?:^|\.)garden\.ya?ml$/;

/** Directories that hold no actions of this project. */
const SKIPPED = new Set(["node_modules", "vendor", "dist"]);

/**
 * Finds images. A directory means: all Garden Build actions in it and below it when there is a Garden file in it; else its
 * Dockerfile; else all Build actions below it. A Garden file means its Build actions. Any other word is the name of an image
 * below the working directory.
 * @param words as typed; none means the working directory
 * @throws PergolaError context-missing, context-unreadable, dockerfile-missing, image-definition
 */
export async function discoverImages(
  words: readonly string[],
  workingDirectory: string,
  options: DiscoveryOptions,
): Promise<Discovery> {
  const images: DescribedImage[] = [];
  const names: string[] = [];
  const notices: string[] = [];
  const seen = new Set<string>();
  const addFile = async (file: string): Promise<number> => {
    if (seen.has(file)) return 0;
    seen.add(file);
    const text = readable(file, () => readFileSync(file, "utf8"));
    // Loading a reader of YAML takes longer than all else of finding images.
    const found = await options.remember(
      "garden",
      [stampOfCode(import.meta.url, "./gardenActions.ts"), file, text],
      async () => (await import("./gardenActions.ts")).readActions(file, text),
    );
    images.push(...found.actions.map((action) => gardenImage(file, action, options)));
    notices.push(...found.notices);
    return found.actions.length;
  };
  const addDirectory = async (directory: string, typed: string): Promise<void> => {
    const dockerfile = options.file ?? "Dockerfile";
    const direct = gardenFilesIn(directory);
    const here = direct.length > 0 || !isFile(path.resolve(directory, dockerfile)) ? gardenFilesBelow(directory) : [];
    const before = images.length;
    const known = here.filter((file) => seen.has(file)).length;
    for (const file of here) await addFile(file);
    if (images.length > before || known > 0) return;
    if (!isFile(path.resolve(directory, dockerfile))) throw nothingIn(typed, dockerfile, notices);
    if (seen.has(directory)) return;
    seen.add(directory);
    images.push(plainImage(directory, dockerfile));
  };

  for (const word of words.length > 0 ? words : ["."]) {
    const where = path.resolve(workingDirectory, word);
    const kind = kindOf(where);
    if (kind === "directory") await addDirectory(where, word);
    else if (kind === "file" && GARDEN_FILE.test(path.basename(where))) {
      if ((await addFile(where)) === 0) throw nothingIn(word, null, notices);
    } else if (kind === "file") {
      throw new PergolaError({
        code: "usage",
        message: `${word} is a file, but neither a directory with a Dockerfile nor a Garden file.`,
        hint: `Name the directory; another Dockerfile is chosen with --file: pergola build ${path.dirname(word)} --file ${path.basename(word)}`,
      });
    } else if (/[/\\]/.test(word) || word.startsWith(".")) {
      throw new PergolaError({
        code: "context-missing",
        message: `${word} does not exist.`,
        hint: "Name a directory that holds a Dockerfile or Garden Build actions.",
      });
    } else names.push(word);
  }
  if (names.length > 0 && images.length === 0) {
    for (const file of gardenFilesBelow(workingDirectory)) await addFile(file);
  }
  return { images, names, notices };
}

/** The image of a directory with nothing but a Dockerfile: named after the directory. */
function plainImage(directory: string, dockerfile: string): DescribedImage {
  const name = sanitizeName(path.basename(directory));
  if (name === "") {
    throw new PergolaError({
      code: "image-definition",
      message: `No image name follows from the directory ${directory}.`,
      hint: "Give one with --name.",
    });
  }
  const loaded = loadDockerfile(directory, dockerfile, name);
  return {
    name,
    actionName: null,
    environments: null,
    context: directory,
    dockerfile: loaded,
    buildArgs: {},
    target: null,
    platforms: [],
    secrets: {},
    settings: NO_SETTINGS,
    extraFlags: [],
    dependencies: [],
    timeoutSeconds: DEFAULT_TIMEOUT_SECONDS,
    definedIn: path.resolve(directory, loaded.path),
  };
}

function gardenFilesIn(directory: string): string[] {
  return entriesOf(directory)
    .filter((entry) => entry.isFile() && GARDEN_FILE.test(entry.name))
    .map((entry) => path.join(directory, entry.name))
    .sort();
}

function gardenFilesBelow(directory: string): string[] {
  const files = gardenFilesIn(directory);
  const below = entriesOf(directory)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !SKIPPED.has(entry.name))
    .map((entry) => path.join(directory, entry.name))
    .sort();
  return [...files, ...below.flatMap(gardenFilesBelow)];
}

function entriesOf(directory: string): Dirent[] {
  return readable(directory, () => readdirSync(directory, { withFileTypes: true }));
}

/** What is there; nothing can be under a name that is too long. */
function kindOf(where: string): "file" | "directory" | null {
  const stat = readable(where, () => {
    try {
      return statSync(where, { throwIfNoEntry: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENAMETOOLONG") return undefined;
      throw error;
    }
  });
  if (stat?.isDirectory()) return "directory";
  return stat?.isFile() ? "file" : null;
}

function readable<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new PergolaError(
      {
        code: "context-unreadable",
        message: `${where} cannot be read, so it is not known which images it holds (${(cause as NodeJS.ErrnoException).code}).`,
        hint: "Make it readable, or name the directories of the images.",
        file: where,
      },
      { cause },
    );
  }
}

function isFile(where: string): boolean {
  return kindOf(where) === "file";
}

function nothingIn(word: string, dockerfile: string | null, notices: readonly string[]): PergolaError {
  return new PergolaError({
    code: dockerfile === null ? "image-definition" : "dockerfile-missing",
    message:
      dockerfile === null
        ? `${word} holds no Build action of type container.`
        : `${word} holds neither a ${dockerfile} nor Garden Build actions of type container.`,
    hint: notices.join(" ") || "Name a directory that holds a Dockerfile or Garden Build actions.",
  });
}

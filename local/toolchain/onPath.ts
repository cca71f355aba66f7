/**
 * Programs that the user has already and that may be used instead of building them: exactly the pinned version, and
 * statically linked where the program also goes into an image that has no libraries.
 */
import { closeSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { execa } from "execa";
import type { BinaryName, GoBinary, GoTool } from "./goTool.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Binaries that are copied into an image made of nothing else. */
const IN_IMAGES: readonly BinaryName[] = ["buildkitd", "buildctl", "kaniko"];

/**
 * Whether what a program printed for its version is exactly the pinned one: "v3.259.0" does not fit "v3.259.0-dev", and
 * "v1.25.5" not "v1.25.50". A build whose commit is behind the version is the pinned one.
 */
export function fits(binary: Pick<GoBinary, "says">, printed: string): boolean {
  return printed.split("\n").some((line) => {
    const at = line.indexOf(binary.says);
    return at >= 0 && !/^[\w.+-]/.test(line.slice(at + binary.says.length));
  });
}

/** Every executable file of that name on PATH, except what npm put there: its `pulumi` downloads the real one. */
export function candidates(name: string, environment: Environment = process.env): string[] {
  return (environment.PATH ?? "")
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .filter((path) => {
      try {
        const file = statSync(path);
        return file.isFile() && (file.mode & 0o111) !== 0 && !realpathSync(path).includes("/node_modules/");
      } catch {
        return false;
      }
    });
}

/** Program headers' type of a program that wants a dynamic linker (ELF specification, PT_INTERP). */
const PT_INTERP = 3;

/** Whether the first 64 KiB of a file are those of a 64-bit little-endian ELF program without a dynamic linker. */
export function isStaticElf(head: Buffer): boolean {
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return false;
  const offset = Number(head.readBigUInt64LE(32));
  const [size, count] = [head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let index = 0; index < count; index++) {
    const at = offset + index * size;
    if (at + 4 > head.length || head.readUInt32LE(at) === PT_INTERP) return false;
  }
  return true;
}

/** Paths of all binaries of a tool when PATH has each of them in the pinned version; undefined otherwise. */
export async function findOnPath(
  tool: GoTool,
  environment: Environment = process.env,
): Promise<Map<BinaryName, string> | undefined> {
  const found = new Map<BinaryName, string>();
  for (const binary of tool.binaries) {
    if (binary.onPath === undefined) return undefined;
    for (const path of candidates(binary.onPath, environment)) {
      if (IN_IMAGES.includes(binary.name) && !isStaticElf(readHead(path))) continue;
      const probe = await execa(path, binary.probe, { reject: false, all: true, timeout: 10_000 });
      if (probe.exitCode === 0 && fits(binary, probe.all ?? "")) {
        found.set(binary.name, path);
        break;
      }
    }
    if (!found.has(binary.name)) return undefined;
  }
  return found;
}

function readHead(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(65_536);
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}

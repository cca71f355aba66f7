/** Where the files of images come from: the part of the toolchain that images are made of, and finding things in it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { LocalError } from "../errors.ts";

/** Programs of the toolchain that go into images. */
export type ProgramName = "buildkitd" | "buildctl" | "kaniko" | "coredns" | "registry" | "node-init";

/** What images are assembled from; the toolchain is one. */
export interface ImageInputs {
  /** absolute path of a built program; all of these are static */
  path(name: ProgramName): string;
  /** unpacked Debian packages of the embedded environment (runc, busybox-static and libraries) */
  readonly debianRoot: string;
  /** unpacked Debian packages of a minimal system */
  readonly baseRoot: string;
}

/** Where Debian's packages put programs, before or after the merge of / and /usr. */
const PROGRAM_FOLDERS = ["usr/bin", "bin", "usr/sbin", "sbin"];

/** Where Debian's amd64 packages put libraries; its dynamic loader looks in these without configuration. */
const LIBRARY_FOLDERS = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];

/** Path of a program in an unpacked root; throws when no package there has it. */
export function programIn(root: string, name: string): string {
  return findIn([root], PROGRAM_FOLDERS, name);
}

/** Path of a shared library (`libc.so.6`) in the first root that has it. */
export function libraryIn(roots: readonly string[], name: string): string {
  return findIn(roots, LIBRARY_FOLDERS, name);
}

function findIn(roots: readonly string[], folders: readonly string[], name: string): string {
  const candidates = roots.flatMap((root) => folders.map((folder) => join(root, folder, name)));
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new LocalError(`${name} is in none of the unpacked Debian packages (${roots.join(", ")})`, {
    hint: "delete that folder and start again: it is unpacked anew",
  });
}

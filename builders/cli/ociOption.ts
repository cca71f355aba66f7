/** `--output-oci`: the files that images are written to as OCI layouts, beside being pushed. */
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { PergolaError } from "../errors.ts";
import type { ImageGraph } from "../images/graph.ts";

/**
 * Image name -> absolute path of its tar archive. A directory gets one for each image; anything else is a file for one image.
 * @throws PergolaError usage
 */
export function ociFiles(graph: ImageGraph, given: string | undefined, workingDirectory: string): Map<string, string> {
  if (given === undefined) return new Map();
  const names = [...graph.images.keys()];
  const target = path.resolve(workingDirectory, given);
  const isDirectory = statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const folder = isDirectory ? target : path.dirname(target);
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new PergolaError(
      {
        code: "usage",
        message: `--output-oci ${given}: ${folder} cannot be written to (${(cause as NodeJS.ErrnoException).code}).`,
        hint: "Name a file in a directory that is there, or such a directory.",
      },
      { cause },
    );
  }
  if (isDirectory) return new Map(names.map((name) => [name, path.join(target, `${name.replaceAll("/", "-")}.tar`)]));
  if (names.length <= 1 && !given.endsWith("/")) return new Map(names.map((name) => [name, target]));
  throw new PergolaError({
    code: "usage",
    message: `--output-oci ${given} is not a directory, and ${names.length} images are built: ${names.join(", ")}.`,
    hint: "Name a directory that is there: each image gets a file in it.",
  });
}

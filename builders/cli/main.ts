#!/usr/bin/env node
/**
 * The command `pergola`. What Node compiles is kept in the cache: of a build without a change, compiling would be the longest
 * part. Where that folder cannot be written Node goes without it.
 */
import { enableCompileCache } from "node:module";
import path from "node:path";
import { cacheDirectory } from "../cacheDirectory.ts";

try {
  enableCompileCache(path.join(cacheDirectory(process.env), "compiled"));
} catch {
  // The folder has no valid name: whoever needs it says so.
}
import("./program.ts").then(({ run }) => run());

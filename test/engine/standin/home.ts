/** Puts a stand-in in the place of a provider's plugin. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @param home folder of Pulumi (PULUMI_HOME) @param plugin name and version of the plugin, as the program's SDK wants it
 * @param main file that serves the stand-in
 */
export function placeStandin(home: string, plugin: { name: string; version: string }, main: string): void {
  const folder = join(home, "plugins", `resource-${plugin.name}-v${plugin.version}`);
  mkdirSync(folder, { recursive: true });
  const words = [process.execPath, "--no-warnings", main].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const text = `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`;
  writeFileSync(join(folder, `pulumi-resource-${plugin.name}`), text, { mode: 0o755 });
}

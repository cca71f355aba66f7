/** The resource graph of a run in the form that is kept in golden/: one entry per resource, sorted by URN, without secrets. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { withoutSecrets } from "./monitor.ts";
import type { ProgramRun } from "./program.ts";

/** The graph as text. Ids of providers, which the engine makes up, are left out. */
export function graphText(run: ProgramRun): string {
  const resources = [...run.registrations]
    .sort((a, b) => (a.urn < b.urn ? -1 : 1))
    .map(({ urn, parent, provider, inputs, dependencies, protect, retainOnDelete, ignoreChanges }) => ({
      urn,
      ...(parent === "" ? {} : { parent }),
      ...(provider === "" ? {} : { provider: provider.split("::").slice(0, -1).join("::") }),
      ...(Object.keys(inputs).length === 0 ? {} : { inputs: withoutSecrets(inputs, "[secret]") }),
      ...(dependencies.length === 0 ? {} : { dependencies }),
      ...(protect ? { protect } : {}),
      ...(retainOnDelete ? { retainOnDelete } : {}),
      ...(ignoreChanges.length === 0 ? {} : { ignoreChanges }),
    }));
  const reads = run.reads.map(({ type, id }) => `${type}::${id}`).sort();
  return `${JSON.stringify({ reads, resources, outputs: run.outputs }, null, 2)}\n`;
}

/** The kept text for `name`; with UPDATE_GOLDEN=1, `text` is kept first. */
export function golden(name: string, text: string): string {
  const file = join(import.meta.dirname, "golden", `${name}.json`);
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

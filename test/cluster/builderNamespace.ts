/** A builder namespace of a test's own: its builders follow a BuildSetup of the test's, and the environment's are left alone. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clusterModes } from "../../builders/clusterModes.ts";
import type { BuildSetup } from "../../infra/setup.ts";
import { kubectl, type MODES, setupOf } from "./access.ts";
import { build, context } from "./environment.ts";

/** Makes the namespace, with the account that builds run as. It has no guardrails: builders reach what they like. */
export async function makeBuilderNamespace(name: string): Promise<void> {
  await kubectl(["apply", "--filename", "-"], { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await kubectl(["apply", "--filename", "-"], {
    ...{ apiVersion: "v1", kind: "ServiceAccount" },
    metadata: { name: "garden-in-cluster-builder", namespace: name },
  });
}

/** The environment's BuildSetup, for builders in `namespace` alone, with changes; the path of a file with it. */
export async function setupIn(namespace: string, change: (setup: BuildSetup) => void): Promise<string> {
  const setup = (await setupOf("cluster-buildkit")) as BuildSetup;
  for (const [, mode] of clusterModes(setup)) {
    mode.namespaces = mode.namespaces.slice(0, 1).map((one) => ({ ...one, name: namespace }));
  }
  change(setup);
  const file = join(await context({}), "setup.json");
  await writeFile(file, JSON.stringify(setup));
  return file;
}

/** Builds one image by a BuildSetup of {@link setupIn}. */
export async function buildIn(mode: (typeof MODES)[number], setup: string, args: readonly string[]) {
  const { code, result, stderr } = await build([...args, "--mode", mode, "--setup", setup, "--timeout", "100"]);
  return { code, image: result.images[0]!, stderr };
}

/** Whether a store holds an image afterwards: not every program that loads images tells of a failure. */
import { DIGEST, NODE } from "../../plan/load.ts";
import type { LoadPlan } from "../../plan/plan.ts";
import { ask } from "./ask.ts";
import { filled } from "./deliveries.ts";
import { lastLine } from "./program.ts";
import { StoreError } from "./storeError.ts";

type Verify = Pick<LoadPlan, "verify" | "references">;

/**
 * Asks the store, each node of it, for the image.
 * @param ids `sha256:...` of the image's manifest or index, and of its configuration: stores call an image by one of these
 * @throws Error when it is not there, or another one is
 */
export async function verifyLoaded(
  { verify, references }: Verify,
  nodes: readonly string[] | null,
  ids: readonly string[],
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const verifyIn = async (node: string | null): Promise<void> => {
    const argv = (words: readonly string[]) => (node === null ? [...words] : filled(words, NODE, node));
    const where = node === null ? "" : `node ${node}: `;
    const held = heldImages(verify.prints, await ask(argv(verify.argv), environment, signal), references);
    for (const reference of references) {
      const found = held.get(reference) ?? [];
      if (found.length === 0) {
        throw new StoreError(
          `${where}${reference} is not there, although loading did not fail`,
          "Load it by hand to see why",
        );
      }
      if (found.some((id) => ids.includes(id))) continue;
      const [digest = ""] = found;
      const manifest = verify.manifest === null ? null : argv(filled(verify.manifest, DIGEST, digest));
      const config = manifest === null ? null : configIn(await ask(manifest, environment, signal));
      if (config !== null && ids.includes(config)) continue;
      throw new StoreError(
        `${where}${reference} is ${digest} there, and not ${ids[0]}`,
        "See who else loads images by this name",
      );
    }
  };
  await Promise.all((nodes ?? [null]).map(verifyIn));
}

/** What a store says that it holds: reference -> identities. */
export function heldImages(
  prints: LoadPlan["verify"]["prints"],
  text: string,
  references: readonly string[],
): Map<string, string[]> {
  const held = new Map<string, string[]>();
  const add = (reference: string, id: string): void => {
    held.set(reference, [...(held.get(reference) ?? []), id.startsWith("sha256:") ? id : `sha256:${id}`]);
  };
  const lines = text.trim().split("\n");
  if (prints === "docker") {
    // One line for each reference, in their order; it fails when one is missing.
    for (const [at, id] of lines.entries()) if (id !== "") add(references[at] ?? "", id);
  } else if (prints === "ctr") {
    // REF TYPE DIGEST SIZE PLATFORMS LABELS
    for (const line of lines.slice(1)) {
      const [reference = "", , digest] = line.split(/\s+/);
      if (digest !== undefined) add(reference, digest);
    }
  } else {
    for (const { id, repoTags } of imagesOfMinikube(text)) for (const tag of repoTags ?? []) add(tag, id);
  }
  return held;
}

/** Of all nodes of the profile together (minikube, pkg/minikube/machine/cache_images.go). @throws Error */
function imagesOfMinikube(text: string): { id: string; repoTags?: string[] | null }[] {
  try {
    return JSON.parse(text) ?? [];
  } catch {
    throw new Error(`minikube's list of images is not JSON: ${lastLine(text) || "(nothing)"}`);
  }
}

/** Digest of the configuration that a manifest names; null for an index. */
function configIn(text: string): string | null {
  try {
    return (JSON.parse(text) as { config?: { digest?: string } }).config?.digest ?? null;
  } catch {
    return null;
  }
}

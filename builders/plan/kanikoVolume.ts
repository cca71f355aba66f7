/** Where the build context lies in a kaniko pod: in memory where that is small against what the container may use, else on disk. */
import type { Resources } from "../../infra/setup.ts";
import { quantityValue } from "../../infra/setupNames.ts";
import type { ContextEntry } from "../images/context.ts";

/**
 * Part of the container's memory that a context may take, as what is in a volume of memory counts as used by it
 * (kubernetes.io/docs/concepts/storage/volumes/#emptydir): kaniko and the steps keep the rest.
 */
const SHARE = 1 / 8;

/** What the kernel keeps of an entry beside its content, in bytes: its inode and its name, which count too. */
const ENTRY_BYTES = 1024;

/** Bytes that memory is handed out in: 4 KiB on amd64; other architectures have kernels with 64 KiB. */
const pageOf = (platform: string): number => (/^linux\/(?:amd64|386)\b/.test(platform) ? 4096 : 65_536);

/**
 * The volume's source. Files in memory are there at once, where a disk takes longer for each than it took to send. Without a limit
 * on memory its request counts, which the node has kept free for this pod; a container with neither keeps its context on disk.
 * @param entries what the context holds; not known if left out
 */
export function kanikoVolume(
  { limits, requests }: Resources,
  platform: string,
  entries: readonly Pick<ContextEntry, "size">[] | undefined,
): { readonly emptyDir: { readonly medium?: "Memory" } } {
  const memory = quantityValue(limits.memory ?? requests.memory ?? "0") ?? 0;
  if (entries === undefined) return { emptyDir: {} };
  const page = pageOf(platform);
  const bytes = entries.reduce((sum, { size }) => sum + Math.ceil(size / page) * page + ENTRY_BYTES, 0);
  return { emptyDir: bytes <= memory * SHARE ? { medium: "Memory" } : {} };
}

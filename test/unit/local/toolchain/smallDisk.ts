/** A disk that is soon full: a real one of 64 KiB, in a mount namespace that ends with the script that runs on it. */
import { execa } from "execa";

/** Runs an ES module's text with a disk of 64 KiB mounted on `folder`, whose path is in process.argv[1]. */
export function onSmallDisk(folder: string, script: string) {
  // Who is not root may mount in a user namespace of their own.
  const namespaces = process.getuid?.() === 0 ? ["--mount"] : ["--mount", "--map-root-user"];
  const mountAndRun = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" --input-type=module --eval "$3" -- "$1"';
  return execa("unshare", [...namespaces, "sh", "-c", mountAndRun, "sh", folder, process.execPath, script], {
    reject: false,
    timeout: 60_000,
  });
}

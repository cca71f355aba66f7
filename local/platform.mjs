// Whether this machine can run the embedded environment. Without dependencies: the bootstrap asks before anything else.

/** The oldest Node that the bootstrap itself was run on. */
const OLDEST_NODE = 20;

/**
 * What is wrong and what to do, as lines; undefined when the machine fits.
 * @param {{platform: string, arch: string, node: string, glibc: string | undefined}} machine
 */
export function platformProblem({ platform, arch, node, glibc }) {
  if (platform !== "linux" || arch !== "x64") {
    return `Linux on x64 is needed; this is ${platform} on ${arch}\n  next: use a Linux x64 machine or virtual machine, for example Debian 12`;
  }
  if (Number(node.split(".")[0]) < OLDEST_NODE) {
    return `Node ${OLDEST_NODE} or newer is needed to begin with; this is ${node}\n  next: install a newer Node (Node 24 for the rest is installed into the clone)`;
  }
  if (glibc === undefined) {
    return "a system with the GNU C library is needed; this one has another\n  next: use Debian 12";
  }
  return undefined;
}

/** The machine that this process runs on. */
export function thisMachine() {
  return {
    platform: process.platform,
    arch: process.arch,
    node: process.versions.node,
    glibc: process.report.getReport().header.glibcVersionRuntime,
  };
}

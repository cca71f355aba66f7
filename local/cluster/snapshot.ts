/**
 * What a machine looks like from outside of the environment: everything that a start could leave behind. Taken before
 * a start and after a stop, and compared.
 */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { ADDRESSES, CGROUP, POD_NETWORKS, SERVICE_NETWORK } from "./layout.ts";
import { KERNEL_SETTINGS } from "./nodeComponents.ts";

/** Kinds of things that are compared; each is a list of lines, or null where the machine does not tell. */
export const KINDS = [
  "mounts",
  "links",
  "addresses",
  "routes",
  "packet filter",
  "cgroups",
  "network namespaces",
  "kernel settings",
] as const;
export type SnapshotKind = (typeof KINDS)[number];
export type Snapshot = Readonly<Record<SnapshotKind, readonly string[] | null>>;

/** Programs that {@link takeSnapshot} runs, with their environment. */
export interface SnapshotPrograms {
  readonly ip: string;
  readonly nft: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Settings of the whole machine that a Kubernetes node is known to change. */
const SETTINGS = [...Object.keys(KERNEL_SETTINGS), "net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding"];

export async function takeSnapshot(programs: SnapshotPrograms): Promise<Snapshot> {
  const lines = async (program: string, ...given: string[]) => {
    try {
      const { stdout } = await promisify(execFile)(program, given, { env: programs.environment, maxBuffer: 1 << 26 });
      return stdout.split("\n").filter((line) => line.trim() !== "");
    } catch {
      return null;
    }
  };
  const mountinfo = await readFile("/proc/self/mountinfo", "utf8");
  const setting = async (name: string) => {
    const value = await readFile(`/proc/sys/${name}`, "utf8").catch(() => "none");
    return `${name} = ${value.trim()}`;
  };
  return {
    mounts: mountinfo.split("\n").filter(Boolean).map(mountLine),
    links: await readdir("/sys/class/net").catch(() => null),
    addresses: (await lines(programs.ip, "-oneline", "address", "show"))?.map(withoutLifetime) ?? null,
    routes: (await lines(programs.ip, "route", "show", "table", "all"))?.map(withoutLifetime) ?? null,
    "packet filter": await lines(programs.nft, "--stateless", "list", "ruleset"),
    cgroups: await cgroupDirectories(mountinfo),
    "network namespaces": await readdir("/run/netns").catch(() => []),
    "kernel settings": await Promise.all(SETTINGS.map(setting)),
  };
}

/** Source, type and place of a mountinfo line, without the numbers that differ each time. */
function mountLine(line: string): string {
  const [left = "", right = ""] = line.split(" - ");
  const [type, source] = right.split(" ");
  return `${left.split(" ")[4]} (${type} ${source} ${left.split(" ")[3]})`;
}

/** Leases count down; that is no change. */
function withoutLifetime(line: string): string {
  return line
    .replace(/\s+valid_lft.*$/, "")
    .replace(/\s+expires \S+/, "")
    .replaceAll("\\", "")
    .trim();
}

async function cgroupDirectories(mountinfo: string): Promise<string[]> {
  const points = mountinfo.split("\n").flatMap((line) => {
    const [left, right = ""] = line.split(" - ");
    return /^cgroup2? /.test(right) ? [left!.split(" ")[4]!] : [];
  });
  const below = async (directory: string): Promise<string[]> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => `${directory}/${entry.name}`);
    return [...folders, ...(await Promise.all(folders.map(below))).flat()];
  };
  return (await Promise.all([...new Set(points)].map(below))).flat().sort();
}

/** Lines that are only in one of two snapshots. */
export interface Difference {
  readonly kind: SnapshotKind;
  /** there now and not before, and bearing a mark of the environment: must be empty after a stop */
  readonly left: readonly string[];
  /** other changes of the time in between, `+ line` and `- line`: nothing shows that they are the environment's */
  readonly unrelated: readonly string[];
  /** false when the machine did not tell, before or after */
  readonly compared: boolean;
}

/** Compares two snapshots; `marks` are texts by which the environment's own things are known. */
export function compareSnapshots(before: Snapshot, after: Snapshot, marks: readonly string[]): Difference[] {
  return KINDS.map((kind) => {
    const [old, now] = [before[kind], after[kind]];
    if (old === null || now === null) return { kind, left: [], unrelated: [], compared: false };
    const added = now.filter((line) => !old.includes(line));
    const removed = old.filter((line) => !now.includes(line));
    const ours = (line: string) => marks.some((mark) => line.includes(mark));
    const others = added.filter((line) => !ours(line));
    return {
      kind,
      left: added.filter(ours),
      unrelated: [...others.map((line) => `+ ${line}`), ...removed.map((line) => `- ${line}`)],
      compared: true,
    };
  });
}

/** Marks of the environment with this state folder. */
export function environmentMarks(stateRoot: string): string[] {
  const network = (range: string) => range.slice(0, range.lastIndexOf(".") + 1);
  const addresses = [
    network(`${ADDRESSES.ctl}/24`),
    ...Object.values(POD_NETWORKS).map(network),
    network(SERVICE_NETWORK),
  ];
  return [stateRoot, CGROUP, ...addresses];
}

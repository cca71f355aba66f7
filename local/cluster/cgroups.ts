/**
 * The machine's cgroup hierarchies and the environment's part of them. Version 1 and hybrid machines have
 * one hierarchy per controller; version 2 has one for all (written from the kernel's document
 * Documentation/admin-guide/cgroup-v2.rst; not tried on such a machine yet).
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CGROUP, MEMBERS, type Member } from "./layout.ts";

/** One mounted hierarchy that the environment uses. */
export interface Hierarchy {
  readonly mountPoint: string;
  readonly version: 1 | 2;
  /** mount data that joins the same hierarchy again, for example `memory` or `name=systemd`; empty for version 2 */
  readonly data: string;
}

/** Options that a version 1 mount shows but that do not select the hierarchy. */
const OTHER_OPTIONS = /^(rw|ro|xattr|noprefix|clone_children|cpuset_v2_mode|release_agent=.*|favordynmods)$/;

/**
 * Hierarchies from the text of `/proc/self/mountinfo` (fields: proc(5)). When there are version 1 hierarchies,
 * a version 2 one beside them (hybrid) has no controllers of use and is left out.
 */
export function parseHierarchies(mountinfo: string): Hierarchy[] {
  const found: Hierarchy[] = [];
  for (const line of mountinfo.split("\n")) {
    const [left, right] = line.split(" - ");
    const mountPoint = left?.split(" ")[4];
    const [type, , options = ""] = right?.split(" ") ?? [];
    if (mountPoint === undefined) continue;
    if (type === "cgroup2") found.push({ mountPoint, version: 2, data: "" });
    if (type === "cgroup") {
      const data = options.split(",").filter((option) => !OTHER_OPTIONS.test(option));
      found.push({ mountPoint, version: 1, data: data.join(",") });
    }
  }
  const first = found.filter((hierarchy) => hierarchy.version === 1);
  const unique = new Map((first.length > 0 ? first : found).map((hierarchy) => [hierarchy.data, hierarchy]));
  return [...unique.values()];
}

/** All cgroup mount points, including the version 2 one of a hybrid machine, deepest first. */
export function cgroupMountPoints(mountinfo: string): string[] {
  const points = mountinfo.split("\n").flatMap((line) => {
    const [left, right] = line.split(" - ");
    return /^cgroup2? /.test(right ?? "") ? [left!.split(" ")[4]!] : [];
  });
  return [...new Set(points)].sort((a, b) => b.length - a.length);
}

export async function readHierarchies(): Promise<Hierarchy[]> {
  return parseHierarchies(await readFile("/proc/self/mountinfo", "utf8"));
}

/** Members, and the place for processes that stay in the host's namespaces (the forwarders). */
export type CgroupPart = Member | "forwarders";
const PARTS: readonly CgroupPart[] = [...MEMBERS, "forwarders"];

/** Directories of one part, in all hierarchies. */
export function cgroupDirectories(hierarchies: readonly Hierarchy[], part: CgroupPart): string[] {
  return hierarchies.map((hierarchy) => join(hierarchy.mountPoint, CGROUP, part));
}

/** Controllers that a version 2 node needs; those that are not on offer are left out. */
const CONTROLLERS = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"];

/** Makes the environment's cgroups. Nothing is moved into them here. */
export async function createCgroups(hierarchies: readonly Hierarchy[]): Promise<void> {
  for (const hierarchy of hierarchies) {
    const top = join(hierarchy.mountPoint, CGROUP);
    for (const directory of [top, ...PARTS.map((part) => join(top, part))]) {
      if (hierarchy.version === 2) await offerControllers(join(directory, ".."));
      await mkdir(directory, { recursive: true });
      // A version 1 cpuset starts empty and refuses processes until it has CPUs and memory nodes (cpusets.rst).
      for (const file of ["cpuset.cpus", "cpuset.mems"])
        if (hierarchy.version === 1 && existsSync(join(directory, file)))
          await writeFile(join(directory, file), await readFile(join(directory, "..", file)));
    }
  }
}

async function offerControllers(directory: string): Promise<void> {
  const read = async (file: string) => (await readFile(join(directory, file), "utf8")).trim().split(/\s+/);
  const [available, offered] = [await read("cgroup.controllers"), await read("cgroup.subtree_control")];
  const missing = CONTROLLERS.filter((name) => available.includes(name) && !offered.includes(name));
  if (missing.length === 0) return;
  await writeFile(join(directory, "cgroup.subtree_control"), missing.map((name) => `+${name}`).join(" "));
}

/** All directories of the environment, deepest first. */
export async function listCgroups(hierarchies: readonly Hierarchy[]): Promise<string[]> {
  const below = async (directory: string): Promise<string[]> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    const inner = await Promise.all(entries.filter((e) => e.isDirectory()).map((e) => below(join(directory, e.name))));
    return [...inner.flat(), directory];
  };
  const tops = hierarchies.map((hierarchy) => join(hierarchy.mountPoint, CGROUP)).filter((top) => existsSync(top));
  return (await Promise.all(tops.map(below))).flat();
}

/** PIDs of all processes in the environment's cgroups: everything that it ever started and that still lives. */
export async function listProcesses(hierarchies: readonly Hierarchy[]): Promise<number[]> {
  const lists = (await listCgroups(hierarchies)).map((directory) =>
    readFile(join(directory, "cgroup.procs"), "utf8").catch(() => ""),
  );
  const pids = (await Promise.all(lists)).flatMap((text) => text.split("\n").filter(Boolean).map(Number));
  return [...new Set(pids)].filter((pid) => pid > 0);
}

/** Removes what is empty of the environment's cgroups and returns what could not be removed. */
export async function removeCgroups(hierarchies: readonly Hierarchy[]): Promise<string[]> {
  for (const directory of await listCgroups(hierarchies)) await rmdir(directory).catch(() => {});
  return listCgroups(hierarchies);
}

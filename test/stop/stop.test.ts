import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "..", "..");
const state = dirname(process.env.PERGOLA_TEST_KUBECONFIG ?? "/missing/PERGOLA_TEST_KUBECONFIG");

/** Of each process that still lives: command line and network namespace. Zombies have neither. */
function processes(): { pid: string; command: string; network: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid, command, network: readlinkSync(`/proc/${pid}/ns/net`) }];
      } catch {
        return [];
      }
    });
}

/** Directories named like the environment's cgroup, in any hierarchy. */
function cgroups(folder = "/sys/fs/cgroup", depth = 0): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const path = join(folder, name);
      return name === "pergola-local" ? [path] : depth < 1 ? cgroups(path, depth + 1) : [];
    });
}

const links = () => readdirSync("/sys/class/net").sort();
const routes = () => readFileSync("/proc/net/route", "utf8");
const forwarding = () => readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8");

describe("npm stop", () => {
  let before: { links: string[]; routes: string; forwarding: string };
  let networks: Set<string>;
  let report: { found: boolean; checks: { what: string; left: string[] }[] };

  beforeAll(async () => {
    const kubelet = processes().filter(({ command }) => command.includes(state));
    expect(kubelet.length, "the environment has to run, or nothing is shown").toBeGreaterThan(0);
    networks = new Set(kubelet.map(({ network }) => network));
    networks.delete(readlinkSync("/proc/self/ns/net"));
    before = { links: links(), routes: routes(), forwarding: forwarding() };
    const args = [join(repository, "local", "bootstrap.mjs"), "stop", "--keep-caches", "--output", "json"];
    const { stdout } = await execa(process.execPath, args, { stdin: "ignore" });
    report = JSON.parse(stdout);
  });

  it("says what it looked for, and that nothing of it is left", () => {
    expect(report.found).toBe(true);
    expect(report.checks.map(({ what }) => what).join(" ")).toMatch(/process.*mount.*link|link.*mount/s);
    expect(report.checks.filter(({ left }) => left.length > 0)).toEqual([]);
  });

  it("leaves no process, neither by its command line nor in one of the nodes' networks", () => {
    const left = processes().filter(({ command, network }) => command.includes(`${state}/`) || networks.has(network));
    expect(left).toEqual([]);
  });

  it("leaves no mount, cgroup or file", () => {
    expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain(state);
    expect(cgroups()).toEqual([]);
    expect(existsSync(state)).toBe(false);
  });

  it("did not touch the host's links, routes and forwarding, neither while it ran nor by stopping", () => {
    expect({ links: links(), routes: routes(), forwarding: forwarding() }).toEqual(before);
    expect(before.links.filter((name) => /^(br0|veth|cni|v-)/.test(name))).toEqual([]);
  });

  it("has nothing to do the second time, and says so", async () => {
    const args = [join(repository, "local", "bootstrap.mjs"), "stop", "--keep-caches"];
    const { stderr } = await execa(process.execPath, args, { stdin: "ignore" });
    expect(stderr).toContain("nothing to stop");
  });
});

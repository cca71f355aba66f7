import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { startCluster, stopCluster } from "../../local/cluster/index.ts";
import { environmentMarks } from "../../local/cluster/snapshot.ts";
import type { LocalError } from "../../local/errors.ts";
import { Progress } from "../../local/progress.ts";
import { type BinaryName, findToolchain } from "../../local/toolchain/index.ts";

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

/** What `npm start` wrote down before it made anything: lists of lines, and the programs that told them. */
interface Recorded {
  before: Record<string, string[] | null>;
  programs: { ip: string; nft: string };
  environment: Record<string, string>;
}

/** What of the host Kubernetes is known to change, in the words of the start's record. */
async function hostNetwork({ programs, environment }: Recorded): Promise<Record<string, string[]>> {
  const lines = async (program: string, args: string[]) => {
    const { stdout } = await execa(program, args, { env: environment, extendEnv: false });
    return stdout.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line]));
  };
  const forwarding = readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim();
  return {
    links: readdirSync("/sys/class/net").sort(),
    routes: (await lines(programs.ip, ["route", "show", "table", "all"])).map((line) => line.trim()).sort(),
    "packet filter": await lines(programs.nft, ["--stateless", "list", "ruleset"]),
    forwarding: [`net/ipv4/ip_forward = ${forwarding}`],
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .flatMap((line) => line.split(" ")[4] ?? [])
      .sort(),
  };
}

/** The same of the time before the start. */
function hostBefore({ before }: Recorded): Record<string, string[] | undefined> {
  return {
    links: before.links?.toSorted(),
    routes: before.routes?.toSorted(),
    "packet filter": before["packet filter"] ?? undefined,
    forwarding: before["kernel settings"]?.filter((line) => line.startsWith("net/ipv4/ip_forward ")),
    mounts: before.mounts?.map((line) => line.split(" ")[0]!).sort(),
  };
}

/**
 * Of what was seen, the lines that an environment could have made: they bear its marks or the name of a link of its own,
 * or a name that Kubernetes gives. The rest of a machine (routes that its router announces, a login's mounts, Docker's
 * bridges) changes by itself. The setting stays whatever it says.
 */
function traces(seen: Record<string, string[] | undefined>): Record<string, string[] | undefined> {
  const marks = environmentMarks(state);
  const isTrace = (line: string) =>
    /\b(kube|cni)|ip_forward|^(br0|apps|builder)$/i.test(line) || marks.some((mark) => line.includes(mark));
  return Object.fromEntries(Object.entries(seen).map(([kind, lines]) => [kind, lines?.filter(isTrace)]));
}

/** Tables of the older packet filter, which nft does not show; the file is only there when the kernel has it. */
function olderTables(): string {
  const file = "/proc/net/ip_tables_names";
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

describe("npm stop", () => {
  let recorded: Recorded;
  let running: { network: Record<string, string[]>; tables: string };
  let networks: Set<string>;
  let report: { found: boolean; checks: { what: string; left: string[]; compared: boolean }[] };

  beforeAll(async () => {
    const kubelet = processes().filter(({ command }) => command.includes(state));
    expect(kubelet.length, "the environment has to run, or nothing is shown").toBeGreaterThan(0);
    networks = new Set(kubelet.map(({ network }) => network));
    networks.delete(readlinkSync("/proc/self/ns/net"));
    recorded = JSON.parse(readFileSync(join(state, "owner.json"), "utf8"));
    running = { network: await hostNetwork(recorded), tables: olderTables() };
    const args = [join(repository, "local", "bootstrap.mjs"), "stop", "--keep-caches", "--output", "json"];
    const { stdout } = await execa(process.execPath, args, { stdin: "ignore" });
    report = JSON.parse(stdout);
  });

  it("says what it looked for, and that nothing of it is left", () => {
    expect(report.found).toBe(true);
    expect(report.checks.map(({ what }) => what).join(" ")).toMatch(/process.*mount.*link|link.*mount/s);
    expect(report.checks.filter(({ left }) => left.length > 0)).toEqual([]);
  });

  it("compared everything with the time before the start: nothing is called clean that was not looked at", () => {
    expect(report.checks.filter(({ compared }) => !compared)).toEqual([]);
    const compared = report.checks.map(({ what }) => what);
    const kinds = ["processes", "namespaces", "files", ...Object.keys(recorded.before)];
    expect(compared.sort()).toEqual(kinds.sort());
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

  it("is in no link, route, packet filter, setting or mount of the host, neither while it runs nor afterwards", async () => {
    const before = traces(hostBefore(recorded));
    expect(traces(running.network), "while it ran").toEqual(before);
    expect(traces(await hostNetwork(recorded)), "after the stop").toEqual(before);
    expect(olderTables(), "tables of iptables").toBe(running.tables);
  });

  it("has nothing to do the second time, and says so", async () => {
    const args = [join(repository, "local", "bootstrap.mjs"), "stop", "--keep-caches"];
    const { stderr } = await execa(process.execPath, args, { stdin: "ignore" });
    expect(stderr).toContain("nothing to stop");
  });

  it("without --keep-caches deletes what it keeps in the cache, the folder too, and nothing of others", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "pergola-caches-"));
    try {
      const [ours, shared] = [join(scratch, "ours"), join(scratch, "shared")];
      for (const cache of [ours, shared]) mkdirSync(join(cache, "toolchain", "kubernetes-1"), { recursive: true });
      mkdirSync(join(shared, "somebody-else"));
      for (const cache of [ours, shared]) {
        const args = [join(repository, "local", "bootstrap.mjs"), "stop"];
        const { stderr } = await execa(process.execPath, args, { stdin: "ignore", env: { PERGOLA_CACHE: cache } });
        expect(stderr).toContain(cache);
      }
      expect(existsSync(ours)).toBe(false);
      expect(readdirSync(shared)).toEqual(["somebody-else"]);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
});

it("a start whose component does not come up says its last lines, keeps its log, and takes everything back", async () => {
  const scratch = mkdtempSync(join(tmpdir(), "pergola-failed-start-"));
  const quiet = new Progress({ stream: { write: () => true } });
  const failing = { state: join(scratch, "state"), progress: quiet };
  try {
    const kubernetes = join(scratch, "kubernetes");
    writeFileSync(kubernetes, "#!/bin/sh\necho 'unknown flag: --colour' >&2\nexit 1\n", { mode: 0o755 });
    const toolchain = (await findToolchain())!;
    const broken = {
      ...toolchain,
      path: (name: BinaryName) => (name === "kubernetes" ? kubernetes : toolchain.path(name)),
    };
    const start = startCluster({ ...failing, toolchain: broken, images: { all: [] }, enforcePolicies: false });
    const error: LocalError = await start.then(
      () => expect.unreachable("it started"),
      (caught) => caught,
    );
    expect(error.message).toContain("unknown flag: --colour");
    expect(readFileSync(error.log!, "utf8")).toContain("unknown flag: --colour");
    expect(processes().filter(({ command }) => command.includes(`${failing.state}/`))).toEqual([]);
    expect(cgroups()).toEqual([]);
    expect(readdirSync(failing.state).filter((name) => name !== ".pergola-state")).toEqual(["failed-start"]);
    await stopCluster(failing);
    expect(existsSync(failing.state)).toBe(false);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compareSnapshots, environmentMarks, type Snapshot, takeSnapshot } from "../../../../local/cluster/snapshot.ts";

const empty: Snapshot = {
  mounts: [],
  links: ["lo", "eth0"],
  addresses: [],
  routes: [],
  "packet filter": [],
  cgroups: [],
  "network namespaces": [],
  "kernel settings": [],
};
const compare = (before: Partial<Snapshot>, after: Partial<Snapshot>) => {
  const marks = environmentMarks("/home/somebody/state");
  const all = compareSnapshots({ ...empty, ...before }, { ...empty, ...after }, marks);
  return Object.fromEntries(all.map((difference) => [difference.kind, difference]));
};

describe("comparing the machine before and after", () => {
  test.each([
    { kind: "mounts", line: "/home/somebody/state/apps/var (ext4 /dev/vda /)" },
    { kind: "cgroups", line: "/sys/fs/cgroup/memory/pergola-local/apps" },
    { kind: "routes", line: "10.89.12.0/24 via 172.30.0.12 dev eth0" },
    { kind: "addresses", line: "7: br0 inet 172.30.0.1/24 scope global br0" },
    { kind: "packet filter", line: "ip daddr 10.96.0.10 counter" },
  ] as const)("$kind of the environment are seen as left", ({ kind, line }) => {
    expect(compare({}, { [kind]: [line] })[kind]).toMatchObject({ left: [line], unrelated: [] });
  });

  test("what was there before is not left behind, even when it bears a mark", () => {
    const routes = ["172.30.0.0/16 dev docker0"];
    expect(compare({ routes }, { routes }).routes).toEqual({ kind: "routes", left: [], unrelated: [], compared: true });
  });

  test("other programs' changes are told apart, in both directions", () => {
    const links = compare({ links: ["lo", "veth1"] }, { links: ["lo", "docker0"] }).links;
    expect(links).toMatchObject({ left: [], unrelated: ["+ docker0", "- veth1"] });
  });

  test("a machine that does not tell is not called clean", () => {
    expect(compare({ "packet filter": null }, {})["packet filter"]?.compared).toBe(false);
  });
});

test("what counts down by itself is no part of a snapshot", async () => {
  const scratch = mkdtempSync(join(tmpdir(), "pergola-snapshot-"));
  try {
    const ip = join(scratch, "ip");
    const route = "default via fe80::1 dev eth0 proto ra metric 100";
    writeFileSync(ip, `#!/bin/sh\necho "${route} expires 1796sec hoplimit 64 pref medium"\n`, { mode: 0o755 });
    const { routes } = await takeSnapshot({ ip, nft: "/missing", environment: {} });
    expect(routes).toEqual([`${route} hoplimit 64 pref medium`]);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

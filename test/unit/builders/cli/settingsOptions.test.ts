import { describe, expect, it } from "vitest";
import { parseCacheRequest, parseSettings } from "../../../../builders/cli/settingsOptions.ts";
import { NO_SETTINGS, SBOM_GENERATOR } from "../../../../builders/images/settings.ts";
import { errorOf } from "../samples.ts";

describe("flags for every image of a run", () => {
  it.each<[string, Parameters<typeof parseSettings>[0], Partial<typeof NO_SETTINGS>]>([
    ["none", {}, {}],
    ["labels; the last of a key wins", { label: ["a=1", "b=x=y", "a=", "c="] }, { labels: { a: "", b: "x=y", c: "" } }],
    [
      "annotations of manifest and index",
      { annotation: ["a.b=c", "manifest:d=e:f", "index:g="] },
      {
        annotations: [
          { level: "manifest", key: "a.b", value: "c" },
          { level: "manifest", key: "d", value: "e:f" },
          { level: "index", key: "g", value: "" },
        ],
      },
    ],
    ["no network", { network: "none" }, { network: "none" }],
    ["the default network", { network: "default" }, {}],
    [
      "hosts in both of Docker's forms",
      { addHost: ["db=10.0.0.1", "DB.test:10.0.0.2", "six=::1", "six:[::1]"] },
      {
        addHosts: [
          { name: "db", address: "10.0.0.1" },
          { name: "db.test", address: "10.0.0.2" },
          { name: "six", address: "::1" },
          { name: "six", address: "::1" },
        ],
      },
    ],
    ["provenance as buildx writes it", { provenance: "mode=max" }, { provenance: "max" }],
    ["provenance in short", { provenance: "min" }, { provenance: "min" }],
    ["provenance as a switch", { provenance: "true" }, { provenance: "min" }],
    ["no attestations", { provenance: "false", sbom: "false" }, {}],
    ["an SBOM by BuildKit's own program", { sbom: "true" }, { sbom: SBOM_GENERATOR }],
    ["network host", { network: "host" }, { network: "host" }],
    ["an SBOM by another program", { sbom: "generator=host/scan:1" }, { sbom: "host/scan:1" }],
  ])("%s", (_, flags, expected) => {
    const { ssh: _ssh, ...settings } = NO_SETTINGS;
    expect(parseSettings(flags)).toEqual({ ...settings, ...expected });
  });

  it.each<[string, Parameters<typeof parseSettings>[0], string]>([
    ["a label without a value", { label: ["a"] }, "usage"],
    ["a label without a key", { label: ["=a"] }, "usage"],
    ["an annotation key that buildctl would change", { annotation: ["Org.x=y"] }, "usage"],
    ["a key with a space", { annotation: ["a b=y"] }, "usage"],
    ["another network", { network: "bridge" }, "usage"],
    ["a host without an address", { addHost: ["db"] }, "usage"],
    ["a host whose address is a name", { addHost: ["db=host-gateway"] }, "usage"],
    ["another kind of provenance", { provenance: "mode=all" }, "usage"],
    ["another kind of SBOM", { sbom: "scanner" }, "usage"],
    ["an SBOM program with further fields", { sbom: "generator=a,b=c" }, "usage"],
  ])("%s is refused", (_, flags, code) => {
    expect(errorOf(() => parseSettings(flags)).code).toBe(code);
  });
});

describe("caches on the command line", () => {
  it("are tags, with a mode for those that are written", () => {
    expect(
      parseCacheRequest({ cacheTo: ["_buildcache-x", "y,mode=inline"], cacheFrom: ["_buildcache", "main"] }),
    ).toEqual({
      to: [
        { tag: "_buildcache-x", mode: "auto" },
        { tag: "y", mode: "inline" },
      ],
      from: ["_buildcache", "main"],
    });
    expect(parseCacheRequest({})).toEqual({ to: [], from: [] });
  });

  it.each([
    [{ cacheTo: ["feature/x"] }],
    [{ cacheTo: ["x,mode=most"] }],
    [{ cacheTo: ["x,y"] }],
    [{ cacheTo: [""] }],
    [{ cacheTo: ["type=registry,ref=host/x"] }],
    [{ cacheFrom: ["host/x:y"] }],
    [{ cacheFrom: ["x,mode=max"] }],
  ])("%j is refused", (flags) => {
    expect(errorOf(() => parseCacheRequest(flags))).toMatchObject({ code: "usage", hint: expect.stringMatching(/./) });
  });
});

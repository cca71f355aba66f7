import { describe, expect, it } from "vitest";
import {
  checkGoSettings,
  checkGoVersion,
  compareGoReleases,
  explainGoFailure,
  goCaches,
  goEnvironment,
  goRelease,
  refusedSettings,
  requiredGo,
} from "../../../../local/toolchain/goSettings.ts";

describe("Go releases", () => {
  it.each([
    ["go1.26.8", "1.26.8"],
    ["go1.26.8 X:nocoverageredesign", "1.26.8"],
    ["go1.27rc1", "1.27rc1"],
    ["devel go1.27-abcdef", undefined],
  ])("reads %s", (printed, release) => {
    expect(goRelease(printed)).toBe(release);
  });

  it("orders them as numbers, candidates before the release", () => {
    const sorted = ["1.9", "1.26", "1.26.2", "1.26.10", "1.27beta1", "1.27rc1", "1.27"];
    expect([...sorted].reverse().sort(compareGoReleases)).toEqual(sorted);
  });

  it("reads what a go.mod needs", () => {
    expect(requiredGo("module a\n\ngo 1.26.8\n\nrequire b v1.0.0\n")).toBe("1.26.8");
  });

  it("accepts the needed one and newer ones", () => {
    expect(() => checkGoVersion("go1.26.8", "1.26.8")).not.toThrow();
    expect(() => checkGoVersion("go1.27.0", "1.26.8")).not.toThrow();
  });

  it.each([
    [undefined, "there is no go on PATH"],
    ["go1.19.8", "found go1.19.8"],
    ["go1.26.7", "found go1.26.7"],
  ])("says what is needed when it finds %s", (found, text) => {
    expect(() => checkGoVersion(found, "1.26.8")).toThrow(text);
    expect(() => checkGoVersion(found, "1.26.8")).toThrow("Go 1.26.8 or newer is needed");
  });
});

describe("settings that turn checksum verification off", () => {
  it.each([
    [{ GOSUMDB: "off" }, {}, "GOSUMDB=off"],
    [{ GONOSUMDB: "*" }, {}, "GONOSUMDB=*"],
    [{ GONOSUMDB: "example.com", GOPRIVATE: "example.com" }, { GONOSUMDB: "example.com" }, "GONOSUMDB=example.com"],
    [{}, { GONOSUMCHECK: "1" }, "GONOSUMCHECK=1"],
    [{ GOINSECURE: "*" }, {}, "GOINSECURE=*"],
    [{ GOFLAGS: "-mod=mod -insecure" }, {}, "GOFLAGS=-mod=mod -insecure"],
  ])("refuses %j in an environment of %j", (settings, environment, refused) => {
    expect(refusedSettings(settings, environment)).toEqual([refused]);
    expect(() => checkGoSettings(settings, environment)).toThrow(refused);
  });

  it.each([
    [{}],
    [{ GOSUMDB: "sum.golang.org", GOPROXY: "https://proxy.example.com", GOFLAGS: "-buildvcs=false" }],
    // `go env` shows a company's GOPRIVATE as GONOSUMDB too.
    [{ GOPRIVATE: "*.example.com", GONOSUMDB: "*.example.com", GOINSECURE: "" }],
  ])("accepts %j", (settings) => {
    expect(refusedSettings(settings, {})).toEqual([]);
  });

  it("says how to undo it", () => {
    try {
      checkGoSettings({ GOSUMDB: "off" }, {});
      expect.unreachable();
    } catch (error) {
      expect((error as { hint?: string }).hint).toBe("unset it: unset GOSUMDB; go env -u GOSUMDB");
    }
  });
});

describe("the environment of a build", () => {
  const build = (environment: Record<string, string>, settings = {}) =>
    goEnvironment(settings, goCaches("/cache/build", environment), "/cache/build/tmp", environment);

  it("has none of the user's Go settings but the proxy, the checksum database and its credentials", () => {
    const settings = {
      GOPROXY: "https://proxy.example.com",
      GOSUMDB: "sum.golang.org",
      GOAUTH: "netrc",
      GOFLAGS: "-race",
    };
    const environment = build(
      { GOFLAGS: "-race", GOARCH: "arm64", CGO_ENABLED: "1", GOEXPERIMENT: "x", CC: "clang" },
      settings,
    );
    expect(environment).toMatchObject({
      GOPROXY: "https://proxy.example.com",
      GOSUMDB: "sum.golang.org",
      GOAUTH: "netrc",
      GOENV: "off",
      GOTOOLCHAIN: "local",
      GOARCH: "amd64",
      CGO_ENABLED: "0",
    });
    expect(environment.GOFLAGS).not.toContain("-race");
    expect(environment).not.toHaveProperty("GOEXPERIMENT");
    expect(environment).not.toHaveProperty("CC");
  });

  it("keeps what else the user has, such as proxies", () => {
    expect(build({ HTTPS_PROXY: "http://proxy:3128", PATH: "/bin" })).toMatchObject({
      HTTPS_PROXY: "http://proxy:3128",
      PATH: "/bin",
    });
  });

  it("uses Go caches below the cache, and drops them", () => {
    expect(goCaches("/cache/build", {})).toEqual({
      buildCache: "/cache/build/gocache",
      moduleCache: "/cache/build/gomodcache",
      ownBuildCache: true,
      ownModuleCache: true,
    });
  });

  it("uses and keeps Go caches that the user names", () => {
    expect(goCaches("/cache/build", { GOCACHE: "/a", GOMODCACHE: "/b" })).toEqual({
      buildCache: "/a",
      moduleCache: "/b",
      ownBuildCache: false,
      ownModuleCache: false,
    });
    expect(build({ GOCACHE: "/a", GOMODCACHE: "/b" })).toMatchObject({ GOCACHE: "/a", GOMODCACHE: "/b" });
  });
});

describe("a failed build", () => {
  it.each([
    ["link: writing output: write $WORK/a.out: no space left on device", "the disk is full (/cache)", "PERGOLA_CACHE"],
    [
      'go: example.com/a@v1.0.0: Get "https://modules.example.org/a": dial tcp: lookup modules.example.org: no such host',
      "the Go module proxy cannot be reached",
      "GOPROXY",
    ],
    [
      "go: a.dev@v0.46.1: reading https://modules.example.org/a.dev/@v/v0.46.1.info: 403 Forbidden\n\tserver response: not available",
      "the Go module proxy does not serve a module: go: a.dev@v0.46.1",
      "GOPROXY",
    ],
    [
      "verifying a@v1.0.0: checksum mismatch\n\nSECURITY ERROR",
      "a module is not the one that was pinned",
      "do not go on",
    ],
    ["k8s.io/api/core/v1: /go/compile: signal: killed", "go ran out of memory", "free memory"],
    [
      "go: downloading a v1.0.0\nk8s.io/api/core/v1\nmain.go:3:1: syntax error",
      "main.go:3:1: syntax error",
      "see the log",
    ],
  ])("explains %j", (output, message, hint) => {
    const explained = explainGoFailure("tool 1.0", output, ["/cache"]);
    expect(explained.message).toContain("tool 1.0");
    expect(explained.message).toContain(message);
    expect(explained.hint).toContain(hint);
  });
});

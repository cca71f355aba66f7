/**
 * What the installed Go is and how it is set up, and the environment that builds run in. Pure: data in, data out.
 *
 * Checksum verification is never off. A setting that turns it off is an error rather than silently overridden: whoever
 * set it should know that it has no effect on what is built here. GOPRIVATE and GONOPROXY name a company's own modules,
 * of which none is built here; they are ignored. GOPROXY, GOSUMDB (other than off) and GOAUTH are taken over.
 */
import { LocalError } from "../errors.ts";
import { DISK_FULL_HINT } from "./cache.ts";

/** The variables that are read with `go env -json`; it merges the environment with the user's `go env -w` file. */
export const GO_SETTINGS = [
  "GOVERSION",
  "GOHOSTOS",
  "GOHOSTARCH",
  "GOPROXY",
  "GOSUMDB",
  "GONOSUMDB",
  "GOPRIVATE",
  "GOINSECURE",
  "GOFLAGS",
  "GOAUTH",
] as const;

export type GoSettings = Readonly<Partial<Record<(typeof GO_SETTINGS)[number], string>>>;

/** "go1.26.8" -> "1.26.8"; "go1.27rc1" -> "1.27rc1"; undefined for what is no release (a development build). */
export function goRelease(version: string): string | undefined {
  return /^go(\d+\.\d+(?:\.\d+)?(?:(?:rc|beta)\d+)?)\b/.exec(version.trim())?.[1];
}

/** Negative, 0 or positive as `a` is older than, the same as or newer than `b`; a release candidate is older than its release. */
export function compareGoReleases(a: string, b: string): number {
  const parts = (release: string): number[] => {
    const [, major = "0", minor = "0", patch = "0", kind = "", number = "0"] =
      /^(\d+)\.(\d+)(?:\.(\d+))?(?:(rc|beta)(\d+))?$/.exec(release) ?? [];
    const stage = kind === "beta" ? 0 : kind === "rc" ? 1 : 2;
    return [Number(major), Number(minor), Number(patch), stage, Number(number)];
  };
  const [left, right] = [parts(a), parts(b)];
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The version in a go.mod's `go` line: the oldest Go that may build it. */
export function requiredGo(goMod: string): string {
  const line = /^go (\S+)$/m.exec(goMod)?.[1];
  if (line === undefined) throw new Error("go.mod has no go line");
  return line;
}

const WHERE_GO = "get it from https://go.dev/dl/ and put its bin folder first on PATH";

/** Throws when the Go that was found (undefined: none) cannot build what needs `needed`. */
export function checkGoVersion(found: string | undefined, needed: string): void {
  if (found === undefined) {
    throw new LocalError(`Go ${needed} or newer is needed to build the toolchain; there is no go on PATH`, {
      hint: WHERE_GO,
    });
  }
  const release = goRelease(found);
  if (release === undefined || compareGoReleases(release, needed) < 0) {
    throw new LocalError(`Go ${needed} or newer is needed to build the toolchain; found ${found}`, { hint: WHERE_GO });
  }
}

/** One line per setting that turns checksum verification off. */
export function refusedSettings(
  settings: GoSettings,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const refused: string[] = [];
  if (settings.GOSUMDB === "off") refused.push("GOSUMDB=off");
  // `go env` shows GOPRIVATE's value for GONOSUMDB when that is not set itself.
  if (settings.GONOSUMDB && settings.GONOSUMDB !== settings.GOPRIVATE) refused.push(`GONOSUMDB=${settings.GONOSUMDB}`);
  else if (environment.GONOSUMDB) refused.push(`GONOSUMDB=${environment.GONOSUMDB}`);
  if (environment.GONOSUMCHECK) refused.push(`GONOSUMCHECK=${environment.GONOSUMCHECK}`);
  if (settings.GOINSECURE && settings.GOINSECURE !== settings.GOPRIVATE)
    refused.push(`GOINSECURE=${settings.GOINSECURE}`);
  if (/(^|\s)-insecure(\s|=|$)/.test(settings.GOFLAGS ?? "")) refused.push(`GOFLAGS=${settings.GOFLAGS}`);
  return refused;
}

/** Throws when a setting turns checksum verification off. */
export function checkGoSettings(settings: GoSettings, environment: Readonly<Record<string, string | undefined>>): void {
  const refused = refusedSettings(settings, environment);
  if (refused.length === 0) return;
  const names = refused.map((setting) => setting.slice(0, setting.indexOf("=")));
  throw new LocalError(
    `Go is told not to verify checksums (${refused.join(", ")}); the toolchain is built only with them`,
    {
      hint: `unset it: unset ${names.join(" ")}; go env -u ${names.filter((name) => name !== "GONOSUMCHECK").join(" ")}`,
      exitCode: 2,
    },
  );
}

/** Folders of Go's two caches, and whether they are ours to delete. */
export interface GoCaches {
  readonly buildCache: string;
  readonly moduleCache: string;
  /** false for folders that the user named by GOCACHE or GOMODCACHE: those are used and kept */
  readonly ownBuildCache: boolean;
  readonly ownModuleCache: boolean;
}

/** Own folders below `folder`, except where the environment names GOCACHE or GOMODCACHE. */
export function goCaches(folder: string, environment: Readonly<Record<string, string | undefined>>): GoCaches {
  return {
    buildCache: environment.GOCACHE || `${folder}/gocache`,
    moduleCache: environment.GOMODCACHE || `${folder}/gomodcache`,
    ownBuildCache: !environment.GOCACHE,
    ownModuleCache: !environment.GOMODCACHE,
  };
}

/** Flags that are the same for every tool; part of each tool's key. */
export const GO_FLAGS = ["-mod=readonly", "-buildvcs=false", "-trimpath"] as const;

/** The environment of `go build` and `go mod download`: the user's, with every GO* setting replaced. */
export function goEnvironment(
  settings: GoSettings,
  caches: GoCaches,
  temporary: string,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(GO[A-Z0-9]+|CGO_.*|CC|CXX)$/.test(entry[0]),
  );
  const taken = (["GOPROXY", "GOSUMDB", "GOAUTH"] as const).flatMap((name) => {
    const value = settings[name];
    return value ? [[name, value]] : [];
  });
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(taken),
    // The user's `go env -w` file must not change what is built; what is wanted of it is above.
    GOENV: "off",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    GOOS: "linux",
    GOARCH: "amd64",
    GOAMD64: "v1",
    CGO_ENABLED: "0",
    GOFLAGS: "-modcacherw",
    GOCACHE: caches.buildCache,
    GOMODCACHE: caches.moduleCache,
    GOTMPDIR: temporary,
  };
}

/**
 * What a failed `go` command's output means for the person who waits: a message and a next step.
 * `last` is the last line that go printed.
 */
export function explainGoFailure(
  what: string,
  output: string,
  folders: readonly string[],
): { message: string; hint: string } {
  const lines = output
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^(go: downloading .*|[\w.~-]+(\/[\w.~-]+)+)$/.test(line));
  const last = lines.at(-1) ?? "go printed nothing";
  if (/no space left on device|disk quota exceeded/i.test(output)) {
    return {
      message: `${what}: the disk is full (${folders.join(", ")})`,
      hint: `${DISK_FULL_HINT}; building everything took 14 GB for a while`,
    };
  }
  if (/SECURITY ERROR|checksum mismatch/i.test(output)) {
    return {
      message: `${what}: a module is not the one that was pinned: ${last}`,
      hint: "do not go on: the module proxy served other content than go.sum records; try another GOPROXY",
    };
  }
  const unserved = lines.find((line) => /\b(403 Forbidden|404 Not Found|410 Gone)\b/.test(line));
  if (unserved !== undefined) {
    return {
      message: `${what}: the Go module proxy does not serve a module: ${unserved.trim()}`,
      hint: "set GOPROXY to a proxy that serves it; what was built so far is kept, start again",
    };
  }
  const network =
    /dial tcp|no such host|i\/o timeout|connection refused|connection reset|TLS handshake|proxyconnect|network is unreachable|unexpected EOF|50[0-9] |context deadline/i;
  if (network.test(output) || /module lookup disabled by GOPROXY=off/.test(output)) {
    const line = lines.findLast((candidate) => network.test(candidate)) ?? last;
    return {
      message: `${what}: the Go module proxy cannot be reached: ${line}`,
      hint: "check the network, or set GOPROXY to a proxy that can be reached; what was built so far is kept, start again",
    };
  }
  if (/signal: killed|cannot allocate memory|out of memory/i.test(output)) {
    return {
      message: `${what}: go ran out of memory: ${last}`,
      hint: "free memory and start again; what was built so far is kept",
    };
  }
  return { message: `${what}: ${last}`, hint: "see the log; what was built so far is kept, start again to go on" };
}

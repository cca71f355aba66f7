/** Flags that an image brings for the builder's own command, beside those of the plan: each is there exactly once. */
import { PergolaError } from "../errors.ts";
import type { Image } from "../images/image.ts";

/** What is known of a command's flags. */
export interface FlagRules {
  /** flags without a value */
  readonly switches: ReadonlySet<string>;
  /** short and old names -> the one in use */
  readonly aliases: Readonly<Record<string, string>>;
  /** what two flags have in common when only one of them can hold: `opt target`, `no-cache` */
  key(name: string, value: string): string;
  /** why a flag cannot be given: the plan, or reading what the command says, stands on it; null when it can */
  refused(key: string): string | null;
}

interface Flag {
  readonly words: readonly string[];
  readonly key: string;
}

/**
 * The plan's own words and the image's. Where both say the same thing the image's is kept, as its author knew what it does.
 * @throws PergolaError image-definition for a flag that the plan stands on
 */
export function withExtraFlags(own: readonly string[], image: Image, rules: FlagRules): string[] {
  const extra = readFlags(image.extraFlags, rules);
  for (const { key, words } of extra) {
    const why = rules.refused(key);
    if (why === null) continue;
    throw new PergolaError({
      code: "image-definition",
      message: `The extra flag ${words.join(" ")} of image ${image.name} is one that Pergola sets itself.`,
      hint: why,
      path: "spec.extraFlags",
      file: image.definedIn,
    });
  }
  const last = new Map(extra.map((flag) => [flag.key, flag]));
  const kept = readFlags(own, rules).filter(({ key }) => !last.has(key));
  return [...kept, ...extra.filter((flag) => last.get(flag.key) === flag)].flatMap(({ words }) => words);
}

/** Words as flags; a word that belongs to none stands for itself. */
function readFlags(words: readonly string[], rules: FlagRules): Flag[] {
  const flags: Flag[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const [, typed, given] = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (typed === undefined) {
      flags.push({ words: [word], key: `word ${at} ${word}` });
      continue;
    }
    const name = rules.aliases[typed] ?? typed;
    const next = words[at + 1];
    if (given === undefined && !rules.switches.has(name) && next !== undefined && !next.startsWith("-")) {
      flags.push({ words: [word, next], key: rules.key(name, next) });
      at++;
    } else flags.push({ words: [word], key: rules.key(name, given ?? "") });
  }
  return flags;
}

/** `a=b` -> `a` */
function keyOf(value: string): string {
  return value.split("=", 1)[0] as string;
}

/** Value of a field of `a=b,c=d`. */
function field(value: string, name: string): string {
  const found = value.split(",").find((part) => part.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? "";
}

const KEYED = new Set(["opt", "local", "build-arg", "label", "annotation"]);

const BUILDCTL_REPEATABLE = new Set(["allow", "oci-layout", "registry-auth-tlscontext"]);

/** cmd/buildctl/build.go of moby/buildkit 0.33.1 */
export const BUILDCTL_FLAGS: FlagRules = {
  switches: new Set(["no-cache", "proxy-network", "help"]),
  aliases: { o: "output", h: "help" },
  key(name, value) {
    if (KEYED.has(name)) return `${name} ${keyOf(value)}`;
    if (name === "secret") return `secret ${field(value, "id")}`;
    if (name === "ssh") return `ssh ${keyOf(value)}`;
    if (name.endsWith("-cache") && value !== "") return `${name} ${field(value, "type")} ${field(value, "ref")}`;
    return BUILDCTL_REPEATABLE.has(name) ? `${name} ${value}` : name;
  },
  refused(key) {
    switch (key) {
      case "output":
        return "Use --tag, --annotation or --output-oci, or attestations by --provenance and --sbom.";
      case "opt platform":
        return "Use --platform, or spec.platforms in the Garden Build action.";
      case "opt filename":
        return "Use --file, or spec.dockerfile in the Garden Build action.";
      case "frontend":
      case "progress":
      case "metadata-file":
      case "opt local-sessionid:context":
        return "Leave it out.";
      default:
        return /^local (.*-)?context$|^local dockerfile$/.test(key) ? "Leave it out." : null;
    }
  },
};

const KANIKO_REPEATABLE = new Set([
  "insecure-registry",
  "skip-tls-verify-registry",
  "registry-certificate",
  "registry-client-cert",
  "registry-map",
  "registry-mirror",
  "ignore-path",
  "git",
]);

/** cmd/executor/cmd/root.go of chainguard-dev/kaniko 1.25.5 */
export const KANIKO_FLAGS: FlagRules = {
  switches: new Set([
    "cache",
    "cache-copy-layers",
    "cache-run-layers",
    "cleanup",
    "compressed-caching",
    "force",
    "force-build-metadata",
    "ignore-var-run",
    "insecure",
    "insecure-pull",
    "log-timestamp",
    "no-push",
    "no-push-cache",
    "push-ignore-immutable-tag-errors",
    "reproducible",
    "single-snapshot",
    "skip-default-registry-fallback",
    "skip-push-permission-check",
    "skip-tls-verify",
    "skip-tls-verify-pull",
    "skip-unused-stages",
    "use-new-run",
    "whitelist-var-run",
  ]),
  aliases: {
    f: "dockerfile",
    c: "context",
    d: "destination",
    b: "bucket",
    v: "verbosity",
    snapshotMode: "snapshot-mode",
    customPlatform: "custom-platform",
    tarPath: "tar-path",
  },
  key(name, value) {
    if (KEYED.has(name)) return `${name} ${keyOf(value)}`;
    return KANIKO_REPEATABLE.has(name) ? `${name} ${value}` : name;
  },
  refused(key) {
    switch (key) {
      case "destination":
        return "Use --tag and --name.";
      case "dockerfile":
        return "Use --file, or spec.dockerfile in the Garden Build action.";
      case "custom-platform":
        return "Use --platform, or spec.platforms in the Garden Build action.";
      case "context":
      case "context-sub-path":
      case "bucket":
      case "digest-file":
      case "kaniko-dir":
      case "log-format":
      case "log-timestamp":
      case "no-push":
      case "tar-path":
        return "Leave it out.";
      default:
        return null;
    }
  },
};

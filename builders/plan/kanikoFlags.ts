/** What is known of the executor's flags, and what docker's stand for there. */
import { type FlagRules, keyOf } from "./extraFlags.ts";

const KEYED = new Set(["build-arg", "label", "annotation"]);

const REPEATABLE = new Set([
  "insecure-registry",
  "skip-tls-verify-registry",
  "registry-certificate",
  "registry-client-cert",
  "registry-map",
  "registry-mirror",
  "ignore-path",
  "git",
  "credential-helpers",
]);

const LEAVE_OUT = "Leave it out.";
const PULLS = "Leave it out: kaniko asks the registry for every base image.";
const PUSHES = "Leave it out: kaniko pushes what it built, and Pergola reports the digest.";
const NETWORK = "Leave it out: steps have the network and the hosts of their pod.";
const RESOURCES = "Leave it out: pergola:builder.modes.kaniko.resources in the stack file limits the pod.";
const ELSEWHERE = "Choose --mode cluster-buildkit, which has it.";
const QUIET = "Use --progress, as Pergola reads what kaniko says.";

/** What the plan stands on. */
const OWN: Readonly<Record<string, string>> = {
  destination: "Use --tag and --name.",
  dockerfile: "Use --file, or spec.dockerfile in the Garden Build action.",
  "custom-platform": "Use --platform, or spec.platforms in the Garden Build action.",
  context: LEAVE_OUT,
  "context-sub-path": LEAVE_OUT,
  bucket: LEAVE_OUT,
  "digest-file": LEAVE_OUT,
  "kaniko-dir": LEAVE_OUT,
  "log-format": LEAVE_OUT,
  "log-timestamp": LEAVE_OUT,
  "no-push": LEAVE_OUT,
  "tar-path": LEAVE_OUT,
  dryrun: "Use --dry-run.",
};

/** Flags of `docker build` and `docker buildx build` (docs.docker.com/reference/cli/docker/buildx/build) that kaniko does not have. */
const DOCKER: Readonly<Record<string, string>> = {
  "add-host": NETWORK,
  allow: ELSEWHERE,
  attest: ELSEWHERE,
  "build-context": "Leave it out, and write the image's name in FROM and COPY --from.",
  builder: "Use --mode and --namespace.",
  "cache-from": "Use --cache-repo=HOST/REPOSITORY, one of the environment's.",
  "cache-to": "Use --cache-repo=HOST/REPOSITORY, one of the environment's.",
  "cgroup-parent": RESOURCES,
  check: ELSEWHERE,
  compress: LEAVE_OUT,
  "cpu-period": RESOURCES,
  "cpu-quota": RESOURCES,
  "cpu-shares": RESOURCES,
  "cpuset-cpus": RESOURCES,
  "cpuset-mems": RESOURCES,
  file: "Use --file of pergola build, or spec.dockerfile in the Garden Build action.",
  "force-rm": LEAVE_OUT,
  iidfile: PUSHES,
  isolation: LEAVE_OUT,
  load: ELSEWHERE,
  memory: RESOURCES,
  "memory-swap": RESOURCES,
  "metadata-file": PUSHES,
  network: NETWORK,
  "no-cache": "Use --cache=false, or --no-cache of pergola build.",
  "no-cache-filter": "Use --cache=false.",
  output: ELSEWHERE,
  platform: "Use --platform of pergola build, or spec.platforms in the Garden Build action.",
  progress: "Use --progress of pergola build.",
  provenance: ELSEWHERE,
  pull: PULLS,
  push: PUSHES,
  quiet: QUIET,
  rm: LEAVE_OUT,
  sbom: ELSEWHERE,
  secret: ELSEWHERE,
  "security-opt": LEAVE_OUT,
  "shm-size": RESOURCES,
  squash: "Use --single-snapshot.",
  ssh: ELSEWHERE,
  tag: "Use --tag of pergola build.",
  ulimit: RESOURCES,
};

/** Levels of log that still have what Pergola reads. */
const SPOKEN = new Set(["info", "debug", "trace"]);

/** cmd/executor/cmd/root.go of chainguard-dev/kaniko 1.25.5 and osscontainertools/kaniko */
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
    "materialize",
    "no-push",
    "no-push-cache",
    "pre-cleanup",
    "preserve-context",
    "push-ignore-immutable-tag-errors",
    "reproducible",
    "single-snapshot",
    "skip-default-registry-fallback",
    "skip-push-permission-check",
    "skip-tls-verify",
    "skip-tls-verify-pull",
    "skip-unused-stages",
    "use-new-run",
    ...["check", "compress", "force-rm", "load", "no-cache", "pull", "push", "quiet", "rm", "squash"],
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
    "whitelist-var-run": "ignore-var-run",
    ...{ t: "tag", o: "output", q: "quiet", m: "memory" },
  },
  key(name, value) {
    if (KEYED.has(name)) return `${name} ${keyOf(value)}`;
    return REPEATABLE.has(name) ? `${name} ${value}` : name;
  },
  refused(key, value) {
    if (key.startsWith("word ")) return `"${value}" is no flag. Write --flag=value or --flag value.`;
    if (key === "verbosity" && !SPOKEN.has(value)) return QUIET;
    if (key === "cache-repo" && value.startsWith("oci:"))
      return "Name a repository of the environment's: its pod is gone after the build.";
    return OWN[key] ?? DOCKER[key] ?? null;
  },
  // One word: no value can be taken for a flag.
  write: (name, value) => [value === null ? `--${name}` : `--${name}=${value}`],
};

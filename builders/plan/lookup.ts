/**
 * What a builder is asked after a registry refused to move a tag: the digest that the registry holds under it. By the builder,
 * as it has the login and the way there that the caller may lack, and with nothing but its resolving of a base image.
 */
import { CA_FILE } from "./buildkitdToml.ts";
import { UNTIL_SOMEBODY } from "./kanikoScript.ts";
import type { BuildkitPlan, KanikoPlan, LocalDockerPlan, Manifest } from "./plan.ts";

/** Seconds after which the cluster ends a pod that looks. */
const DEADLINE_SECONDS = 120;

/** sh: directory, reference, certificates. The rest is kaniko's. */
const LOOK =
  `mkdir -p "$1/context" && printf 'FROM %s\\n' "$2" > "$1/Dockerfile" && printf %s "$3" > "$1/${CA_FILE}" && ` +
  `shift 3 && exec /kaniko/executor "$@"`;

/** Arguments of kaniko that say how its registry is reached. */
const REGISTRY = /^--(?:insecure-registry|registry-certificate|registry-client-cert|skip-tls-verify-registry)=/;

/**
 * The pod of the build with an image of one FROM instead, that pushes nothing. With a cache directory that is not there
 * kaniko names the digest of what it does not find in it: {@link heldInKanikoLog}.
 */
export function kanikoLookup(plan: KanikoPlan, reference: string): Manifest {
  const { metadata } = plan.pod;
  const spec = plan.pod.spec as { containers: readonly { readonly args: readonly string[] }[] };
  const { directory } = plan.transfer;
  const [container] = spec.containers;
  return {
    ...plan.pod,
    metadata: { ...metadata, name: metadata.name.replace(/^pergola-/, "look-") },
    spec: {
      ...spec,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      containers: [
        {
          ...container,
          command: [
            "sh",
            "-c",
            plan.asksNode ? `${UNTIL_SOMEBODY}; ${LOOK}` : LOOK,
            "kaniko",
            directory,
            reference,
            plan.files[CA_FILE] ?? "",
          ],
          args: [
            `--context=dir://${directory}/context`,
            `--dockerfile=${directory}/Dockerfile`,
            "--no-push",
            "--no-push-cache",
            "--cache=true",
            `--cache-repo=${reference.replace(/:[^:/]*$/, "")}`,
            `--cache-dir=${directory}/none`,
            ...(container?.args ?? []).filter((argument) => REGISTRY.test(argument)),
            ...plan.platforms.map((platform) => `--custom-platform=${platform}`),
            "--verbosity=debug",
            "--log-format=text",
          ],
        },
      ],
    },
  };
}

/** The digest that a line of such a pod names, null for other lines. In the words of kaniko 1.25.5 (pkg/cache/cache.go). */
export function heldInKanikoLog(line: string): string | null {
  return /No file found for cache key (sha256:[0-9a-f]{64})\b/.exec(line)?.[1] ?? null;
}

/** A directory with this Dockerfile, and buildctl's arguments for it: no output, so that nothing is fetched but names. */
export function buildkitLookup(
  plan: BuildkitPlan,
  reference: string,
): { readonly files: Readonly<Record<string, string>>; readonly argv: readonly string[] } {
  return {
    files: { "look/Dockerfile": `FROM ${reference}\n` },
    argv: [
      ...[plan.argv[0] ?? "", "build", "--frontend", "dockerfile.v0"],
      ...["--local", "context=look", "--local", "dockerfile=look"],
      ...["--opt", "image-resolve-mode=pull", "--progress", "rawjson"],
    ],
  };
}

/** The digest that the name of a step of such a build has, null for other steps. */
export function heldInBuildkitStep(name: string): string | null {
  return /\] FROM \S+@(sha256:[0-9a-f]{64})$/.exec(name)?.[1] ?? null;
}

/** The same by a builder of buildx. No output is named as one, because builders can be made to have one of their own. */
export function buildxLookup(reference: string): ReturnType<typeof buildkitLookup> {
  return {
    files: { "look/Dockerfile": `FROM ${reference}\n` },
    argv: [
      ...["docker", "buildx", "build", "--file", "look/Dockerfile", "--pull"],
      ...["--output", "type=cacheonly", "--provenance=false", "--progress", "rawjson", "look"],
    ],
  };
}

/**
 * Arguments of docker that have its daemon fetch a tag, after which the registry's image has that name: of all that a client
 * can ask, only this goes the way that the push went (login, certificates, plain http, proxies). What was built is here, so
 * that of the same image no layer is fetched.
 */
export function dockerPull({ docker, platforms }: LocalDockerPlan, reference: string): readonly string[] {
  const [platform = docker.platform] = platforms;
  return ["docker", "pull", ...(platform === docker.platform ? [] : ["--platform", platform]), reference];
}

/** The digest that such a fetch ends with (`Digest: sha256:...`), null when it names none. */
export function pulledDigest(text: string): string | null {
  return /^Digest: (sha256:[0-9a-f]{64})$/m.exec(text)?.[1] ?? null;
}

/** A build by a kaniko pod of its own, as data. */
import path from "node:path";
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import type { ContextEntry } from "../images/context.ts";
import { type Feature, labelKeys, readDockerfile } from "../images/dockerfile.ts";
import type { Image } from "../images/image.ts";
import { BUILDER_POD_ANNOTATIONS, dockerConfigVolume } from "./buildkitDeployment.ts";
import { CA_FILE, certifiedHosts } from "./buildkitdToml.ts";
import { type CacheRequest, repositoryIn } from "./cache.ts";
import type { Destination } from "./destination.ts";
import { withReferences } from "./dockerfileReferences.ts";
import { KANIKO_FLAGS, withExtraFlags } from "./extraFlags.ts";
import { kanikoLacks } from "./kanikoLacks.ts";
import { platformArgumentsOf, withoutUnusedStages } from "./kanikoStages.ts";
import { builderLabels, podName } from "./labels.ts";
import type { Placement } from "./placement.ts";
import type { KanikoPlan, LoadTarget, Manifest, Sibling } from "./plan.ts";

/** Volume of the build: nothing else in an image is called so, and kaniko leaves mounted directories out of the image. */
const DIRECTORY = "/.pergola";
const CONTEXT = `${DIRECTORY}/context`;
const MARKER = `${DIRECTORY}/received`;
const KANIKO_DOCKER_CONFIG = "/kaniko/.docker";

/** Until the marker names a process that has ended. */
const AWAIT_CONTEXT =
  `trap 'exit 143' TERM INT; ` +
  `until { read -r sender < ${MARKER} && ! kill -0 "$sender"; } 2>/dev/null; do sleep 0.2 & wait $!; done`;

/** Seconds that the cluster waits beyond the runner's own limit before it ends a pod that nobody watches. */
const DEADLINE_MARGIN_SECONDS = 120;

export interface KanikoOptions {
  readonly siblings: readonly Sibling[];
  readonly noCache: boolean;
  readonly cache: CacheRequest;
  readonly ociFile: string | null;
  readonly load?: LoadTarget | null;
  readonly contextSent: string;
  /** what the context holds; not known if left out */
  readonly contextEntries?: readonly Pick<ContextEntry, "path" | "type">[];
  /** tells this build's pod from others: lowercase letters and digits */
  readonly buildId: string;
}

/**
 * Plans one image.
 * @throws PergolaError mode-unsupported for what kaniko cannot do: secrets, several platforms, RUN --mount, heredocs, and what it would
 *   silently build otherwise (kanikoLacks.ts)
 */
export function planKaniko(
  setup: BuildSetup,
  described: Image,
  placement: Placement,
  destination: Destination,
  options: KanikoOptions,
): KanikoPlan {
  const { dockerfile, target, buildArgs } = described;
  const text = withoutUnusedStages(dockerfile.text, target, buildArgs);
  const image = { ...described, dockerfile: { ...dockerfile, text } };
  const platforms = image.platforms.length > 0 ? image.platforms : placement.mode.platforms.slice(0, 1);
  refuseWhatKanikoLacks(image, platforms[0] ?? "", options);
  const deadlineSeconds = image.timeoutSeconds + DEADLINE_MARGIN_SECONDS;
  const cache = kanikoCache(setup, destination, options.noCache);
  return {
    mode: "kaniko",
    name: image.name,
    references: destination.references,
    platforms,
    namespace: placement.namespace.name,
    serviceAccount: placement.namespace.serviceAccount,
    context: { directory: image.context, sent: options.contextSent, dockerfile: image.dockerfile.path },
    secrets: {},
    files: {
      Dockerfile: withReferences(image, options.siblings),
      // The context arrives filtered; an ignore file of this name keeps kaniko from filtering it once more by another one.
      "Dockerfile.dockerignore": "",
      ...(setup.registry.caBundle === undefined ? {} : { [CA_FILE]: setup.registry.caBundle }),
    },
    siblings: options.siblings,
    pod: pod(
      placement,
      image,
      kanikoArguments(setup, image, platforms[0] ?? "", destination, cache.arguments),
      options.buildId,
      deadlineSeconds,
    ),
    transfer: { container: "context", directory: DIRECTORY, context: CONTEXT, marker: MARKER },
    container: "kaniko",
    deadlineSeconds,
    cacheRepository: cache.repository,
  };
}

/**
 * Where kaniko keeps layers between builds, null for nowhere. It follows the environment's cache entries as far as kaniko can:
 * without any there is no cache, and when all are read only (`export: false`) it takes layers and pushes none. Tags and `mode`
 * have no meaning for it: it keeps each step's layer under a tag of its own, in the image's cache repository.
 */
function kanikoCache(
  setup: BuildSetup,
  destination: Destination,
  noCache: boolean,
): { readonly repository: string | null; readonly arguments: readonly string[] } {
  const registry = setup.cache.find((entry) => entry.registry !== undefined)?.registry;
  const kept =
    registry === undefined ? destination.cacheRepository : `${repositoryIn(registry, destination.name)}/cache`;
  const repository = noCache || setup.cache.length === 0 ? null : kept;
  if (repository === null) return { repository, arguments: ["--cache=false"] };
  const readOnly = setup.cache.every((entry) => !entry.export);
  return {
    repository,
    arguments: [
      "--cache=true",
      `--cache-repo=${repository}`,
      "--cache-ttl=336h",
      ...(readOnly ? ["--no-push-cache"] : []),
      ...(registry?.insecure && registry.host !== setup.registry.host ? [`--insecure-registry=${registry.host}`] : []),
    ],
  };
}

/** Arguments of /kaniko/executor; every value after `=`, so that none can be taken for a flag. */
function kanikoArguments(
  setup: BuildSetup,
  image: Image,
  platform: string,
  destination: Destination,
  cache: readonly string[],
): string[] {
  const { host, insecure, mirrors, caBundle } = setup.registry;
  const docker = mirrors["docker.io"] ?? [];
  const others = Object.entries(mirrors).filter(([name]) => name !== "docker.io");
  const own = [
    `--context=dir://${CONTEXT}`,
    `--dockerfile=${DIRECTORY}/Dockerfile`,
    ...destination.references.map((reference) => `--destination=${reference}`),
    ...cache,
    ...(insecure ? [`--insecure-registry=${host}`] : []),
    ...(caBundle === undefined ? [] : certifiedHosts(setup)).map(
      (one) => `--registry-certificate=${one}=${DIRECTORY}/${CA_FILE}`,
    ),
    ...docker.map((mirror) => `--registry-mirror=${mirror}`),
    ...others.flatMap(([name, hosts]) => hosts.map((mirror) => `--registry-map=${name}=${mirror}`)),
    ...(Object.keys(mirrors).length > 0 ? ["--skip-default-registry-fallback"] : []),
    ...Object.entries({ ...platformArgumentsOf(image.dockerfile.text, platform), ...image.buildArgs }).map(
      ([key, value]) => `--build-arg=${key}=${value}`,
    ),
    ...Object.entries(image.settings.labels).map(([key, value]) => `--label=${key}=${value}`),
    ...image.settings.annotations.map(({ key, value }) => `--annotation=${key}=${value}`),
    ...(image.target === null ? [] : [`--target=${image.target}`]),
    ...image.platforms.map((platform) => `--custom-platform=${platform}`),
    // No token is mounted into the pod, so what is in /var/run is the image's.
    "--ignore-var-run=false",
    // The digest comes back as the container's termination message: no exec into a pod that is already ending.
    "--digest-file=/dev/termination-log",
    "--push-retry=2",
    "--image-download-retry=2",
    "--log-format=text",
  ];
  return withExtraFlags(own, image, KANIKO_FLAGS);
}

function pod(
  placement: Placement,
  image: Image,
  args: readonly string[],
  buildId: string,
  deadlineSeconds: number,
): Manifest {
  const { mode, namespace, pullSecret } = placement;
  const shared = { name: "build", mountPath: DIRECTORY };
  const dockerConfig =
    pullSecret === null ? null : { name: "docker-config", mountPath: KANIKO_DOCKER_CONFIG, readOnly: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(image.name, buildId),
      namespace: namespace.name,
      labels: builderLabels("kaniko", { image: image.name, id: buildId }),
      annotations: { ...BUILDER_POD_ANNOTATIONS },
    },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: deadlineSeconds,
      terminationGracePeriodSeconds: 2,
      serviceAccountName: namespace.serviceAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(mode.priorityClassName === null ? {} : { priorityClassName: mode.priorityClassName }),
      ...(pullSecret === null ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
      ...(Object.keys(mode.nodeSelector).length > 0 ? { nodeSelector: mode.nodeSelector } : {}),
      tolerations: mode.tolerations,
      initContainers: [
        {
          name: "context",
          image: mode.image,
          command: ["sh", "-c", AWAIT_CONTEXT],
          // The same as kaniko's own: a pod is scheduled by the larger of the two, so this costs nothing and fits every quota.
          resources: mode.resources,
          volumeMounts: [shared],
        },
      ],
      containers: [
        {
          name: "kaniko",
          image: mode.image,
          args: [...args],
          resources: mode.resources,
          volumeMounts: dockerConfig === null ? [shared] : [shared, dockerConfig],
        },
      ],
      volumes: [
        { name: "build", emptyDir: {} },
        ...(pullSecret === null ? [] : [{ name: "docker-config", secret: dockerConfigVolume(pullSecret) }]),
      ],
    },
  };
}

function refuseWhatKanikoLacks(image: Image, platform: string, options: KanikoOptions): void {
  const file = path.resolve(image.context, image.dockerfile.path);
  const refuse = (what: string, why: string, line?: number): PergolaError =>
    new PergolaError({
      code: "mode-unsupported",
      message: `${what}${line === undefined ? "" : ` (${file}, line ${line})`} cannot be built by kaniko: ${why}`,
      hint: "Choose --mode cluster-buildkit.",
      file,
      ...(line === undefined ? {} : { line }),
    });
  const ids = Object.keys(image.secrets);
  if (ids.length > 0) {
    throw refuse(
      `Image ${image.name} with secret ${ids.join(", ")}`,
      "its steps could only get it in the pod, where later steps read it too.",
    );
  }
  if (image.platforms.length > 1) {
    throw refuse(`Image ${image.name} for ${image.platforms.join(" and ")}`, "it builds for one platform at a time.");
  }
  for (const [flag, why] of unsupportedFlags(image, options)) throw refuse(`Image ${image.name} with ${flag}`, why);
  const lines = labelKeys(image.dockerfile.text);
  for (const key of Object.keys(image.settings.labels)) {
    const why = "of a label that the Dockerfile sets too, it keeps the Dockerfile's.";
    if (lines.has(key)) throw refuse(`Image ${image.name} with --label ${key}`, why, lines.get(key));
  }
  const { features } = readDockerfile(image.dockerfile.text, image.buildArgs);
  const { buildArgs } = image;
  const found = [
    ...features.map(({ kind, text, line }) => ({
      what: `${FEATURES[kind]} ${text}`,
      why: "it does not have this part of the Dockerfile language.",
      line,
    })),
    ...kanikoLacks(image.dockerfile.text, { buildArgs, platform, context: options.contextEntries ?? null }),
  ];
  const first = found.toSorted((a, b) => a.line - b.line)[0];
  if (first) throw refuse(first.what, first.why, first.line);
}

/** Flags of the command line that kaniko 1.25.5 has nothing for, and why. */
function unsupportedFlags({ settings }: Image, { cache, ociFile, load }: KanikoOptions): [flag: string, why: string][] {
  const tags = "it keeps a tag for each step in its cache repository, and cannot be told another one.";
  const found: [boolean, string, string][] = [
    [settings.network !== "default", `--network ${settings.network}`, "its steps have the network of their pod."],
    [settings.addHosts.length > 0, "--add-host", "its steps have the hosts of their pod."],
    [settings.provenance !== null, "--provenance", "it attaches no attestations."],
    [settings.sbom !== null, "--sbom", "it attaches no attestations."],
    [Object.keys(settings.ssh).length > 0, "--ssh", "its steps would need the keys in their pod."],
    [settings.annotations.some(({ level }) => level === "index"), "an annotation of the index", "it makes no index."],
    [cache.to.length > 0, "--cache-to", tags],
    [cache.from.length > 0, "--cache-from", tags],
    [ociFile !== null, "--output-oci", "the file would stay in its pod."],
    [Boolean(load), "--load", "the image goes from its pod to the registry alone."],
  ];
  return found.filter(([is]) => is).map(([, flag, why]) => [flag, why]);
}

const FEATURES: Readonly<Record<Feature["kind"], string>> = {
  mount: "RUN with",
  secret: "RUN with",
  heredoc: "The heredoc",
};

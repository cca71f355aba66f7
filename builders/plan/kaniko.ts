/** A build by a kaniko pod of its own, as data. */
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import type { ContextEntry } from "../images/context.ts";
import { type Dockerfile, dockerfileOf } from "../images/dockerfile.ts";
import type { Image } from "../images/image.ts";
import { BUILDER_POD_ANNOTATIONS, dockerConfigVolume } from "./buildkitDeployment.ts";
import { CA_FILE } from "./buildkitdToml.ts";
import type { CacheRequest } from "./cache.ts";
import type { Destination } from "./destination.ts";
import { withReferences } from "./dockerfileReferences.ts";
import { checkedFlags, type FlagSource, imageFlags, withExtraFlags } from "./extraFlags.ts";
import { kanikoCache, withoutCacheFlags } from "./kanikoCache.ts";
import { type KanikoExecutor, kanikoExecutor } from "./kanikoExecutor.ts";
import { KANIKO_FLAGS } from "./kanikoFlags.ts";
import { architectureSelector, DOCKER_CONFIG, planKanikoIndex } from "./kanikoIndex.ts";
import { mirrorFlags, plainHttpFlags } from "./kanikoMirrors.ts";
import { refuseWhatKanikoLacks } from "./kanikoRefusals.ts";
import { asksNode, kanikoScript } from "./kanikoScript.ts";
import { platformArgumentsOf, withoutUnusedStages } from "./kanikoStages.ts";
import { kanikoVolume } from "./kanikoVolume.ts";
import { builderLabels, podName, RUNNER_ANNOTATION } from "./labels.ts";
import type { Placement } from "./placement.ts";
import type { Auth, KanikoIndexPlan, KanikoPlan, LoadTarget, Manifest, Sibling } from "./plan.ts";
import { certifiedHosts } from "./registryHosts.ts";

/** Volume of the build: nothing else in an image is called so, and kaniko leaves mounted directories out of the image. */
const DIRECTORY = "/.pergola";
const CONTEXT = `${DIRECTORY}/context`;
const MARKER = `${DIRECTORY}/received`;

/** Istio goes by this label first; its annotation, and that of Linkerd, are with every builder's. */
const NO_SIDECAR = { "sidecar.istio.io/inject": "false" };

/** Seconds that the cluster waits beyond the runner's own limit before it ends a pod that nobody watches. */
const DEADLINE_MARGIN_SECONDS = 120;

export interface KanikoOptions {
  readonly siblings: readonly Sibling[];
  /** as in the plan; false if left out */
  readonly tagOfContent?: boolean | undefined;
  readonly noCache: boolean;
  readonly cache: CacheRequest;
  readonly ociFile: string | null;
  readonly load?: LoadTarget | null;
  readonly contextSent: string;
  /** what the context holds; not known if left out */
  readonly contextEntries?: readonly Pick<ContextEntry, "path" | "type" | "size">[];
  /** whose registry credentials; the builder's if left out */
  readonly auth?: Auth;
  /** tells this build's pod from others: lowercase letters and digits */
  readonly buildId: string;
  /** the process that builds, so that what it leaves when it is killed can be told from what is in use; not known if left out */
  readonly runner?: string | null;
}

/**
 * Plans one image: a pod, or several and an index for several platforms.
 * @throws PergolaError mode-unsupported for what kaniko, or this executor, cannot do, and what it would silently build otherwise
 *   (kanikoRefusals.ts); repository-not-provisioned for another cache repository than the environment's
 */
export function planKaniko(
  setup: BuildSetup,
  image: Image,
  placement: Placement,
  destination: Destination,
  options: KanikoOptions,
): KanikoPlan | KanikoIndexPlan {
  if (options.auth?.from === "client") {
    throw new PergolaError({
      code: "mode-unsupported",
      message: `Image ${image.name} is built in mode kaniko, which cannot use --auth client: its pod logs in by itself, and no password of yours is put into the cluster.`,
      hint: "Choose --mode cluster-buildkit, or leave out --auth client.",
    });
  }
  const platforms = [...new Set(image.platforms)];
  const joined = platforms.length > 1;
  const planOne = (one: Image, to: Destination, buildId: string): KanikoPlan =>
    planPlatform(setup, one, placement, to, {
      ...options,
      buildId,
      joined,
      tagOfContent: !joined && options.tagOfContent,
    });
  return joined
    ? planKanikoIndex(setup, { ...image, platforms }, destination, options, planOne)
    : planOne(image, destination, options.buildId);
}

function planPlatform(
  setup: BuildSetup,
  image: Image,
  placement: Placement,
  destination: Destination,
  options: KanikoOptions & { readonly joined: boolean },
): KanikoPlan {
  const dockerfile = withoutUnusedStages(dockerfileOf(image), image.target, image.buildArgs);
  const executor = kanikoExecutor(placement.mode.image);
  const platform = image.platforms[0] ?? placement.mode.platforms[0] ?? "";
  const flags = [setupFlags(setup, placement), imageFlags(image)];
  const extra = flags.flatMap((source) => checkedFlags(source, KANIKO_FLAGS));
  refuseWhatKanikoLacks(setup, image, { ...options, dockerfile, executor, platform, extra });
  const deadlineSeconds = image.timeoutSeconds + DEADLINE_MARGIN_SECONDS;
  const cache = kanikoCache(setup, destination, options.noCache, flags);
  const own = kanikoArguments(setup, image, dockerfile, platform, destination, cache.arguments);
  const args = withExtraFlags(own, flags.map(withoutCacheFlags), KANIKO_FLAGS);
  const asks = asksNode(setup, placement.namespace);
  return {
    mode: "kaniko",
    name: image.name,
    references: destination.references,
    tagOfContent: options.tagOfContent ?? false,
    platforms: [platform],
    namespace: placement.namespace.name,
    serviceAccount: placement.namespace.serviceAccount,
    context: { directory: image.context, sent: options.contextSent, dockerfile: image.dockerfile.path },
    secrets: {},
    files: {
      Dockerfile: withReferences(dockerfile, image.buildArgs, options.siblings),
      // The context arrives filtered; an ignore file of this name keeps kaniko from filtering it once more by another one.
      "Dockerfile.dockerignore": "",
      ...(setup.registry.caBundle === undefined ? {} : { [CA_FILE]: setup.registry.caBundle }),
    },
    siblings: options.siblings,
    pod: pod(placement, image, platform, executor, args, asks, options, deadlineSeconds),
    transfer: { directory: DIRECTORY, context: CONTEXT, marker: MARKER },
    container: "kaniko",
    deadlineSeconds,
    cacheRepository: cache.repository,
    ...(asks ? { asksNode: true } : {}),
  };
}

/** Arguments of /kaniko/executor; every value after `=`, so that none can be taken for a flag. */
function kanikoArguments(
  setup: BuildSetup,
  image: Image,
  dockerfile: Dockerfile,
  platform: string,
  destination: Destination,
  cache: readonly string[],
): string[] {
  const { caBundle } = setup.registry;
  return [
    `--context=dir://${CONTEXT}`,
    `--dockerfile=${DIRECTORY}/Dockerfile`,
    ...destination.references.map((reference) => `--destination=${reference}`),
    ...cache,
    ...plainHttpFlags(setup, cache),
    ...(caBundle === undefined ? [] : certifiedHosts(setup)).map(
      (one) => `--registry-certificate=${one}=${DIRECTORY}/${CA_FILE}`,
    ),
    ...mirrorFlags(setup),
    ...Object.entries({ ...platformArgumentsOf(dockerfile, platform), ...image.buildArgs }).map(
      ([key, value]) => `--build-arg=${key}=${value}`,
    ),
    ...Object.entries(image.settings.labels).map(([key, value]) => `--label=${key}=${value}`),
    ...image.settings.annotations
      .filter(({ level }) => level === "manifest")
      .map(({ key, value }) => `--annotation=${key}=${value}`),
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
}

/** Flags that the stack file has for every build. */
function setupFlags(setup: BuildSetup, { mode }: Placement): FlagSource {
  return {
    flags: mode.extraFlags ?? [],
    of: `the environment ${setup.environment}`,
    file: `stacks/Pulumi.${setup.environment}.yaml`,
    path: "pergola:builder.modes.kaniko.extraFlags",
    code: "setup-invalid",
  };
}

function pod(
  placement: Placement,
  image: Image,
  platform: string,
  executor: KanikoExecutor,
  args: readonly string[],
  asks: boolean,
  { buildId, runner = null, contextEntries }: Pick<KanikoOptions, "buildId" | "runner" | "contextEntries">,
  deadlineSeconds: number,
): Manifest {
  const { mode, namespace, pullSecret } = placement;
  const environment = Object.entries(executor.environment);
  const nodeSelector = { ...mode.nodeSelector, ...architectureSelector(mode.platforms, platform) };
  const shared = { name: "build", mountPath: DIRECTORY };
  const dockerConfig = pullSecret === null ? null : { name: "docker-config", mountPath: DOCKER_CONFIG, readOnly: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(image.name, buildId),
      namespace: namespace.name,
      labels: { ...builderLabels("kaniko", { image: image.name, id: buildId }), ...NO_SIDECAR },
      annotations: { ...BUILDER_POD_ANNOTATIONS, ...(runner === null ? {} : { [RUNNER_ANNOTATION]: runner }) },
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
      ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
      tolerations: mode.tolerations,
      containers: [
        {
          name: "kaniko",
          image: mode.image,
          command: ["sh", "-c", kanikoScript(MARKER, asks), "kaniko"],
          args: [...args],
          ...(environment.length > 0 ? { env: environment.map(([name, value]) => ({ name, value })) } : {}),
          resources: mode.resources,
          volumeMounts: dockerConfig === null ? [shared] : [shared, dockerConfig],
        },
      ],
      volumes: [
        { name: "build", ...kanikoVolume(mode.resources, platform, contextEntries) },
        ...(pullSecret === null ? [] : [{ name: "docker-config", secret: dockerConfigVolume(pullSecret) }]),
      ],
    },
  };
}

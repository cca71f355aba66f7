/** An image for several platforms by kaniko, which builds for one at a time: a pod for each, and a pod through which they are joined. */
import type { BuildSetup } from "../../infra/setup.ts";
import type { Image } from "../images/image.ts";
import type { Destination } from "./destination.ts";
import { podName } from "./labels.ts";
import type { KanikoIndexPlan, KanikoPlan, Manifest } from "./plan.ts";

/** Where kaniko's images look for the docker config: their DOCKER_CONFIG. */
export const DOCKER_CONFIG = "/kaniko/.docker";

/** Longest life of the pod that joins, which answers a few requests. */
const JOIN_SECONDS = 600;
const WAIT = "trap 'exit 0' TERM INT; sleep 3600 & wait $!";

/**
 * Plans all platforms of an image. A part's tag is of this build alone, so that builds at one time do not meet, and is found by
 * its beginning, `_part-`; the index names parts by digest.
 * @param image with at least two platforms
 * @param planOne plans one of them
 */
export function planKanikoIndex(
  setup: BuildSetup,
  image: Image,
  destination: Destination,
  { buildId, tagOfContent = false }: { readonly buildId: string; readonly tagOfContent?: boolean },
  planOne: (image: Image, destination: Destination, buildId: string) => KanikoPlan,
): KanikoIndexPlan {
  const parts = image.platforms.map((platform) => {
    const label = platform.replace(/[^a-z0-9]+/gi, "-").toLowerCase();
    const reference = `${destination.repository}:_part-${buildId}-${label}`;
    return planOne(
      { ...image, platforms: [platform] },
      { ...destination, references: [reference] },
      `${buildId}-${label}`,
    );
  });
  const first = parts[0] as KanikoPlan;
  const { insecure, caBundle } = setup.registry;
  const annotations = image.settings.annotations.filter(({ level }) => level === "index");
  return {
    mode: "kaniko",
    name: image.name,
    references: destination.references,
    tagOfContent,
    platforms: image.platforms,
    namespace: first.namespace,
    serviceAccount: first.serviceAccount,
    context: first.context,
    secrets: {},
    files: {},
    siblings: first.siblings,
    parts,
    join: {
      pod: joiningPod(first.pod, podName(image.name, `${buildId}-join`)),
      container: "join",
      deadlineSeconds: JOIN_SECONDS,
      dockerConfig: DOCKER_CONFIG,
      annotations: Object.fromEntries(annotations.map(({ key, value }) => [key, value])),
      insecure,
      caBundle: caBundle ?? null,
    },
  };
}

/** What leads a pod to nodes of a platform's architecture, where the environment has builder nodes of several. */
export function architectureSelector(platforms: readonly string[], platform: string): Record<string, string> {
  const architecture = (one: string): string => one.split("/")[1] ?? "";
  const several = new Set(platforms.map(architecture)).size > 1;
  return several ? { "kubernetes.io/arch": architecture(platform) } : {};
}

interface PodSpec {
  readonly containers: readonly {
    readonly image: string;
    readonly resources: object;
    readonly volumeMounts: readonly Named[];
  }[];
  readonly volumes: readonly Named[];
}

interface Named {
  readonly name: string;
}

/** A pod beside a part's, with its account, its place and its docker config, that does nothing by itself. */
function joiningPod({ spec, ...part }: Manifest, name: string): Manifest {
  const { containers, volumes, ...rest } = spec as PodSpec;
  const [kaniko] = containers;
  const kept = (named: readonly Named[] = []): Named[] => named.filter((one) => one.name === "docker-config");
  return {
    ...part,
    metadata: { ...part.metadata, name },
    spec: {
      ...rest,
      activeDeadlineSeconds: JOIN_SECONDS,
      containers: [
        {
          name: "join",
          image: kaniko?.image,
          command: ["sh", "-c", WAIT],
          resources: kaniko?.resources,
          volumeMounts: kept(kaniko?.volumeMounts),
        },
      ],
      volumes: kept(volumes),
    },
  };
}

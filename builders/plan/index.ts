/** From an environment and an image to the plan of a build. Pure: the same arguments give the same plan. */
import type { BuildSetup, ClusterModeName, ModeName } from "../../infra/setup.ts";
import { BUILDER_NODE_KEY } from "../../infra/setupNames.ts";
import { PergolaError } from "../errors.ts";
import type { ContextEntry } from "../images/context.ts";
import type { Image } from "../images/image.ts";
import { buildkitDeployment } from "./buildkitDeployment.ts";
import type { CacheRequest } from "./cache.ts";
import { type Destination, destinationOf, type Tags } from "./destination.ts";
import { planFreshNamespace } from "./freshNamespace.ts";
import { modeOf, type Placement, type PlacementOptions, placeBuild, placeMode } from "./placement.ts";
import type {
  Auth,
  BuilderPlan,
  BuildkitPlan,
  BuildPlan,
  DockerFacts,
  KanikoIndexPlan,
  KanikoPlan,
  LoadTarget,
  Sibling,
} from "./plan.ts";

export interface PlanOptions {
  readonly namespace: string | null;
  readonly contextNamespace: string | null;
  /** the first is the one reported */
  readonly tags: Tags;
  /** whether the tags follow from the content; they do not if left out */
  readonly tagOfContent?: boolean;
  /** images of the graph that this one's Dockerfile names */
  readonly siblings: readonly Sibling[];
  readonly noCache: boolean;
  /** what the command line says about caches */
  readonly cache: CacheRequest;
  /** absolute path of the file that an OCI layout of the image is written to as a tar archive; null for none */
  readonly ociFile: string | null;
  /** image store of this machine that the image is loaded into; none if left out */
  readonly load?: LoadTarget | null;
  /** absolute path of the directory that is sent as the context */
  readonly contextSent: string;
  /** what the context holds; not known if left out */
  readonly contextEntries?: readonly Pick<ContextEntry, "path" | "type" | "size">[];
  /** seconds since 1970 that the image's timestamps get; null leaves them as the build makes them */
  readonly sourceDateEpoch: number | null;
  /** whose registry credentials; the builder's if left out */
  readonly auth?: Auth;
  /** what Docker is on this machine; needed by the mode local-docker alone */
  readonly docker?: DockerFacts;
  /** tells the pods of this build from others: lowercase letters and digits */
  readonly buildId: string;
  /** names the process that builds to later ones; not known if left out */
  readonly runner?: string | null;
}

/**
 * Plans one image.
 * @throws PergolaError for a BuildSetup that lacks something, a name or tag that no registry takes, a repository, mode or namespace that was not provisioned, a
 *   platform without builders, and what the mode cannot do
 */
export type PlanBuild = (setup: BuildSetup, image: Image, options: PlanOptions) => BuildPlan;

/** The planner of a mode. Loaded once, before planning: a build in one mode does not load what only another one needs. */
export async function loadPlanner(mode: ModeName): Promise<PlanBuild> {
  if (mode === "kaniko") {
    const { planKaniko } = await import("./kaniko.ts");
    return (setup, image, options) => planWith(planKaniko, mode, setup, image, options);
  }
  if (mode === "local-docker") {
    const { planLocalDocker } = await import("./localDocker.ts");
    return (setup, image, options) => {
      modeOf(setup, mode);
      return planLocalDocker(setup, image, destinationOf(setup, image.name, options.tags), options);
    };
  }
  const { planBuildkit } = await import("./buildkit.ts");
  return (setup, image, options) => planWith(planBuildkit, mode, setup, image, options);
}

type Planner = (
  setup: BuildSetup,
  image: Image,
  placement: Placement,
  destination: Destination,
  options: PlanOptions,
) => BuildkitPlan | KanikoPlan | KanikoIndexPlan;

function planWith(
  planner: Planner,
  modeName: ClusterModeName,
  setup: BuildSetup,
  image: Image,
  options: PlanOptions,
): BuildPlan {
  const placement = placeBuild(setup, modeName, image.name, options);
  const destination = destinationOf(setup, image.name, options.tags);
  for (const platform of image.platforms) {
    if (placement.mode.platforms.includes(platform)) continue;
    throw new PergolaError({
      code: "mode-unsupported",
      message: `Image ${image.name} is for ${platform}, but the builders of ${setup.environment} build for ${placement.mode.platforms.join(", ")}.`,
      hint: `Add builder nodes (taint ${BUILDER_NODE_KEY}) of that architecture in stacks/Pulumi.${setup.environment}.yaml, or choose another --platform.`,
    });
  }
  const plan = planner(setup, image, placement, destination, options);
  return placement.fresh ? { ...plan, freshNamespace: planFreshNamespace(setup, placement) } : plan;
}

/**
 * The builder that builds of these options go to, before anything is known of an image: so that it can be looked for meanwhile.
 * Null where builds have none in common, and where {@link planBuild} will refuse them or has to prepare a namespace first.
 */
export function planBuilder(setup: BuildSetup, mode: ModeName, options: PlacementOptions): BuilderPlan | null {
  if (mode !== "cluster-buildkit") return null;
  try {
    const placement = placeMode(setup, mode, options);
    if (placement.fresh) return null;
    return { namespace: placement.namespace.name, builder: buildkitDeployment(setup, placement) };
  } catch (error) {
    if (error instanceof PergolaError) return null;
    throw error;
  }
}

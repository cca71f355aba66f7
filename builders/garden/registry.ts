/**
 * `deploymentRegistry`: where Garden pushes to. Garden names an image `hostname/namespace/NAME`, where NAME is the last part of the
 * Build action's `spec.localId`, or the action's own name, and there is one namespace for all (container plugin, helpers,
 * getDeploymentImageName). So a block is right for repositories that have everything before the last `/` in common.
 */
import type { BuilderNamespace, BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import type { GardenRegistry, Remark } from "./provider.ts";

type SetupImage = BuildSetup["images"][number];

export interface RegistryOfBlock {
  readonly registry: GardenRegistry;
  /** provisioned images that Garden pushes to their repositories */
  readonly images: readonly SetupImage[];
  readonly remarks: readonly Remark[];
}

/** What Garden takes for the name of an action (config/constants, userIdentifierRegex). */
const ACTION_NAME = /^(?!garden)(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const IN_CLUSTER =
  "It runs in the cluster. Builds and deploys ask it there; garden publish of Garden 0.14 copies on the machine that it runs on, which has to reach it.";

/** @throws PergolaError setup-invalid: no image has a name that Garden can push to */
export function registryOfBlock(setup: BuildSetup, { name, images: allowed }: BuilderNamespace): RegistryOfBlock {
  const { host, namespace, insecure, createsRepositoriesOnPush } = setup.registry;
  const usable = setup.images.filter((image) => allowed === "*" || allowed.includes(image.name));
  const chosen = createsRepositoriesOnPush && namespace !== "" ? namespace : commonest(usable.map(prefixOf));
  if (chosen === undefined) throw notNameable(setup, name, usable);
  const images = usable.filter((image) => prefixOf(image) === chosen);
  const others = usable.filter((image) => prefixOf(image) !== chosen);
  return {
    registry: gardenRegistry({ host, namespace: chosen, insecure }),
    images,
    remarks: [
      { at: "deploymentRegistry", text: pushedText(host, chosen, images, createsRepositoriesOnPush) },
      ...(setup.registry.kind === "inCluster" ? [{ at: "deploymentRegistry", text: IN_CLUSTER }] : []),
      ...(others.length === 0 ? [] : [elsewhere(others, chosen)]),
    ],
  };
}

/** `host[:port]` in Garden's form. */
export function gardenRegistry(of: { host: string; namespace: string; insecure: boolean }): GardenRegistry {
  const [, hostname = of.host, port] = /^(.+?)(?::(\d+))?$/.exec(of.host) ?? [];
  return {
    hostname,
    ...(port === undefined ? {} : { port: Number(port) }),
    namespace: of.namespace,
    ...(of.insecure ? { insecure: true } : {}),
  };
}

/** What stands before the last `/` of an image's repository; "" for none. */
function prefixOf({ repository }: SetupImage): string {
  return repository.slice(0, Math.max(0, repository.lastIndexOf("/")));
}

function nameOf({ repository }: SetupImage): string {
  return repository.slice(repository.lastIndexOf("/") + 1);
}

/** The value that most have, the first of several; "" counts for nothing. */
function commonest(values: readonly string[]): string | undefined {
  const counted = Map.groupBy(
    values.filter((value) => value !== ""),
    (value) => value,
  );
  return [...counted].toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

function pushedText(host: string, namespace: string, images: readonly SetupImage[], createsOnPush: boolean): string {
  if (createsOnPush) return `Garden pushes every Build action NAME to ${host}/${namespace}/NAME.`;
  const named = images.map(nameOf);
  const odd = named.filter((one) => !ACTION_NAME.test(one));
  return [
    `Right for the Build actions ${named.join(", ")}, pushed to ${host}/${namespace}/NAME: there is no repository for any other.`,
    ...(odd.length === 0 ? [] : [`No action can be called ${odd.join(" or ")}: give that name in spec.localId.`]),
  ].join("\n");
}

function elsewhere(images: readonly SetupImage[], namespace: string): Remark {
  const list = images.map(({ repository }) => repository).join(", ");
  return {
    at: "deploymentRegistry",
    text: `Garden has one namespace for all images, so with ${namespace} it cannot push to ${list}: build these with pergola build.`,
    lacking: true,
  };
}

function notNameable({ environment, registry }: BuildSetup, namespace: string, images: readonly SetupImage[]) {
  const list = images.map(({ repository }) => repository).join(", ");
  return new PergolaError({
    code: "setup-invalid",
    message: `Garden puts a namespace between ${registry.host} and the name of an image, "_" where it knows none, and ${list === "" ? `no repository of the environment ${environment} may be used from namespace ${namespace}` : `these repositories have none: ${list}`}.`,
    hint: `Name repositories NAMESPACE/NAME (shop/api) in pergola:registry of stacks/Pulumi.${environment}.yaml.`,
    path: "pergola:registry",
  });
}

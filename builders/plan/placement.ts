/** Which mode, which namespace: the part of a BuildSetup that one build uses. */
import type { BuilderMode, BuilderNamespace, BuildSetup, ClusterModeName, ModeName } from "../../infra/setup.ts";
import { BUILDER_SERVICE_ACCOUNT } from "../../infra/setupNames.ts";
import { PergolaError } from "../errors.ts";
import { admitsNamespace, reservedReason } from "./namespacePatterns.ts";

export interface Placement {
  readonly modeName: ClusterModeName;
  readonly mode: BuilderMode;
  readonly namespace: BuilderNamespace;
  /** only a pattern admits it: `up` made nothing in it */
  readonly fresh: boolean;
  /** the one merged docker config that builders in this namespace mount; null where they need none */
  readonly pullSecret: string | null;
}

export interface PlacementOptions {
  /** as the user said; null lets the setup and the context decide */
  readonly namespace: string | null;
  /** namespace of the kubeconfig context, where there is one */
  readonly contextNamespace: string | null;
}

/**
 * What the environment has for a mode.
 * @throws PergolaError mode-not-provisioned
 */
export function modeOf<Name extends ModeName>(
  setup: BuildSetup,
  modeName: Name,
): NonNullable<BuildSetup["builders"]["modes"][Name]> {
  const mode = setup.builders.modes[modeName];
  if (mode) return mode;
  throw new PergolaError({
    code: "mode-not-provisioned",
    message: `The environment ${setup.environment} was not provisioned for the mode ${modeName}.`,
    hint: `Add pergola:builder.modes.${modeName}${modeName === "local-docker" ? ": {}" : ""} in ${stackFileOf(setup)} and run pulumi up. Provisioned: ${Object.keys(setup.builders.modes).join(", ")}.`,
    path: `pergola:builder.modes.${modeName}`,
  });
}

/**
 * Where an image is built in the cluster.
 * @throws PergolaError as {@link placeMode}; namespace-not-provisioned for an image that may not be built there
 */
export function placeBuild(
  setup: BuildSetup,
  modeName: ClusterModeName,
  image: string,
  options: PlacementOptions,
): Placement {
  const placement = placeMode(setup, modeName, options);
  const { namespace } = placement;
  if (namespace.images === "*" || namespace.images.includes(image)) return placement;
  throw new PergolaError({
    code: "namespace-not-provisioned",
    message: `Image ${image} may not be built in namespace ${namespace.name} (allowed: ${namespace.images.join(", ") || "none"}).`,
    hint: `Allow it in ${stackFileOf(setup)}, or choose another namespace with --namespace.`,
  });
}

const stackFileOf = ({ environment }: BuildSetup): string => `stacks/Pulumi.${environment}.yaml`;

/**
 * Where images are built in the cluster.
 * @throws PergolaError mode-not-provisioned, namespace-not-provisioned, setup-invalid
 */
export function placeMode(setup: BuildSetup, modeName: ClusterModeName, options: PlacementOptions): Placement {
  const mode: BuilderMode = modeOf(setup, modeName);
  const namespace = chooseNamespace(setup, modeName, mode, options);
  const fresh = !mode.namespaces.includes(namespace);
  const provisioned = fresh ? setup.freshNamespaces?.source : namespace.name;
  const secrets = setup.pullSecrets.filter((secret) => secret.namespace === provisioned);
  if (secrets.length > 1) {
    throw new PergolaError({
      code: "setup-invalid",
      message: `Namespace ${provisioned} has ${secrets.length} pull secrets (${secrets.map((secret) => secret.name).join(", ")}); builders mount one that holds all credentials.`,
      hint: "Run pulumi up with this version of Pergola: it writes one merged secret for each namespace.",
    });
  }
  return { modeName, mode, namespace, fresh, pullSecret: secrets[0]?.name ?? null };
}

function chooseNamespace(
  setup: BuildSetup,
  modeName: ModeName,
  mode: BuilderMode,
  options: PlacementOptions,
): BuilderNamespace {
  const names = mode.namespaces.map((namespace) => namespace.name);
  const listed = (name: string | null): BuilderNamespace | undefined =>
    mode.namespaces.find((namespace) => namespace.name === name);
  if (options.namespace !== null) {
    const found = listed(options.namespace);
    if (found) return found;
    if (admitsNamespace(setup, mode, options.namespace)) return fromPattern(mode, options.namespace);
    const why = reservedReason(setup, options.namespace);
    const patterns = mode.namespacePatterns.join(", ");
    throw new PergolaError({
      code: "namespace-not-provisioned",
      message: `Namespace ${options.namespace} is not provisioned for the mode ${modeName} of the environment ${setup.environment}${why === null ? "" : `: it ${why}`}.`,
      hint: `Provisioned: ${names.join(", ") || "none"}; ${patterns === "" ? "there are no patterns for others" : `others have to match ${patterns}`}.`,
    });
  }
  const found = listed(options.contextNamespace) ?? (names.length === 1 ? mode.namespaces[0] : undefined);
  if (found) return found;
  throw new PergolaError({
    code: "namespace-not-provisioned",
    message:
      names.length === 0
        ? `No namespace is provisioned for the mode ${modeName} of the environment ${setup.environment}.`
        : `The mode ${modeName} of the environment ${setup.environment} has several namespaces.`,
    hint:
      names.length === 0
        ? `Add one to pergola:builder.modes.${modeName}.namespaces and run pulumi up.`
        : `Choose one with --namespace: ${names.join(", ")}.`,
  });
}

/** A namespace that only a pattern admits: like the mode's own, for all images. */
function fromPattern(mode: BuilderMode, name: string): BuilderNamespace {
  const sample = mode.namespaces[0];
  return {
    name,
    team: null,
    serviceAccount: sample?.serviceAccount ?? BUILDER_SERVICE_ACCOUNT,
    annotations: sample?.annotations ?? {},
    images: "*",
  };
}

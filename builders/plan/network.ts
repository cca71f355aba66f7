/** Steps with network host: BuildKit gives it only when daemon and client both allow it, and we only where the stack file does. */
import path from "node:path";
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import type { Image } from "../images/image.ts";
import type { Placement } from "./placement.ts";

/** BuildKit's name for it (util/entitlements of moby/buildkit), in buildkitd.toml and for buildctl's --allow. */
export const HOST_NETWORK = "network.host";

/**
 * buildctl's arguments for an image whose steps ask for network host: nothing for any other.
 * @throws PergolaError mode-unsupported: the environment does not permit it
 */
export function hostNetworkArguments(setup: BuildSetup, image: Image, { mode }: Placement): string[] {
  const asked = whoAsks(image);
  if (asked === null) return [];
  if (mode.allowHostNetwork === true) return ["--allow", HOST_NETWORK];
  const { how, line } = asked;
  const key = "pergola:builder.modes.cluster-buildkit.allowHostNetwork";
  throw new PergolaError({
    code: "mode-unsupported",
    message: `Image ${image.name} asks for network host (${how}), which the environment ${setup.environment} does not permit.`,
    hint: `Set ${key}: true in stacks/Pulumi.${setup.environment}.yaml and run pulumi up, or leave it out: steps have the network of the builder's pod then.`,
    path: key,
    ...(line === null ? {} : { file: path.resolve(image.context, image.dockerfile.path), line }),
  });
}

/** Whether steps of an image ask for network host. */
export function asksForHostNetwork(image: Image): boolean {
  return whoAsks(image) !== null;
}

function whoAsks(image: Image): { readonly how: string; readonly line: number | null } | null {
  if (image.settings.network === "host") return { how: "--network host", line: null };
  const flag = image.extraFlags.find((word) => /network\.host|force-network-mode=host/.test(word));
  if (flag !== undefined) return { how: `extra flag ${flag}`, line: null };
  const step = image.facts.networks.find(({ network }) => network === "host");
  if (step === undefined) return null;
  return { how: `RUN --network=host, ${image.dockerfile.path}:${step.line}`, line: step.line };
}

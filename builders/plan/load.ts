/** `--load`: a built image also goes to an image store on the machine of whoever builds. Pure. */
import { PergolaError } from "../errors.ts";
import type { Image } from "../images/image.ts";
import type { LoadPlan, LoadTarget } from "./plan.ts";

/** What people call a target. */
export function placeOf(target: LoadTarget): string {
  return target.into === "docker" ? "Docker" : `containerd at ${target.address} (namespace ${target.namespace})`;
}

/**
 * Plans the loading of one image.
 * @param attested whether attestations come with the image
 * @throws PergolaError usage: Docker cannot hold such an image
 */
export function planLoad(image: Image, target: LoadTarget, references: readonly string[], attested: boolean): LoadPlan {
  const common = { target, place: placeOf(target), references };
  if (target.into === "docker") {
    refuseWhatDockerLacks(image, attested);
    const check = { argv: ["docker", "version", "--format", "{{.Server.Version}}"] };
    return { ...common, argv: ["docker", "load"], check };
  }
  const { address, namespace } = target;
  const store = ["ctr", "--address", address, "--namespace", namespace];
  const argv = [...store, "images", "import", ...platformFlags(image.platforms), "-"];
  return { ...common, argv, check: { socket: address } };
}

/** ctr takes what is for its own machine, unless it is told otherwise. */
function platformFlags(platforms: readonly string[]): string[] {
  const [only, ...others] = platforms;
  if (others.length > 0) return ["--all-platforms"];
  return only === undefined ? [] : ["--platform", only];
}

/**
 * Fields of the output that writes the archive. Docker reads its own form of it (with `manifest.json`, moby/buildkit,
 * exporter/oci); containerd keeps the manifests as they are, so that digests are those of the registry.
 */
export function archiveType(plan: LoadPlan): "docker" | "oci" {
  return plan.target.into === "docker" ? "docker" : "oci";
}

/** Docker's classic store has images of one platform, and none with an index over it (seen with Docker 20.10). */
function refuseWhatDockerLacks(image: Image, attested: boolean): void {
  const refuse = (what: string, hint: string): PergolaError =>
    new PergolaError({
      code: "usage",
      message: `Image ${image.name} cannot be loaded into Docker: ${what}.`,
      hint,
    });
  if (image.platforms.length > 1) {
    throw refuse(
      `it is for ${image.platforms.join(" and ")}, and Docker's store holds one platform of an image`,
      "Build one with --platform, load into containerd with --load=containerd, or leave out --load.",
    );
  }
  if (attested) {
    throw refuse(
      "it comes with attestations (provenance or SBOM), which Docker's store does not hold",
      "Leave them out, load into containerd with --load=containerd, or leave out --load.",
    );
  }
}

/** `--load`: a built image also goes to an image store on the machine of whoever builds, or of a cluster there. Pure. */
import { PergolaError } from "../errors.ts";
import type { Image } from "../images/image.ts";
import type { LoadPlan, LoadTarget, NodeQuery } from "./plan.ts";

/** Stand for what is known when the plan is carried out: a node's name, a file with the archive, a digest in the store. */
export const NODE = "NODE";
export const ARCHIVE = "ARCHIVE";
export const DIGEST = "DIGEST";

/** What people call a target. */
export function placeOf(target: LoadTarget): string {
  switch (target.into) {
    case "docker":
      return target.minikube === undefined ? "Docker" : `Docker of minikube ${target.minikube}`;
    case "containerd":
      return `containerd at ${target.address} (namespace ${target.namespace})`;
    case "minikube":
      return `minikube ${target.profile}`;
    default:
      return `${target.into} cluster ${target.cluster}`;
  }
}

/**
 * Plans the loading of one image.
 * @param attested whether attestations come with the image
 * @throws PergolaError usage: the store cannot hold such an image
 */
export function planLoad(image: Image, target: LoadTarget, references: readonly string[], attested: boolean): LoadPlan {
  if (archiveOf(target) === "docker") refuseWhatDockerLacks(image, target, attested);
  return { target, place: placeOf(target), references, ...ways(target, references, image.platforms) };
}

type Ways = Pick<LoadPlan, "argv" | "nodes" | "check" | "verify">;

/** How the store is found, filled and asked. */
function ways(target: LoadTarget, references: readonly string[], platforms: readonly string[]): Ways {
  switch (target.into) {
    case "docker": {
      const check = { argv: ["docker", "version", "--format", "{{.Server.Version}}"] };
      const inspect = ["docker", "image", "inspect", "--format", "{{.Id}}", ...references];
      return {
        nodes: null,
        argv: ["docker", "load"],
        check,
        verify: { argv: inspect, prints: "docker", manifest: null },
      };
    }
    case "containerd": {
      const { address, namespace } = target;
      const ctr = ["ctr", "--address", address, "--namespace", namespace];
      const argv = [...ctr, "images", "import", ...platformFlags(platforms), "-"];
      return { nodes: null, argv, check: { socket: address }, verify: imagesIn(ctr, references) };
    }
    case "kind":
    case "k3d": {
      const nodes = nodesOf(target.into, target.cluster);
      const inNode = ["docker", "exec", NODE];
      const flags = platformFlags(platforms);
      const argv = [
        ...["docker", "exec", "--interactive", NODE],
        ...(target.into === "kind" ? ["sh", "-c", IMPORT_IN_KIND, "import", ...flags] : [...K3D_IMPORT, ...flags, "-"]),
      ];
      return {
        nodes,
        argv,
        check: { nodes },
        verify: imagesIn([...inNode, "ctr", "--namespace", "k8s.io"], references),
      };
    }
    case "minikube": {
      const minikube = ["minikube", "--profile", target.profile];
      return {
        nodes: null,
        // Without its log it says nothing of a failed load, and exits with 0 (kubernetes/minikube issues 21393, 23471).
        argv: [...minikube, "--alsologtostderr", "image", "load", ARCHIVE],
        check: { argv: PROFILES, profile: target.profile },
        verify: { argv: [...minikube, "image", "ls", "--format", "json"], prints: "minikube", manifest: null },
      };
    }
  }
}

/** Prints minikube's profiles with their state, as JSON (minikube, cmd/config/profile_list.go). */
export const PROFILES: readonly string[] = ["minikube", "profile", "list", "--output", "json"];

/**
 * In a kind node: into the snapshotter that its kubelet's containerd uses, as `kind load` finds it out, too (kind,
 * pkg/cluster/nodeutils). The first that the configuration names is the CRI plugin's; ctr's own default may be another.
 */
const IMPORT_IN_KIND = `\
snapshotter=$(containerd config dump </dev/null | sed -n "s/^ *snapshotter = [\\"']\\([a-z0-9-]\\{1,\\}\\)[\\"']$/\\1/p" | head -n 1)
exec ctr --namespace k8s.io images import \${snapshotter:+--snapshotter "$snapshotter"} "$@" -`;

/** In a k3d node: k3s' ctr knows its own socket (k3d, pkg/client/tools.go). */
const K3D_IMPORT = ["ctr", "--namespace", "k8s.io", "images", "import"];

/** Labels of the containers that are nodes (kind, pkg/cluster/internal/providers/docker; k3d, pkg/types), and who runs pods. */
const NODES = {
  kind: { label: "io.x-k8s.kind.cluster", role: "io.x-k8s.kind.role", roles: ["control-plane", "worker"] },
  k3d: { label: "k3d.cluster", role: "k3d.role", roles: ["server", "agent"] },
} as const;

/** Asks Docker for the nodes of all clusters of that kind: also what there is beside `cluster` is to be said. */
export function nodesOf(into: "kind" | "k3d", cluster: string): NodeQuery {
  const { label, role, roles } = NODES[into];
  const format = ["{{.Names}}", "{{.State}}", `{{.Label "${label}"}}`, `{{.Label "${role}"}}`].join("\t");
  const argv = ["docker", "ps", "--all", "--filter", `label=${label}`, "--format", format];
  return { argv, cluster, roles };
}

function imagesIn(ctr: readonly string[], references: readonly string[]): LoadPlan["verify"] {
  const argv = [...ctr, "images", "ls", ...references.map((reference) => `name==${reference}`)];
  return { argv, prints: "ctr", manifest: [...ctr, "content", "get", DIGEST] };
}

/** ctr takes what is for its own machine, unless it is told otherwise. */
function platformFlags(platforms: readonly string[]): string[] {
  const [only, ...others] = platforms;
  if (others.length > 0) return ["--all-platforms"];
  return only === undefined ? [] : ["--platform", only];
}

/**
 * Fields of the output that writes the archive. Docker reads its own form of it (with `manifest.json`, moby/buildkit,
 * exporter/oci), with the registry's manifest when that is asked for; containerd keeps manifests as they are.
 */
export function archiveFields({ target }: LoadPlan): string[] {
  return archiveOf(target) === "docker" ? ["type=docker", "oci-mediatypes=true"] : ["type=oci"];
}

/** A node of minikube may have Docker, containerd or CRI-O, whose common form is Docker's. */
function archiveOf({ into }: LoadTarget): "docker" | "oci" {
  return into === "docker" || into === "minikube" ? "docker" : "oci";
}

/** Docker's classic store has images of one platform, and none with an index over it (seen with Docker 20.10). */
function refuseWhatDockerLacks(image: Image, target: LoadTarget, attested: boolean): void {
  const refuse = (what: string, hint: string): PergolaError =>
    new PergolaError({
      code: "usage",
      message: `Image ${image.name} cannot be loaded into ${placeOf(target)}: ${what}.`,
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

/** The operating systems of builder nodes, as EKS, EC2 and Karpenter each name them. */

export type NodeImage = "AL2023" | "Bottlerocket";
export type NodeArchitecture = "amd64" | "arm64";

/** `amiType` of a managed node group (EKS API reference, Nodegroup). */
const AMI_TYPES = {
  AL2023: { amd64: "AL2023_x86_64_STANDARD", arm64: "AL2023_ARM_64_STANDARD" },
  Bottlerocket: { amd64: "BOTTLEROCKET_x86_64", arm64: "BOTTLEROCKET_ARM_64" },
} as const satisfies Record<NodeImage, Record<NodeArchitecture, string>>;

/** User namespaces that a node allows at one time, where it allows none by itself; rootless BuildKit needs a few. */
const USER_NAMESPACES = 16_384;

/** A block device of a node. */
export interface NodeVolume {
  readonly device: string;
  /** null for the size of the image */
  readonly gibibytes: number | null;
}

/** The `amiType` of a node group. */
export function amiType(image: NodeImage, architecture: NodeArchitecture): string {
  return AMI_TYPES[image][architecture];
}

/** Karpenter's name for the newest image of a family (Karpenter, "NodeClasses": spec.amiSelectorTerms). */
export function imageAlias(image: NodeImage): string {
  return `${image.toLowerCase()}@latest`;
}

/**
 * The volumes of a node. Images, containers and emptyDir volumes, which builds fill, are on the root volume; on Bottlerocket,
 * whose root volume holds the system alone, on a second one (Bottlerocket, README: "Default Volumes").
 */
export function nodeVolumes(image: NodeImage, gibibytes: number): NodeVolume[] {
  if (image === "AL2023") return [{ device: "/dev/xvda", gibibytes }];
  return [
    { device: "/dev/xvda", gibibytes: null },
    { device: "/dev/xvdb", gibibytes },
  ];
}

/**
 * User data that is merged with that of EKS or Karpenter; null for none. Bottlerocket sets `user.max_user_namespaces` to 0, with
 * which rootless BuildKit does not start (moby/buildkit, docs/rootless.md); AL2023 leaves it at the kernel's default.
 */
export function userData(image: NodeImage, { userNamespaces }: { readonly userNamespaces: boolean }): string | null {
  if (image !== "Bottlerocket" || !userNamespaces) return null;
  return `[settings.kernel.sysctl]\n"user.max_user_namespaces" = "${USER_NAMESPACES}"\n`;
}

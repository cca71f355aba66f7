/**
 * What is known of images that builders run from. Images by other names are not judged: a stack file may say itself which
 * credential helpers one has.
 */

/** A known image. */
export interface BuilderImage {
  /** name without host and tag */
  readonly name: string;
  /** credential helpers in it, without `docker-credential-` */
  readonly helpers: readonly string[];
  /** what BuildKit in it is made for; null where its tag does not tell, or there is none */
  readonly profile: "rootful" | "rootless" | null;
}

/**
 * Name -> credential helpers. Garden adds both to BuildKit and to its tools (garden-io/garden, images/buildkit and images/k8s-util);
 * BuildKit's own image has none (moby/buildkit, Dockerfile); executors of kaniko have three, unless they are slim
 * (osscontainertools/kaniko, deploy/Dockerfile).
 */
const HELPERS: Readonly<Record<string, readonly string[]>> = {
  "gardendev/buildkit": ["ecr-login", "gcr"],
  "gardendev/k8s-util": ["ecr-login", "gcr"],
  "moby/buildkit": [],
  "osscontainertools/kaniko": ["ecr-login", "gcr", "acr-env"],
  "kaniko-project/executor": ["ecr-login", "gcr", "acr-env"],
};

/** Images of BuildKit, whose tags tell for whom they are: those for an unprivileged user end in `rootless`. */
const BUILDKIT_IMAGES = ["gardendev/buildkit", "moby/buildkit"];

/** What is known of an image by the last two parts of its name, so also where a mirror has it; null for one that is not known. */
export function builderImage(reference: string): BuilderImage | null {
  const [, path = "", tag] = /^([^@]+?)(?::([\w][\w.-]*))?(?:@.*)?$/.exec(reference) ?? [];
  const name = path.split("/").slice(-2).join("/");
  const known = Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined;
  if (known === undefined) return null;
  const helpers = tag?.endsWith("slim") ? [] : known;
  const profile = tag === undefined || !BUILDKIT_IMAGES.includes(name) ? null : profileOf(tag);
  return { name, helpers, profile };
}

function profileOf(tag: string): "rootful" | "rootless" {
  return tag === "rootless" || tag.endsWith("-rootless") ? "rootless" : "rootful";
}

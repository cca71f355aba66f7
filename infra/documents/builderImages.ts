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
  /** of kaniko's: whether it has a shell, with which a pod waits for its context; null where its tag does not tell, or it is another's */
  readonly shell: boolean | null;
  /** it is from before EKS Pod Identity, so what is in it finds no role that comes that way */
  readonly beforePodIdentity: boolean;
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

/** Images of kaniko by those who make it (osscontainertools/kaniko, deploy/Dockerfile; GoogleContainerTools/kaniko, the same). */
const KANIKO_IMAGES = ["osscontainertools/kaniko", "kaniko-project/executor"];

/**
 * The last version of Google's executor (1.11, Garden's default) whose SDK is known to be older than Pod Identity: its go.mod has one of
 * mid-2023, and the first that knows it is of 2023-11-14 (EKS user guide, "Use Pod Identity with the AWS SDK"). Later ones are not judged.
 */
const LAST_BEFORE_POD_IDENTITY = 11;

/** What is known of an image by the last two parts of its name, so also where a mirror has it; null for one that is not known. */
export function builderImage(reference: string): BuilderImage | null {
  const [, path = "", tag] = /^([^@]+?)(?::([\w][\w.-]*))?(?:@.*)?$/.exec(reference) ?? [];
  const name = path.split("/").slice(-2).join("/");
  const known = Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined;
  if (known === undefined) return null;
  const helpers = tag?.endsWith("slim") ? [] : known;
  const profile = tag === undefined || !BUILDKIT_IMAGES.includes(name) ? null : profileOf(tag);
  const beforePodIdentity = name === "kaniko-project/executor" && isBeforePodIdentity(tag);
  return {
    name,
    helpers,
    profile,
    shell: KANIKO_IMAGES.includes(name) ? hasShell(reference, tag) : null,
    beforePodIdentity,
  };
}

/** Only debug images of kaniko have one; what has neither tag nor digest is `latest`, which is none of them. */
function hasShell(reference: string, tag: string | undefined): boolean | null {
  if (tag === undefined && reference.includes("@")) return null;
  return /(?:^|-)debug(?:-|$)/.test(tag ?? "latest");
}

function isBeforePodIdentity(tag: string | undefined): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(tag ?? "") ?? [];
  return major === "0" || (major === "1" && Number(minor) <= LAST_BEFORE_POD_IDENTITY);
}

function profileOf(tag: string): "rootful" | "rootless" {
  return tag === "rootless" || tag.endsWith("-rootless") ? "rootless" : "rootful";
}

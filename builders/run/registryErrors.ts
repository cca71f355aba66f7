/** What went wrong between a builder and a registry, from the builder's error text. Pure; shared by both builders. */
import type { ErrorCode, ErrorData } from "../errors.ts";

/** Statuses stand after ": " or "code " in what containerd and go-containerregistry write, never after a tag's bare colon. */
const LIMITED = /(?:: |code )429\b|TOOMANYREQUESTS|too many requests/i;
const UNTRUSTED = /x509:|certificate signed by unknown authority|certificate is (?:not|valid)/i;
const DENIED =
  /(?:: |code )40[13]\b|unauthorized|denied|forbidden|authentication required|no basic auth credentials|insufficient_scope/i;
/** The registry, or what stands before it, is out of order. */
const FAILING = /(?:: |code )5\d\d\b/;
/** No answer, or one of a server that is no registry: another try or another address may help, the build is innocent. */
const UNREACHABLE =
  /connection refused|no such host|i\/o timeout|network is unreachable|no route to host|connection reset by peer|connection timed out|TLS handshake|certificate|HTTP response to HTTPS client|context deadline exceeded|DeadlineExceeded|server misbehaving|Temporary failure in name resolution|unexpected EOF|: EOF\b/i;
const MISSING =
  /not found|NOT_FOUND|NAME_UNKNOWN|MANIFEST_UNKNOWN|manifest unknown|repository name not known|(?:: |code )404\b/i;

export type RegistryProblem = "limited" | "untrusted" | "denied" | "failing" | "unreachable" | "missing";

/**
 * The kind of problem, null when the text speaks of none. Denials win over what is missing: registries word them so too.
 * @param names what may stand in the text without saying anything: references of images
 */
export function registryProblem(text: string, names: readonly string[] = []): RegistryProblem | null {
  // Addresses and names are not the registry's words: an image may be called forbidden, its tag 403.
  const said = names.reduce((rest, name) => (name === "" ? rest : rest.replaceAll(name, "")), text);
  const words = said.replace(/https?:\/\/[^\s"]+?(?=:?[\s"]|$)/g, "");
  if (LIMITED.test(words)) return "limited";
  if (UNTRUSTED.test(words)) return "untrusted";
  if (DENIED.test(words)) return "denied";
  if (FAILING.test(words)) return "failing";
  if (UNREACHABLE.test(words)) return "unreachable";
  if (MISSING.test(words)) return "missing";
  return null;
}

/**
 * Why a credential helper gave none: its own words, or why it did not run; null when the text tells of no helper. As docker's client
 * library of helpers wraps it (docker/docker-credential-helpers, client), which both builders have in them.
 */
export function helperFailure(text: string): string | null {
  const [, why = "", said = ""] = /error getting credentials - err: (.*?), out: `([^`]*)`/s.exec(text) ?? [];
  return said.trim() || why || null;
}

/** host[:port] of the first URL in the text, null when there is none */
export function hostOf(text: string): string | null {
  return /https?:\/\/([^/"\s]+)/.exec(text)?.[1] ?? null;
}

/**
 * Who asks a registry: a builder in the cluster, which the stack file configures, the daemon of this machine's Docker, or a
 * builder of its buildx with a BuildKit, and a configuration, of its own.
 */
export type Builder = "cluster" | "docker" | "buildx";

/** A request of a builder that a registry did not grant. */
export interface RegistryRefusal {
  readonly action: "pull" | "push";
  /** host[:port] that was asked */
  readonly host: string;
  /** image that was pulled or pushed */
  readonly reference: string;
  /** the registry's or the network's words */
  readonly why: string;
  /** host[:port] of the environment's registry */
  readonly ownHost: string;
  /** " (Dockerfile:3)" or "" */
  readonly at: string;
  /** a builder in the cluster if left out */
  readonly by?: Builder;
  /** whose credentials the builder used, as a sentence; "" when nothing is known */
  readonly credentials: string;
}

/** What is said of a builder, and where it is configured. */
interface Words {
  readonly from: string;
  readonly mirrors: string;
  readonly way: string;
  /** @param own whether it is the environment's registry */
  authority(host: string, own: boolean): string;
  /** @param own as above */
  plainHttp(host: string, own: boolean): string;
}

const WORDS: Readonly<Record<Builder, Words>> = {
  cluster: {
    from: "the builder",
    mirrors: "registry.mirrors in the stack file",
    way: "Check the address, and that the builder's namespace may reach it (NetworkPolicy, DNS).",
    authority: (_, own) =>
      own
        ? "Name that authority's certificate in the stack file, registry.caBundle, and run pulumi up."
        : "Copy the image into the environment's registry: registry.caBundle in the stack file is for that one.",
    plainHttp: (_, own) =>
      own
        ? "It speaks plain http: registry.insecure in the stack file says so."
        : "It speaks plain http: registry.insecureMirrors in the stack file says so of a mirror.",
  },
  docker: {
    from: "Docker's daemon",
    mirrors: "registry-mirrors in Docker's daemon.json",
    way: "Check the address, and that this machine reaches it: Docker's daemon goes its own way there (proxies, DNS).",
    authority: (host) =>
      `Give Docker's daemon that authority's certificate, as /etc/docker/certs.d/${host}/ca.crt (docs.docker.com, "Verify repository client with certificates").`,
    plainHttp: (host) =>
      `It speaks plain http, which Docker takes only where its daemon.json allows it: "insecure-registries": ["${host}"] (for base images of a mirror: "http://${host}").`,
  },
  buildx: {
    from: "the builder of docker buildx",
    mirrors: "mirrors in the builder's buildkitd.toml",
    way: "Check the address, and that the builder reaches it: it goes its own way there (proxies, DNS).",
    authority: (host) =>
      `Make a builder that knows it: docker buildx create --use --buildkitd-config FILE, with ca = ["CERTIFICATE"] below [registry."${host}"] in that file.`,
    plainHttp: (host) =>
      `It speaks plain http, which a builder takes only where it was made so: docker buildx create --use --buildkitd-config FILE, with http = true below [registry."${host}"] in that file.`,
  },
};

/** The error that a user sees of it; null for none of the kinds above. */
export function registryError(refusal: RegistryRefusal): Pick<ErrorData, "code" | "message" | "hint"> | null {
  const { action, host, reference, ownHost, at, credentials } = refusal;
  const words = WORDS[refusal.by ?? "cluster"];
  const why = refusal.why.replace(/\s*\n\s*/g, "; ").trim();
  const pulling = action === "pull";
  const doing = pulling ? `which has the base image ${reference}${at},` : `which ${reference} is pushed to,`;
  const error = (code: ErrorCode, message: string, hint: string) => ({ code, message: `${message}: ${why}`, hint });
  switch (registryProblem(refusal.why, [reference])) {
    case "limited":
      return error(
        "rate-limited",
        `The registry ${host}, ${doing} limits how often it may be asked, and that is used up`,
        `Wait and build again, ${pulling ? `take the base image from a mirror (${words.mirrors}), or log in` : "or build fewer images at a time (--concurrency)"}. ${credentials}`.trim(),
      );
    case "untrusted":
      return error(
        "registry-untrusted",
        `The registry ${host}, ${doing} has a certificate of an authority that the builder does not know`,
        words.authority(host, host === ownHost),
      );
    case "denied":
      return pulling
        ? error(
            "pull-denied",
            `The registry ${host} does not let the builder read the base image ${reference}${at}`,
            `The image may be private or missing: check its name. ${credentials}`.trim(),
          )
        : error(
            "push-denied",
            `The registry ${host} does not let the builder push ${reference}`,
            `The account needs the right to push there. ${credentials}`.trim(),
          );
    case "failing":
      return error(
        "registry-unreachable",
        `The registry ${host}, ${doing} is out of order`,
        "The fault is the registry's: build again when it is well, finished steps are in the builder's cache.",
      );
    case "unreachable":
      return error(
        "registry-unreachable",
        `The registry ${host}, ${doing} cannot be reached from ${words.from}`,
        /HTTP response to HTTPS client/.test(refusal.why) ? words.plainHttp(host, host === ownHost) : words.way,
      );
    case "missing":
      return pulling
        ? error("base-image-missing", `There is no base image ${reference}${at}`, "Check its name and its tag.")
        : error(
            "repository-not-provisioned",
            `The registry ${host} has no repository for ${reference}`,
            "Add it to the repositories in the stack file and run pulumi up.",
          );
    case null:
      return null;
  }
}

/**
 * Whether a registry of distribution 2.x refused a manifest because another push rewrote one of its layers at that moment:
 * its files are rewritten in place, so that the layer is for a while not what its digest says (seen with 2.8.2).
 */
export function isLayerRace(text: string): boolean {
  return /failed to push/.test(text) && /provided digest did not match uploaded content/.test(text);
}

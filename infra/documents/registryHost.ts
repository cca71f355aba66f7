/** Registry hosts: what stands in front of an image's path, and under which key docker's config.json knows it. */
import { nearest } from "./nearest.ts";

/** host or host:port; no scheme, no path. */
export const REGISTRY_HOST_PATTERN = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:\d{1,5})?$/;

/** Ports that a Service of type NodePort may have unless the API server was told otherwise (--service-node-port-range). */
export const NODE_PORTS = { first: 30000, last: 32767 } as const;

/** docker's key for Docker Hub (docker/cli, cli/config and registry: IndexServer). */
export const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

/** Docker Hub in image references, and in everything that follows from a stack file. */
export const DOCKER_HUB = "docker.io";

/** What else Docker Hub goes by: in docker's config.json, as the host of its API, and as a website. */
const DOCKER_HUB_NAMES = [
  DOCKER_HUB,
  "index.docker.io",
  "registry-1.docker.io",
  "hub.docker.com",
  "registry.hub.docker.com",
];

/** One account's registry of Amazon ECR. */
const PRIVATE_ECR_HOST = /^\d{12}\.dkr[.-]ecr(-fips)?\./;

/** Registries by host, as docker-credential-ecr-login accepts them (awslabs/amazon-ecr-credential-helper, api/client.go). */
const ECR_HOST =
  /^(\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.(com(\.cn)?|eu)|on\.aws|on\.amazonwebservices\.com\.cn)|public\.ecr\.aws|ecr-public\.aws\.com)$/;

/** Hosts of Azure Container Registry, in its clouds (chrismellard/docker-credential-acr-env, pkg/registry). */
export const AZURE_HOST = /^[a-z0-9-]+\.azurecr\.(io|cn|us|de)$/;

/** Helpers that keep logins of the person in front of the machine (docker/docker-credential-helpers, Docker Desktop). */
const STORES = ["desktop", "osxkeychain", "pass", "secretservice", "wincred"];

/** Hosts of Google's registries. */
const GOOGLE_HOST = /^(([a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$/;

/** host and port of `host[:port]`. Port is null when there is none. */
export function splitHost(host: string): { name: string; port: number | null } {
  const match = /^(.*?)(?::(\d+))?$/.exec(host)!;
  return { name: match[1]!, port: match[2] === undefined ? null : Number(match[2]) };
}

/** Whether a host name is an IPv4 literal. */
export function isAddress(name: string): boolean {
  return /^(\d{1,3})(\.\d{1,3}){3}$/.test(name) && name.split(".").every((part) => Number(part) <= 255);
}

/**
 * A registry host by the one name that it has here: Docker Hub has several, and is also written as the URL that docker's
 * config.json has for it. Everything else stays as it is, also what is no host.
 */
export function canonicalHost(host: string): string {
  const bare = host.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
  return DOCKER_HUB_NAMES.includes(bare) ? DOCKER_HUB : host;
}

/** What is wrong with a registry host, as the end of a sentence that begins with it; null when nothing is. */
export function hostProblem(host: string): string | null {
  if (/^[a-z]+:\/\//i.test(host)) return "has a scheme; write host or host:port";
  if (host.includes("/")) return "has a path; write host or host:port";
  if (!REGISTRY_HOST_PATTERN.test(host)) return "is not host or host:port";
  const { name, port } = splitHost(host);
  if (port !== null && (port < 1 || port > 65535)) return `has port ${port}, which is not between 1 and 65535`;
  if (/^[\d.]+$/.test(name) && !isAddress(name)) return "is not an IPv4 address";
  if (name === "hub.docker.com") return "is Docker Hub's website, not its registry; write docker.io";
  if (/(^|\.)artifacts\..+\.appspot\.com$/.test(name)) {
    return "is a bucket of Container Registry, which was shut down in 2025; gcr.io is Artifact Registry now: write kind: gcr";
  }
  if (name === "docker.pkg.dev") return "names no location; Artifact Registry hosts are LOCATION-docker.pkg.dev";
  return null;
}

/** Websites that are taken for the registry of the same product. */
const WEBSITES: Readonly<Record<string, { readonly whose: string; readonly registry: string }>> = {
  "docker.com": { whose: "Docker", registry: DOCKER_HUB },
  "www.docker.com": { whose: "Docker", registry: DOCKER_HUB },
  "github.com": { whose: "GitHub", registry: "ghcr.io" },
  "gitlab.com": { whose: "GitLab", registry: "registry.gitlab.com" },
};

/** What is wrong with the host of a registry that is logged in to or written to. */
export function registryHostProblem(host: string): string | null {
  const site = Object.hasOwn(WEBSITES, host) ? WEBSITES[host] : undefined;
  return site === undefined
    ? reachedHostProblem(host)
    : `is ${site.whose}'s website, not its registry; write ${site.registry}`;
}

/** What is wrong with a host that shall have mirrors: builders look images of Docker Hub up under one name of it only. */
export function mirroredHostProblem(host: string): string | null {
  if (host === "index.docker.io" || host === "registry-1.docker.io") {
    return "is Docker Hub by a name that no image is looked up by; write docker.io";
  }
  return hostProblem(host);
}

/** What is wrong with a host that builders shall reach: the addresses by which clouds hand out identities are opened by identity alone. */
export function reachedHostProblem(host: string): string | null {
  if (host.includes("*")) return "has a wildcard; name each host";
  if (/^[\d.]+\/\d+$/.test(host)) return "is a range of addresses; name each host or address";
  const { name } = splitHost(host);
  if ((isAddress(name) && name.startsWith("169.254.")) || name === "metadata.google.internal")
    return "is link-local, where clouds hand out the identity of a node";
  return hostProblem(host);
}

/** The key of a registry in docker's config.json: the host itself, but a URL for Docker Hub. */
export function configKey(host: string): string {
  return canonicalHost(host) === DOCKER_HUB ? DOCKER_HUB_KEY : host;
}

/** Whether a host is a registry of Amazon ECR that belongs to an account. */
export function isEcrHost(host: string): boolean {
  return PRIVATE_ECR_HOST.test(host) && ECR_HOST.test(host);
}

/** The kind of Google's registry behind a host; null for any other host. */
export function googleRegistryKind(host: string): "artifactRegistry" | "gcr" | null {
  if (!GOOGLE_HOST.test(host)) return null;
  return host.endsWith(".pkg.dev") ? "artifactRegistry" : "gcr";
}

/**
 * What is wrong with asking a credential helper for a host, as the end of a sentence that begins with the helper; null when
 * nothing is known to be. A helper asked for a host that is not its own answers "not found", and the client goes on without
 * a login.
 */
export function helperProblem(helper: string, host: string): string | null {
  if (helper === "ecr-login" && !ECR_HOST.test(host)) return `only knows Amazon ECR registries, and ${host} is none`;
  if (helper === "gcr" && !GOOGLE_HOST.test(host)) return `only knows Google's registries, and ${host} is none`;
  if (helper === "acr-env" && !AZURE_HOST.test(host)) {
    return `only knows Azure Container Registry, and ${host} is not of it`;
  }
  if (STORES.includes(helper)) return "is the credential store of somebody's desktop, which builders do not have";
  const meant = helper.startsWith("docker-credential-") ? helper.slice("docker-credential-".length) : null;
  if (meant !== null)
    return `is written without the prefix docker-credential-: ${nearest(meant, ["ecr-login", "gcr"]) ?? meant}`;
  return null;
}

/** Values that stack files are made of: one schema each, with the words of its error. A message ends a sentence that begins with the value. */
import { z } from "zod";
import { namespaceProblem, SUBDOMAIN_PATTERN } from "./documents/names.ts";
import { QUANTITY_PATTERN } from "./documents/quantity.ts";
import { canonicalHost, reachedHostProblem, registryHostProblem } from "./documents/registryHost.ts";

/**
 * A string for which `problem` says what is wrong, or null.
 * @param instead what to say is allowed where something else than a string is found; null for "a string"
 */
export function checked(
  problem: (value: string) => string | null,
  instead: (found: unknown) => string | null = () => null,
) {
  return z.string({ error: (issue) => instead(issue.input) }).check((context) => {
    const message = problem(context.value);
    if (message !== null) context.issues.push({ code: "custom", message, input: context.value });
  });
}

/** Registry host. */
export const host = checked(reachedHostProblem).describe("registry host or host:port, without scheme and path");
/** Host of a registry that is logged in to: Docker Hub by whatever name of it, which becomes docker.io. */
export const registryHost = z
  .string()
  .overwrite(canonicalHost)
  .check((context) => {
    const message = registryHostProblem(context.value);
    if (message !== null) context.issues.push({ code: "custom", message, input: context.value });
  })
  .describe("registry host or host:port, without scheme and path; Docker Hub is docker.io");
/** Name of a credential helper. */
export const credentialHelper = z
  .string()
  .regex(/^[a-z0-9-]+$/, "is not the name of a credential helper")
  .describe("credential helper, without docker-credential-");
/** Name of a namespace. */
export const namespaceName = checked(namespaceProblem).describe("Kubernetes namespace");
/** Name of a Kubernetes object that goes into other names, too. */
export const objectName = z.string().max(63).regex(SUBDOMAIN_PATTERN, "is not a valid object name");
/** Name of a node. */
export const nodeName = z.string().max(253).regex(SUBDOMAIN_PATTERN, "is not a valid node name");
/** Name of a secret of the stack file. */
export const secretName = checked((name) =>
  /^[a-zA-Z][a-zA-Z0-9_-]*$/.test(name) ? null : "is not a name of a secret: a letter, then letters, digits, _ and -",
).describe("name of an entry of pergola:secrets");
/** User of a registry, as HTTP's basic authentication allows. */
export const username = z
  .string()
  .regex(/^[^\s:]+$/, "is not a user name: at least one character, no colon, no white space")
  .describe("user of the registry");
/** Kubernetes' quantity. */
export const quantity = z.string().regex(QUANTITY_PATTERN, 'is not a quantity like "500m", "4" or "8Gi"');
/** Name of a resource (cpu, memory, requests.cpu, count/pods) -> quantity */
export const quantities = z.record(z.string().regex(/^[a-z0-9./-]+$/, "is not the name of a resource"), quantity);
/** Grammar of the distribution project's reference package: [host/]path[:tag][@digest]. */
export const image = z
  .string()
  .regex(
    /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/,
    "is not an image reference",
  )
  .check((context) => {
    if (/(:[^/]+|@sha256:.+)$/.test(context.value)) return;
    context.issues.push({ code: "custom", message: "has neither tag nor digest", input: context.value });
  });

/**
 * Executor of the mode kaniko. By default the maintained fork, as Google's images are no longer made, in its variant `-debug`: the
 * plain image has no shell, with which a pod waits for its build context (docs of github.com/osscontainertools/kaniko).
 */
export const kanikoImage = image
  .default("ghcr.io/osscontainertools/kaniko:v1.28.3-debug")
  .describe(
    "executor of the builds; it needs a shell, which kaniko's own images have whose tag ends in -debug. What a Dockerfile may " +
      "have depends on executor and version, which are told from name and tag",
  );

/** Path between host and image name; empty for none. */
export const repositoryPrefix = z
  .string()
  .regex(
    /^([a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)?$/,
    "is not a repository path: lower-case letters, digits and single separators, without leading or trailing slash",
  );

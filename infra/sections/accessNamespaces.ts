/** What several kinds of `pergola:access` say of namespaces. */
import { z } from "zod";
import { checked } from "../configValues.ts";
import { namespaceProblem } from "../documents/names.ts";
import { patternProblem } from "../documents/namespacePattern.ts";

export const namespacePatterns = z
  .array(checked(patternProblem))
  .default([])
  .describe(
    "namespaces that are made later and may build, too: * is any characters (also none), ? is one. What builds need there is " +
      "made by the first one, for `pergola build --namespace`; kube-*, default and the registry's namespace never match",
  );

export const allowAnyNamespace = z
  .boolean()
  .default(false)
  .describe("has to be true for a pattern without any letter or digit, such as *: then every namespace may push");

/** Names, and what to do with a pattern that stands among them. */
function listed(instead: string) {
  const name = checked((text) => (/[*?]/.test(text) ? `has a wildcard: ${instead}` : namespaceProblem(text)));
  return z
    .array(name.describe("Kubernetes namespace"))
    .min(1)
    .optional()
    .describe(
      "namespaces whose account garden-in-cluster-builder may push; default: the builder namespaces. Garden's project namespaces " +
        "need it too",
    );
}

export const namespaces = listed("these are names; a pattern goes into namespacePatterns");
/** Where an identity is bound to each namespace. */
export const boundNamespaces = listed("an identity of this kind is bound to single namespaces; list each");

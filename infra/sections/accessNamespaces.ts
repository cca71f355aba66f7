/** What several kinds of `pergola:access` say of namespaces. */
import { z } from "zod";
import { checked, namespaceName } from "../configValues.ts";
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

export const namespaces = z
  .array(namespaceName)
  .min(1)
  .optional()
  .describe(
    "namespaces whose account garden-in-cluster-builder may push; default: the builder namespaces. Garden's project namespaces " +
      "need it too",
  );

/** What the first build makes in a namespace that was made after `up` and matches a pattern, as data. */
import type { BuildSetup } from "../../infra/setup.ts";
import { SETUP_CONFIG_MAP, SETUP_KEY } from "../../infra/setupNames.ts";
import { PergolaError } from "../errors.ts";
import type { Placement } from "./placement.ts";
import type { FreshNamespacePlan, Manifest } from "./plan.ts";
import { canonical, SPEC_HASH, specHash } from "./specHash.ts";

/**
 * Annotation of the namespace's ConfigMap: what was made here and may have to go again, as `kind/name`, with commas. A
 * service account or a role is always needed, so it is not named.
 */
export const MADE_HERE = "pergola.dev/made-here";

/** Kinds that an environment may have today and not tomorrow. */
export const REMOVABLE = ["NetworkPolicy", "Secret"] as const;

/**
 * The objects of a fresh namespace, as infra wrote them into the BuildSetup, and the record of them.
 * @throws PergolaError setup-invalid: patterns, but nothing about what such namespaces get
 */
export function planFreshNamespace(setup: BuildSetup, placement: Placement): FreshNamespacePlan {
  const { freshNamespaces, environment } = setup;
  if (freshNamespaces === null) {
    throw new PergolaError({
      code: "setup-invalid",
      message: `The BuildSetup of ${environment} has patterns of namespaces, but does not say what such namespaces get.`,
      hint: "Run pulumi up with this version of Pergola: it writes the BuildSetup anew.",
      path: "freshNamespaces",
    });
  }
  const namespace = placement.namespace.name;
  const manifests = freshNamespaces.objects.map(
    (object): Manifest => ({ ...object, metadata: { ...object.metadata, namespace } }),
  );
  const pullSecret =
    placement.pullSecret === null ? null : { name: placement.pullSecret, from: freshNamespaces.source };
  const hash = specHash(canonical({ environment, manifests, pullSecret }));
  const removable = manifests.filter(({ kind }) => (REMOVABLE as readonly string[]).includes(kind));
  const made = [
    ...removable.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    ...(pullSecret === null ? [] : [`Secret/${pullSecret.name}`]),
  ];
  // Contexts have other names elsewhere, as in the ConfigMaps of `up`.
  const copied = { ...setup, cluster: { ...setup.cluster, context: null } };
  // Without the label of the others: whoever looks for BuildSetups in all namespaces finds those that `up` wrote.
  const record: Manifest = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: SETUP_CONFIG_MAP,
      namespace,
      annotations: { [SPEC_HASH]: hash, [MADE_HERE]: made.join(",") },
    },
    data: { [SETUP_KEY]: `${JSON.stringify(canonical(copied), null, 2)}\n` },
  };
  return { environment, podSecurity: placement.mode.podSecurity, manifests, pullSecret, record };
}

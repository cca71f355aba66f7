/** Names and numbers of the BuildSetup. Apart from its schema (setup.ts), as who only needs a name need not load that. */

/** How patterns match: the runner admits by it what a trust policy does. */
export { matchesPattern } from "./documents/namespacePattern.ts";
/** Pod Security: what the runner looks at in namespaces that infra does not make. */
export { ENFORCE_LABEL, podSecurityAllows } from "./documents/podSecurity.ts";
/** What the amounts of the BuildSetup are worth. */
export { quantityValue } from "./documents/quantity.ts";

/** The service account that builds run as; Garden creates and uses the same name in every project namespace. */
export const BUILDER_SERVICE_ACCOUNT = "garden-in-cluster-builder";

/** The Secret of workloads where a stack file names none: what `pergola setup attach` attaches. */
export const WORKLOAD_PULL_SECRET = "pergola-images";

/** The credential helper of Google's registries, without `docker-credential-`. It asks the metadata server. */
export const GOOGLE_HELPER = "gcr";

/** Annotation by which GKE gives an account's pods a service account (GKE, "Authenticate to Google Cloud APIs from GKE workloads"). */
export const GSA_ANNOTATION = "iam.gke.io/gcp-service-account";

/** Name of the ConfigMap that carries the BuildSetup in each builder namespace, and its key. */
export const SETUP_CONFIG_MAP = "pergola-setup";
export const SETUP_KEY = "setup.json";

/** Label of that ConfigMap, by which a reader finds it in namespaces that it was not told. */
export const SETUP_LABEL = { key: "app.kubernetes.io/part-of", value: "pergola" } as const;

/** Version that this code writes; a reader takes it and the one before. */
export const SETUP_VERSION = 1;

/** Name of the Deployment and the ConfigMap of a namespace's buildkitd. */
export const BUILDKIT_NAME = "pergola-buildkit";

/** Labels of every pod of Pergola that builds. */
export const BUILDER_POD_LABELS = {
  "app.kubernetes.io/component": "builder",
  "app.kubernetes.io/part-of": "pergola",
  "app.kubernetes.io/managed-by": "pergola",
} as const;

/** Key and value of the taint, label and toleration of builder nodes (Garden sets the same toleration on its builder pods). */
export const BUILDER_NODE_KEY = "garden-build";
export const BUILDER_NODE_VALUE = "true";

/** A mode that Garden had, and why nobody has it any more, as the rest of a sentence that begins with it. */
export const GONE_MODE = {
  name: "cluster-docker",
  why:
    "is gone since Garden 0.13: one Docker daemon of the cluster built for everybody, with cluster-wide services around it " +
    "(registry, sync, volumes, NFS); cluster-buildkit took its place, with a builder in each namespace",
} as const;

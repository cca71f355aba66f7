/**
 * The BuildPlan: everything that one build will do, as plain data. `pergola build --dry-run`
 * prints it; the executors in `run/` carry out the same object and add nothing to it.
 * Secrets are references (an environment variable or a file of the caller), never values.
 */

/** A Kubernetes object as it is sent to the API server. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [key: string]: unknown;
}

/** Where a build secret comes from; read by the executor at the last moment. */
export type SecretSource = { readonly env: string } | { readonly file: string };

interface CommonPlan {
  /** name of the image in the graph */
  readonly name: string;
  /** full references that the image is pushed to; the first is the one reported */
  readonly references: readonly string[];
  readonly platforms: readonly string[];
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly context: {
    /** absolute path of the context directory */
    readonly directory: string;
    /** Dockerfile, relative to the context directory, with forward slashes */
    readonly dockerfile: string;
  };
  readonly secrets: Readonly<Record<string, SecretSource>>;
}

/** A build by a buildkitd that lives in the namespace as a Deployment. */
export interface BuildkitPlan extends CommonPlan {
  readonly mode: "cluster-buildkit";
  readonly builder: {
    /** objects that must exist before the build: ConfigMap with buildkitd.toml, Deployment */
    readonly manifests: readonly Manifest[];
    readonly deployment: string;
    readonly container: string;
    /** path inside the container of the docker config.json, null when there is none */
    readonly dockerConfig: string | null;
  };
  /**
   * buildctl and its arguments. It runs in a private directory (argv names files relative to it)
   * with BUILDKIT_HOST set to the socket that leads to the pod and DOCKER_CONFIG to that directory.
   */
  readonly argv: readonly string[];
  /** file in the private directory that buildctl writes the image's digest to */
  readonly metadataFile: string;
}

/** A build by a kaniko pod of its own. */
export interface KanikoPlan extends CommonPlan {
  readonly mode: "kaniko";
  /** the pod; metadata.name is unique per build */
  readonly pod: Manifest;
  /** init container that waits for the context, and the directory that it fills */
  readonly transfer: { readonly container: string; readonly directory: string };
  /** main container, whose termination message is the digest */
  readonly container: string;
  readonly cacheRepository: string | null;
}

export type BuildPlan = BuildkitPlan | KanikoPlan;

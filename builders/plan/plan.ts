/**
 * The BuildPlan: everything that one build will do, as plain data. `pergola build --dry-run`
 * prints it; the executors in `run/` carry out the same object and add nothing to it.
 * Secrets are references (an environment variable or a file of the caller), never values.
 */
import type { SecretSource } from "../images/image.ts";

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

/**
 * Whose registry credentials a build has: those of the docker config that the builder's pod mounts, or those of whoever
 * builds (`dockerConfig`: absolute path of the directory, which is only read).
 */
export type Auth = { readonly from: "builder" } | { readonly from: "client"; readonly dockerConfig: string };

/** What a namespace gets that was made after `up` and that only a pattern admits. */
export interface FreshNamespacePlan {
  readonly environment: string;
  /** level that the namespace's Pod Security label has to allow */
  readonly podSecurity: "privileged" | "baseline" | "restricted";
  /** service account, network policies, role and its binding, in the order in which they are applied */
  readonly manifests: readonly Manifest[];
  /** the Secret that is copied out of the namespace `from`, under the same name; null where builders need none */
  readonly pullSecret: { readonly name: string; readonly from: string } | null;
  /** ConfigMap that is applied last: a copy of the BuildSetup, and in its annotations what is there */
  readonly record: Manifest;
}

interface CommonPlan {
  /** name of the image in the graph */
  readonly name: string;
  /** full references that the image is pushed to; the first is the one reported */
  readonly references: readonly string[];
  /** whether the tag follows from the content: what a registry has under it already is as good */
  readonly tagOfContent: boolean;
  readonly platforms: readonly string[];
  readonly context: {
    /** absolute path of the context directory */
    readonly directory: string;
    /** absolute path of what is sent: a staged copy of the directory, or itself */
    readonly sent: string;
    /** Dockerfile, relative to the context directory, with forward slashes; starts with `../` when it lies outside */
    readonly dockerfile: string;
  };
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /**
   * Text files that the plan brings along, by relative path (forward slashes). BuildKit and Docker: written to the private
   * directory that buildctl or docker runs in. Kaniko: sent with the context, below `transfer.directory`.
   */
  readonly files: Readonly<Record<string, string>>;
  /** images of the same graph that this one is built on; `digest` is null in a dry run of something not built yet */
  readonly siblings: readonly Sibling[];
}

interface ClusterPlan extends CommonPlan {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** left out for a namespace that `up` made */
  readonly freshNamespace?: FreshNamespacePlan;
}

/** An image of the graph that a Dockerfile names in FROM, COPY --from or RUN --mount=from. */
export interface Sibling {
  /** the name as the Dockerfile has it */
  readonly name: string;
  /** what it stands for: `host/path:tag`, with `@sha256:...` when the digest is known */
  readonly reference: string;
  readonly digest: string | null;
}

/** An image store on the machine of whoever builds, or of a cluster there. */
export type LoadTarget =
  /**
   * Docker's daemon, which its own client finds by DOCKER_HOST, DOCKER_CONTEXT or the current context.
   * `minikube`: the profile whose daemon that is, where the caller's shell says so (`minikube docker-env`)
   */
  | { readonly into: "docker"; readonly minikube?: string }
  /** `address`: path of containerd's socket; `namespace`: containerd's, not Kubernetes' */
  | { readonly into: "containerd"; readonly address: string; readonly namespace: string }
  /** clusters whose nodes are containers of Docker */
  | { readonly into: "kind" | "k3d"; readonly cluster: string }
  | { readonly into: "minikube"; readonly profile: string };

/** A {@link LoadTarget} as the command line says it: null is what it leaves open. */
export type LoadRequest =
  /** the store that is there; `fallback` is containerd's, as the environment names it */
  | { readonly into: null; readonly fallback: Extract<LoadTarget, { into: "containerd" }> }
  | Exclude<LoadTarget, { into: "kind" | "k3d" | "minikube" }>
  | { readonly into: "kind" | "k3d"; readonly cluster: string | null }
  | { readonly into: "minikube"; readonly profile: string | null };

/** Containers that are nodes of clusters of one kind, whatever their state. */
export interface NodeQuery {
  /** prints a line for each: name, state, cluster and role, with tabs between them */
  readonly argv: readonly string[];
  readonly cluster: string;
  /** roles of containers that run pods; load balancers and the like do not */
  readonly roles: readonly string[];
}

/** How one image gets there. The archive is what buildctl writes to its stdout. */
export interface LoadPlan {
  readonly target: LoadTarget;
  /** for people: "Docker", "containerd at /run/containerd/containerd.sock (namespace k8s.io)", "kind cluster dev" */
  readonly place: string;
  /** nodes that take the image each; null where there is one store. Their names stand for NODE in `argv` and `verify` */
  readonly nodes: NodeQuery | null;
  /** program that reads the archive from its stdin; where ARCHIVE is among its arguments, from the file that this stands for */
  readonly argv: readonly string[];
  /**
   * What tells before a build that the store is there: a command that succeeds, a socket that takes connections, nodes that
   * run, or a minikube profile that does (`argv` prints all of them as JSON).
   */
  readonly check:
    | { readonly argv: readonly string[] }
    | { readonly socket: string }
    | { readonly nodes: NodeQuery }
    | { readonly argv: readonly string[]; readonly profile: string };
  /** what tells afterwards that the store holds this image under these names */
  readonly verify: {
    readonly argv: readonly string[];
    /** whose output that is */
    readonly prints: "ctr" | "docker" | "minikube";
    /** prints the manifest whose digest stands for DIGEST, where the store's own digest need not be the registry's */
    readonly manifest: readonly string[] | null;
  };
  /** names that the image has there */
  readonly references: readonly string[];
}

/** A buildkitd that lives in a namespace as a Deployment. */
export interface BuilderPlan {
  readonly namespace: string;
  readonly builder: {
    /** objects that must exist before the build: ConfigMap with buildkitd.toml, Deployment */
    readonly manifests: readonly Manifest[];
    /** annotation of the Deployment that says what all these objects were made from */
    readonly specHash: string;
    readonly deployment: string;
    readonly container: string;
    /** path inside the container of the docker config.json, null when there is none */
    readonly dockerConfig: string | null;
  };
}

/** A build by such a buildkitd. */
export interface BuildkitPlan extends ClusterPlan, BuilderPlan {
  readonly mode: "cluster-buildkit";
  readonly auth: Auth;
  /**
   * buildctl and its arguments. It runs in a private directory (argv names files relative to it)
   * with BUILDKIT_HOST set to the socket that leads to the pod and DOCKER_CONFIG to that directory.
   */
  readonly argv: readonly string[];
  /** file in the private directory that buildctl writes the image's digest to (`containerimage.digest`) */
  readonly metadataFile: string;
  /** OCI layout beside the push: the archive that buildctl writes, and the name it gets once the build is done; null for none */
  readonly oci: { readonly written: string; readonly file: string } | null;
  /** image store of this machine that the image is loaded into beside the push; null for none */
  readonly load: LoadPlan | null;
}

/** A build by a kaniko pod of its own. */
export interface KanikoPlan extends ClusterPlan {
  readonly mode: "kaniko";
  /** the pod; metadata.name is unique per build */
  readonly pod: Manifest;
  /** how the build context gets into the pod */
  readonly transfer: {
    /** volume of the build; `files` go here as they are */
    readonly directory: string;
    /** directory below `directory` that takes the context's files */
    readonly context: string;
    /**
     * absolute path of a named pipe, whose other end the container reads. Written once everything arrived and was checked: the
     * number of the process that writes it, and a word
     */
    readonly marker: string;
  };
  /**
   * waits for a line in `marker` (has sh, tar, sha256sum), then builds. The last line of its stdout and of its stderr is the word
   * out of `marker`, the exit code and the digest; its termination message is the digest
   */
  readonly container: string;
  /** seconds after which the cluster ends the pod by itself, also when nobody watches any more */
  readonly deadlineSeconds: number;
  readonly cacheRepository: string | null;
  /** present where its login is that of whoever the node says that a pod is, which a new pod has to wait for */
  readonly asksNode?: true;
}

/** A build for several platforms: a kaniko pod for each, and an index of what they made, whose tags are written last. */
export interface KanikoIndexPlan extends ClusterPlan {
  readonly mode: "kaniko";
  /** a build for one platform each, pushed under a tag of its own */
  readonly parts: readonly KanikoPlan[];
  readonly join: {
    /** pod whose way to the registry and whose login write the index */
    readonly pod: Manifest;
    readonly container: string;
    /** seconds after which the cluster ends that pod by itself */
    readonly deadlineSeconds: number;
    /** directory of the docker config in it; there may be none */
    readonly dockerConfig: string;
    readonly annotations: Readonly<Record<string, string>>;
    /** plain http */
    readonly insecure: boolean;
    /** certificates (PEM) beside those that every system has; null for none */
    readonly caBundle: string | null;
  };
}

/** What Docker on this machine is, as it told itself. */
export interface DockerFacts {
  /**
   * buildx: `docker buildx build`; buildkit: `docker build`, whose client has BuildKit's side in it (18.09 to 20.10); legacy:
   * `docker build` with the builder that was there before BuildKit
   */
  readonly client: "buildx" | "buildkit" | "legacy";
  /** driver of the builder that buildx uses; "docker" is the daemon's own, which is also that of the other clients */
  readonly driver: string;
  /** name of that builder, for people; "" for the daemon's own */
  readonly builder: string;
  /** the daemon keeps images in containerd's store, which has images of several platforms and attestations */
  readonly containerdStore: boolean;
  /** of the daemon: "linux/amd64" */
  readonly platform: string;
}

/** A build by the Docker of this machine, with the login of whoever builds. */
export interface LocalDockerPlan extends CommonPlan {
  readonly mode: "local-docker";
  readonly docker: DockerFacts;
  /** docker and its arguments. It runs in a private directory (argv names files relative to it) */
  readonly argv: readonly string[];
  /** name in the private directory of a link to the context: BuildKit keeps what it was sent under this name */
  readonly link: string;
  /** variables that are set for docker, beside those of whoever builds */
  readonly environment: Readonly<Record<string, string>>;
  /** how docker tells of its progress: BuildKit's records, its text, or the text of the builder before it */
  readonly progress: "rawjson" | "plain" | "steps";
  /** file in the private directory that buildx writes the pushed digest to; null when `push` gives it */
  readonly metadataFile: string | null;
  /** commands that push what was built into Docker's own store, one for each reference; none when the build itself pushes */
  readonly push: readonly (readonly string[])[];
  readonly oci: { readonly written: string; readonly file: string } | null;
  /** image store of this machine that the image is loaded into; null for none, also when it is there anyway */
  readonly load: LoadPlan | null;
  /**
   * How the image is taken out of Docker's store once it is pushed: `archive` prints it, `identify` prints its identity there.
   * Null when the build itself writes the archive to its stdout
   */
  readonly save: { readonly archive: readonly string[]; readonly identify: readonly string[] } | null;
  /** store that holds the image after the build although nothing is loaded: Docker's own, when that was asked for by `--load` */
  readonly kept: LoadTarget | null;
  /** what this Docker does otherwise than was asked, one sentence each */
  readonly warnings: readonly string[];
}

export type BuildPlan = BuildkitPlan | KanikoPlan | KanikoIndexPlan | LocalDockerPlan;

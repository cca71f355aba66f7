/** The Kubernetes objects that the runner touches: their paths in the API, and the fields that it reads. */

/** Any object of the API. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    ownerReferences?: { kind: string; name: string; uid: string }[];
  };
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: { exitCode: number; signal?: number; reason?: string; message?: string; finishedAt?: string };
}

export interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  image?: string;
  /** names the image's content */
  imageID?: string;
  state?: ContainerState;
  lastState?: ContainerState;
}

export interface Pod extends KubeObject {
  spec?: {
    nodeName?: string;
    containers?: { name: string; image?: string; resources?: { limits?: Record<string, string> } }[];
    initContainers?: { name: string; image?: string; resources?: { limits?: Record<string, string> } }[];
  };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

/** The template of pods in a Deployment or ReplicaSet. */
export interface PodTemplate {
  metadata?: { labels?: Record<string, string> };
}

export interface Deployment extends KubeObject {
  spec?: {
    replicas?: number;
    selector?: { matchLabels?: Record<string, string> };
    template?: PodTemplate;
  };
  status?: {
    observedGeneration?: number;
    readyReplicas?: number;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
}

export interface ReplicaSet extends KubeObject {
  spec?: { template?: PodTemplate };
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] };
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

export interface Secret extends KubeObject {
  type?: string;
  /** base64 */
  data?: Record<string, string>;
}

export interface ServiceAccount extends KubeObject {
  /** atomic: whoever applies it owns all of it */
  imagePullSecrets?: { name?: string }[];
}

/** `v1` Event. */
export interface KubeEvent extends KubeObject {
  type?: string;
  reason?: string;
  message?: string;
  involvedObject?: { kind?: string; name?: string; uid?: string };
  lastTimestamp?: string | null;
  eventTime?: string | null;
}

export interface ObjectTypes {
  ConfigMap: ConfigMap;
  Deployment: Deployment;
  Event: KubeEvent;
  Namespace: KubeObject;
  NetworkPolicy: KubeObject;
  PersistentVolumeClaim: KubeObject;
  Pod: Pod;
  ReplicaSet: ReplicaSet;
  Role: KubeObject;
  RoleBinding: KubeObject;
  Secret: Secret;
  Service: KubeObject;
  ServiceAccount: ServiceAccount;
}
export type Kind = keyof ObjectTypes;

/** kind -> API version, plural name */
const RESOURCES: Record<Kind, readonly [apiVersion: string, plural: string]> = {
  ConfigMap: ["v1", "configmaps"],
  Deployment: ["apps/v1", "deployments"],
  Event: ["v1", "events"],
  Namespace: ["v1", "namespaces"],
  NetworkPolicy: ["networking.k8s.io/v1", "networkpolicies"],
  PersistentVolumeClaim: ["v1", "persistentvolumeclaims"],
  Pod: ["v1", "pods"],
  ReplicaSet: ["apps/v1", "replicasets"],
  Role: ["rbac.authorization.k8s.io/v1", "roles"],
  RoleBinding: ["rbac.authorization.k8s.io/v1", "rolebindings"],
  Secret: ["v1", "secrets"],
  Service: ["v1", "services"],
  ServiceAccount: ["v1", "serviceaccounts"],
};

export const isKind = (kind: string): kind is Kind => Object.hasOwn(RESOURCES, kind);
export const pluralOf = (kind: Kind): string => RESOURCES[kind][1];

/** Path of a collection, or of one object (or of its subresource) when `name` is given. */
export function apiPath(kind: Kind, namespace?: string, name?: string, subresource?: string): string {
  const [version, plural] = RESOURCES[kind];
  const root = version.includes("/") ? `/apis/${version}` : `/api/${version}`;
  const scope = namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  const object = name ? `/${encodeURIComponent(name)}` : "";
  return `${root}${scope}/${plural}${object}${subresource ? `/${subresource}` : ""}`;
}

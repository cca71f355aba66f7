import type { ObjectPath } from "../changes.ts";
import type { Value, ValueMap } from "../wire.ts";
import { at, isList, isMap } from "../wire.ts";
import type { ObjectType } from "./kinds.ts";

/** A field by its member names; `*` is any list element. A rule covers the field and everything in it. */
export type FieldPath = readonly string[];

/** The provider settings that change what is replaced. */
export interface ReplacementSettings {
  readonly enableSecretMutable: boolean;
  readonly enableConfigMapMutable: boolean;
}

// The official provider's lists (pulumi-kubernetes, provider/pkg/provider/diff.go), exactly: a field that it updates in
// place is sent as an update here too, and where the API server refuses that, the refusal is the same. A program that gets
// by here gets by there.
const always = ["metadata.name", "metadata.namespace"];

const pod = (
  "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork hostPID " +
  "hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName readinessGates " +
  "restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName shareProcessNamespace " +
  "subdomain terminationGracePeriodSeconds volumes"
)
  .split(" ")
  .map((field) => `spec.${field}`);

const container = (
  "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext stdin " +
  "stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
)
  .split(" ")
  .flatMap((field) => [`spec.containers.*.${field}`, `spec.initContainers.*.${field}`]);

const volumeSources = (
  "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs hostPath " +
  "iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume"
)
  .split(" ")
  .map((field) => `spec.${field}`);

const selector = ["spec.selector"];
const roleBinding = ["roleRef"];
const job = ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"];
const statefulSet = [
  "podManagementPolicy",
  "revisionHistoryLimit",
  "selector",
  "serviceName",
  "volumeClaimTemplates",
].map((field) => `spec.${field}`);

const byType: Readonly<Record<string, readonly string[]>> = {
  "apps/v1/DaemonSet": selector,
  "apps/v1/Deployment": selector,
  "apps/v1/StatefulSet": statefulSet,
  "batch/v1/Job": job,
  "policy/v1beta1/PodDisruptionBudget": ["spec"],
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": roleBinding,
  "rbac.authorization.k8s.io/v1/RoleBinding": roleBinding,
  "storage.k8s.io/v1/StorageClass": ["parameters", "provisioner"],
  "v1/PersistentVolume": volumeSources,
  "v1/PersistentVolumeClaim": ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  "v1/Pod": [...pod, ...container],
  "v1/ResourceQuota": ["spec.scopes"],
  "v1/Service": ["spec.clusterIP"],
};

/**
 * The fields whose change replaces an object.
 *
 * Secrets and ConfigMaps are replaced when their content changes, unless the provider may mutate them
 * (`enableSecretMutable`, `enableConfigMapMutable`) and the object is not `immutable`. A Secret's type is always fixed.
 */
export function replacingFields(type: ObjectType, news: ValueMap, settings: ReplacementSettings): FieldPath[] {
  const key = `${type.apiVersion}/${type.kind}`;
  const immutable = at(news, "immutable") === true;
  const fields = [...always, ...(byType[key] ?? [])];
  if (key === "v1/Secret") {
    fields.push("type");
    if (!settings.enableSecretMutable || immutable) fields.push("data", "stringData");
  }
  if (key === "v1/ConfigMap" && (!settings.enableConfigMapMutable || immutable)) fields.push("data", "binaryData");
  return fields.map((field) => field.split("."));
}

/**
 * Whether a change at `path` replaces the object: when it lies in a replacing field, or when a whole subtree came or went
 * (`value`) that holds such a field.
 */
export function isReplacing(rules: readonly FieldPath[], path: ObjectPath, value: Value | undefined): boolean {
  return rules.some((rule) => {
    const common = Math.min(rule.length, path.length);
    if (
      !rule
        .slice(0, common)
        .every((step, index) => (step === "*" ? typeof path[index] === "number" : step === path[index]))
    )
      return false;
    return path.length >= rule.length || holds(value, rule.slice(path.length));
  });
}

function holds(value: Value | undefined, path: readonly string[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return value !== undefined;
  if (isList(value)) return step === "*" && value.some((item) => holds(item, rest));
  return isMap(value) && holds(value[step], rest);
}

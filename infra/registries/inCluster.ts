/**
 * A registry in the cluster itself: one pod on one node, its files in a folder of that node, one node port. For development
 * and test environments: it serves plain HTTP and there is one of it.
 */
import { createHash } from "node:crypto";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { PersistentVolume } from "@pulumi/kubernetes/core/v1/persistentVolume.js";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy.js";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConnection } from "../cluster/connection.ts";
import type { InClusterRegistryConfig } from "../config.ts";
import { htpasswdLine } from "../documents/htpasswd.ts";
import { physicalName } from "../documents/names.ts";
import { registryTraffic } from "../documents/networkPolicy.ts";
import { ENFORCE_LABEL } from "../documents/podSecurity.ts";
import {
  REGISTRY_FILES,
  REGISTRY_LABELS,
  REGISTRY_PATHS,
  REGISTRY_PORT,
  registryConfiguration,
} from "../documents/registryConfig.ts";
import { splitHost } from "../documents/registryHost.ts";
import type { Environment } from "../environment.ts";

/** Name of the registry's objects in its namespace. */
const NAME = "registry";

export interface InClusterRegistryArgs {
  readonly config: InClusterRegistryConfig;
  /** beginning of the name of the PersistentVolume, which has no namespace: words */
  readonly volumeName: readonly string[];
  /** content of the password file, secret; null for a registry that asks for no login */
  readonly htpasswd: pulumi.Output<string> | null;
}

/** Namespace, configuration, password file, volume, Deployment and Service of the registry. */
export class InClusterRegistry extends pulumi.ComponentResource {
  constructor(name: string, args: InClusterRegistryArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:InClusterRegistry", name, {}, opts);
    const { config } = args;
    const child = { parent: this };

    // The pod runs as root without capabilities (below), which is baseline and not restricted.
    const labels = { [ENFORCE_LABEL]: "baseline" };
    const made = new Namespace(`${name}-namespace`, { metadata: { name: config.clusterNamespace, labels } }, child);
    const namespace = made.metadata.name;

    const traffic = { metadata: { name: NAME, namespace }, spec: registryTraffic() };
    new NetworkPolicy(`${name}-traffic`, traffic, child);

    const configuration = registryConfiguration({ basicAuth: args.htpasswd !== null });
    const configMap = new ConfigMap(
      `${name}-config`,
      { metadata: { name: NAME, namespace }, data: { [REGISTRY_FILES.configuration]: configuration } },
      child,
    );
    const credentials =
      args.htpasswd === null
        ? null
        : new Secret(
            `${name}-auth`,
            {
              metadata: { name: `${NAME}-auth`, namespace },
              type: "Opaque",
              data: { [REGISTRY_FILES.credentials]: base64(args.htpasswd) },
            },
            child,
          );
    const claim = this.volume(name, args, namespace);

    const deployment = new Deployment(
      `${name}-deployment`,
      {
        metadata: { name: NAME, namespace, labels: REGISTRY_LABELS },
        spec: {
          replicas: 1,
          // Two pods must not write into one folder.
          strategy: { type: "Recreate" },
          selector: { matchLabels: REGISTRY_LABELS },
          template: {
            metadata: {
              labels: REGISTRY_LABELS,
              annotations: { "pergola.dev/configuration": filesDigest(configuration, args.htpasswd) },
            },
            spec: podSpec(config, { configMap, credentials, claim }),
          },
        },
      },
      // In another namespace it would be made before the old one is gone, and both would write into the folder.
      { ...child, deleteBeforeReplace: true },
    );
    const nodePort = splitHost(config.host).port!;
    new Service(
      `${name}-service`,
      {
        metadata: { name: NAME, namespace, labels: REGISTRY_LABELS },
        spec: {
          type: "NodePort",
          selector: REGISTRY_LABELS,
          ports: [{ name: "http", protocol: "TCP", port: REGISTRY_PORT, targetPort: REGISTRY_PORT, nodePort }],
        },
      },
      // In another namespace it would ask for the node port while the old one still has it. After the Deployment, because a
      // Service waits for a pod: when something else failed and the Deployment was never made, for ten minutes.
      { ...child, deleteBeforeReplace: true, dependsOn: [deployment] },
    );
    this.registerOutputs({});
  }

  /**
   * A static volume: the folder outlives the claim, and the volume can be nowhere but on its node.
   *
   * Hardly anything of a bound pair can be changed, and neither half can go while a pod uses it. So the names say what the
   * pair is made from: after a change there is a new pair, the Deployment moves over, and the old one can go.
   */
  private volume(
    name: string,
    { config: { clusterNamespace, storage }, volumeName }: InClusterRegistryArgs,
    namespace: pulumi.Output<string>,
  ): PersistentVolumeClaim {
    const pair = digest(JSON.stringify([clusterNamespace, storage.node, storage.path, storage.size])).slice(0, 8);
    const claimName = physicalName([NAME, pair]);
    const hostname = { key: "kubernetes.io/hostname", operator: "In", values: [storage.node] };
    const volume = new PersistentVolume(
      `${name}-volume`,
      {
        metadata: { name: physicalName([...volumeName, pair]) },
        spec: {
          capacity: { storage: storage.size },
          accessModes: ["ReadWriteOnce"],
          persistentVolumeReclaimPolicy: "Retain",
          claimRef: { namespace, name: claimName },
          hostPath: { path: storage.path, type: "DirectoryOrCreate" },
          nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
        },
      },
      { parent: this },
    );
    return new PersistentVolumeClaim(
      `${name}-claim`,
      {
        metadata: { name: claimName, namespace },
        spec: {
          accessModes: ["ReadWriteOnce"],
          // Not the default class, which would make a volume of its own.
          storageClassName: "",
          volumeName: volume.metadata.name,
          resources: { requests: { storage: storage.size } },
        },
      },
      { parent: this },
    );
  }
}

interface Mounts {
  readonly configMap: ConfigMap;
  readonly credentials: Secret | null;
  readonly claim: PersistentVolumeClaim;
}

/**
 * Root, because a hostPath folder that the kubelet makes is root's and no fsGroup applies to it; but without capabilities,
 * on a read-only file system.
 */
function podSpec(config: InClusterRegistryConfig, { configMap, credentials, claim }: Mounts) {
  const secretVolume = credentials && { name: "credentials", secret: { secretName: credentials.metadata.name } };
  const secretMount = credentials && { name: "credentials", mountPath: REGISTRY_PATHS.credentials, readOnly: true };
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    nodeSelector: { "kubernetes.io/hostname": config.storage.node },
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: NAME,
        image: config.image,
        args: ["serve", `${REGISTRY_PATHS.configuration}/${REGISTRY_FILES.configuration}`],
        // Version 3 sends traces to localhost:4318 unless told otherwise, and logs each time that nobody is there.
        env: [{ name: "OTEL_TRACES_EXPORTER", value: "none" }],
        ports: [{ name: "http", containerPort: REGISTRY_PORT, protocol: "TCP" }],
        // "/" answers without a login; "/v2/" would not.
        readinessProbe: { httpGet: { path: "/", port: REGISTRY_PORT }, periodSeconds: 2, failureThreshold: 3 },
        livenessProbe: {
          httpGet: { path: "/", port: REGISTRY_PORT },
          periodSeconds: 20,
          failureThreshold: 5,
          timeoutSeconds: 5,
        },
        resources: {
          requests: { cpu: "20m", memory: "64Mi", "ephemeral-storage": "16Mi" },
          limits: { memory: "512Mi", "ephemeral-storage": "256Mi" },
        },
        securityContext: {
          runAsUser: 0,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [
          { name: "storage", mountPath: REGISTRY_PATHS.storage },
          { name: "configuration", mountPath: REGISTRY_PATHS.configuration, readOnly: true },
          ...(secretMount ? [secretMount] : []),
        ],
      },
    ],
    volumes: [
      { name: "storage", persistentVolumeClaim: { claimName: claim.metadata.name } },
      { name: "configuration", configMap: { name: configMap.metadata.name } },
      ...(secretVolume ? [secretVolume] : []),
    ],
  };
}

/**
 * Changes when the files that the registry reads at its start do, so that the pod is replaced. Not marked secret, or the
 * whole pod template would be: it is a digest over bcrypt, so no easier to guess from than the password file itself.
 */
function filesDigest(configuration: string, htpasswd: pulumi.Output<string> | null): pulumi.Input<string> {
  return htpasswd === null
    ? digest(configuration)
    : pulumi.unsecret(htpasswd.apply((file) => digest(`${configuration}\n${file}`)));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function base64(text: pulumi.Output<string>): pulumi.Output<string> {
  return text.apply((plain) => Buffer.from(plain, "utf8").toString("base64"));
}

/** Makes the registry of a stack whose registry is of kind `inCluster`. */
export function provisionInClusterRegistry(
  environment: Environment,
  config: InClusterRegistryConfig,
  cluster: ClusterConnection,
): void {
  const { basicAuth, host } = config;
  const password = basicAuth && environment.secret(basicAuth.passwordSecret);
  const scope = `${environment.stack} ${host}`;
  new InClusterRegistry(
    "registry",
    {
      config,
      volumeName: ["pergola", environment.stack, "registry"],
      htpasswd:
        basicAuth && password
          ? password.apply((password) => `${htpasswdLine({ username: basicAuth.username, password }, scope)}\n`)
          : null,
    },
    { providers: [cluster.provider] },
  );
}

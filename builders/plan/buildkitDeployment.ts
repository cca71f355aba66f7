/** buildkitd in a namespace: the Deployment that all builds of the namespace share, and its configuration. Pure data. */
import type { BuildSetup } from "../../infra/setup.ts";
import { BUILDKIT_NAME } from "../../infra/setupNames.ts";
import { buildkitdToml, CA_FILE, CONFIG_DIRECTORY } from "./buildkitdToml.ts";
import { builderLabels } from "./labels.ts";
import type { Placement } from "./placement.ts";
import type { Manifest } from "./plan.ts";
import { specHash as hash, SPEC_HASH } from "./specHash.ts";

export const BUILDKIT_CONTAINER = "buildkitd";

const DOCKER_CONFIG_DIRECTORY = "/.docker";

/**
 * How buildkitd runs. rootful: a privileged container. rootless: user 1000 with seccomp and AppArmor lifted, in which
 * RUN steps share buildkitd's process namespace, as Kubernetes cannot lift the masks of /proc
 * (moby/buildkit, docs/rootless.md and examples/kubernetes).
 */
const PROFILES = {
  rootful: {
    socket: "unix:///run/buildkit/buildkitd.sock",
    data: "/var/lib/buildkit",
    arguments: [],
    securityContext: { privileged: true },
  },
  rootless: {
    socket: "unix:///run/user/1000/buildkit/buildkitd.sock",
    data: "/home/user/.local/share/buildkit",
    arguments: ["--oci-worker-no-process-sandbox"],
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 1000,
      seccompProfile: { type: "Unconfined" },
      appArmorProfile: { type: "Unconfined" },
    },
  },
} as const;

/**
 * buildkitd cuts the output of a step off at 2 MiB, and at 200 KiB a second, unless told otherwise: what a failing step said last
 * would be missing (moby/buildkit, util/progress/logs/logs.go; -1 is no limit).
 */
const WHOLE_LOGS = [
  { name: "BUILDKIT_STEP_LOG_MAX_SIZE", value: "-1" },
  { name: "BUILDKIT_STEP_LOG_MAX_SPEED", value: "-1" },
];

export interface BuildkitDeployment {
  readonly manifests: readonly Manifest[];
  /** as {@link SPEC_HASH} says it: where the cluster's Deployment has the same, nothing needs to be written */
  readonly specHash: string;
  readonly deployment: string;
  readonly container: string;
  readonly dockerConfig: string | null;
}

/** The objects that must exist before a build in this place. */
export function buildkitDeployment(setup: BuildSetup, placement: Placement): BuildkitDeployment {
  const { mode, namespace, pullSecret } = placement;
  const profile = PROFILES[mode.profile ?? "rootful"];
  const labels = builderLabels("buildkit");
  const config: Record<string, string> = {
    "buildkitd.toml": buildkitdToml(setup, mode),
    ...(setup.registry.caBundle === undefined ? {} : { [CA_FILE]: setup.registry.caBundle }),
  };
  const metadata = { name: BUILDKIT_NAME, namespace: namespace.name, labels };
  const volumes: object[] = [
    { name: "config", configMap: { name: BUILDKIT_NAME } },
    { name: "data", emptyDir: {} },
  ];
  const volumeMounts: object[] = [
    { name: "config", mountPath: CONFIG_DIRECTORY, readOnly: true },
    { name: "data", mountPath: profile.data },
  ];
  const env: object[] = [{ name: "BUILDKIT_HOST", value: profile.socket }, ...WHOLE_LOGS];
  if (pullSecret !== null) {
    volumes.push({ name: "docker-config", secret: dockerConfigVolume(pullSecret) });
    volumeMounts.push({ name: "docker-config", mountPath: DOCKER_CONFIG_DIRECTORY, readOnly: true });
    env.push({ name: "DOCKER_CONFIG", value: DOCKER_CONFIG_DIRECTORY });
  }
  const container = {
    name: BUILDKIT_CONTAINER,
    image: mode.image,
    args: ["--addr", profile.socket, "--config", `${CONFIG_DIRECTORY}/buildkitd.toml`, ...profile.arguments],
    env,
    resources: mode.resources,
    securityContext: profile.securityContext,
    // No liveness probe: one that times out under load would kill running builds.
    startupProbe: {
      exec: { command: ["buildctl", "debug", "workers"] },
      periodSeconds: 1,
      timeoutSeconds: 10,
      failureThreshold: 120,
    },
    volumeMounts,
  };
  const podSpec = {
    serviceAccountName: namespace.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 5,
    ...(mode.priorityClassName === null ? {} : { priorityClassName: mode.priorityClassName }),
    ...(pullSecret === null ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
    ...(Object.keys(mode.nodeSelector).length > 0 ? { nodeSelector: mode.nodeSelector } : {}),
    tolerations: mode.tolerations,
    containers: [container],
    volumes,
  };
  const manifests: Manifest[] = [
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: config },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 1,
        // Two daemons could not share their state, and a build must not end up on one that is going away.
        strategy: { type: "Recreate" },
        selector: { matchLabels: { "app.kubernetes.io/name": "buildkit", "app.kubernetes.io/managed-by": "pergola" } },
        template: {
          metadata: {
            labels,
            annotations: {
              // buildkitd reads its configuration only when it starts.
              "pergola.dev/config": hash(config),
              ...BUILDER_POD_ANNOTATIONS,
            },
          },
          spec: podSpec,
        },
      },
    },
  ];
  const [configMap, deployment] = manifests as [Manifest, Manifest];
  const specHash = hash(manifests);
  return {
    manifests: [
      configMap,
      { ...deployment, metadata: { ...deployment.metadata, annotations: { [SPEC_HASH]: specHash } } },
    ],
    specHash,
    deployment: BUILDKIT_NAME,
    container: BUILDKIT_CONTAINER,
    dockerConfig: pullSecret === null ? null : `${DOCKER_CONFIG_DIRECTORY}/config.json`,
  };
}

/** A pull secret as a volume that holds `config.json`. */
export function dockerConfigVolume(secret: string): object {
  return { secretName: secret, items: [{ key: ".dockerconfigjson", path: "config.json" }] };
}

/** No service mesh between a builder and its registry, and no autoscaler that moves it away during a build. */
export const BUILDER_POD_ANNOTATIONS: Readonly<Record<string, string>> = {
  "sidecar.istio.io/inject": "false",
  "linkerd.io/inject": "disabled",
  "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
};

/** buildkitd in a namespace: the Deployment that all builds of the namespace share, and its configuration. Pure data. */
import { createHash } from "node:crypto";
import type { BuildSetup } from "../../infra/setup.ts";
import { builderLabels } from "./labels.ts";
import type { Placement } from "./placement.ts";
import type { Manifest } from "./plan.ts";

export const BUILDKIT_NAME = "pergola-buildkit";
export const BUILDKIT_CONTAINER = "buildkitd";

const CONFIG_DIRECTORY = "/etc/buildkit";
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

export interface BuildkitDeployment {
  readonly manifests: readonly Manifest[];
  readonly deployment: string;
  readonly container: string;
  readonly dockerConfig: string | null;
}

/** The objects that must exist before a build in this place. */
export function buildkitDeployment(setup: BuildSetup, placement: Placement): BuildkitDeployment {
  const { mode, namespace, pullSecret } = placement;
  const profile = PROFILES[mode.profile ?? "rootful"];
  const labels = builderLabels("buildkit");
  const config = buildkitdToml(setup);
  const metadata = { name: BUILDKIT_NAME, namespace: namespace.name, labels };
  const volumes: object[] = [
    { name: "config", configMap: { name: BUILDKIT_NAME } },
    { name: "data", emptyDir: {} },
  ];
  const volumeMounts: object[] = [
    { name: "config", mountPath: CONFIG_DIRECTORY, readOnly: true },
    { name: "data", mountPath: profile.data },
  ];
  const env: object[] = [{ name: "BUILDKIT_HOST", value: profile.socket }];
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
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "buildkitd.toml": config } },
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
              "pergola.dev/config": createHash("sha256").update(config).digest("hex").slice(0, 16),
              ...BUILDER_POD_ANNOTATIONS,
            },
          },
          spec: podSpec,
        },
      },
    },
  ];
  return {
    manifests,
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

/** buildkitd.toml: mirrors and plain-http registries of the environment (moby/buildkit, docs/buildkitd.toml.md). */
export function buildkitdToml(setup: BuildSetup): string {
  const { host, insecure, mirrors } = setup.registry;
  const registries = new Map<string, string[]>();
  const add = (name: string, line: string): void => {
    registries.set(name, [...(registries.get(name) ?? []), line]);
  };
  for (const [name, hosts] of Object.entries(mirrors)) {
    add(name, `  mirrors = [${hosts.map((mirror) => JSON.stringify(mirror)).join(", ")}]`);
  }
  if (insecure) add(host, "  http = true");
  const worker = ["[worker.oci]", "  enabled = true", "  gc = true", "[worker.containerd]", "  enabled = false"];
  const sections = [...registries].flatMap(([name, lines]) => [`[registry.${JSON.stringify(name)}]`, ...lines]);
  return [...worker, ...sections, ""].join("\n");
}

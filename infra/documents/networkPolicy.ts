/**
 * NetworkPolicy documents for the namespaces of builders and of the registry.
 *
 * Whether a policy is applied to the address that a pod dialled or to the one behind a Service differs between
 * implementations (kubernetes.io/docs/concepts/services-networking/network-policies, "ipBlock"); so what is reached over a
 * NodePort is allowed under both.
 */
import { BUILDER_POD_LABELS } from "../setup.ts";
import { REGISTRY_PORT } from "./registryConfig.ts";
import { isAddress, splitHost } from "./registryHost.ts";

interface Port {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
}
interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: string[] };
  readonly namespaceSelector?: { readonly matchLabels: Record<string, string> };
  readonly podSelector?: { readonly matchLabels: Record<string, string> };
}

/** The `spec` of a NetworkPolicy, as far as ours go. */
export interface NetworkPolicySpec {
  readonly podSelector: { readonly matchLabels?: Record<string, string> };
  readonly policyTypes: ("Ingress" | "Egress")[];
  readonly ingress?: { from?: Peer[]; ports?: Port[] }[];
  readonly egress?: { to?: Peer[]; ports?: Port[] }[];
}

/** Link-local addresses: the cloud's metadata services, which hand out the node's identity. */
const LINK_LOCAL = "169.254.0.0/16";

/** Where a node-local DNS cache listens (kubernetes.io/docs/tasks/administer-cluster/nodelocaldns). */
const NODE_LOCAL_DNS = "169.254.20.10/32";

/** The agent of EKS Pod Identity, on every node; not the metadata service (EKS user guide, "Learn how EKS Pod Identity works"). */
const POD_IDENTITY_AGENT = { cidr: "169.254.170.23/32", port: 80 } as const;

/**
 * GKE's metadata server, on every node with Workload Identity: it gives pods the service account of their own, not the node's.
 * Pods dial the second address; policies see the first one where rules of the node lead there before they are applied, and the
 * second one with Dataplane V2 (GKE, "Authenticate to Google Cloud APIs from GKE workloads", "Troubleshoot").
 */
const GKE_METADATA_SERVER = [
  { cidr: "169.254.169.252/32", port: 988 },
  { cidr: "169.254.169.254/32", port: 80 },
] as const;

/** Where Cloud DNS answers pods of GKE that it serves without a cache on the node (GKE, "Use Cloud DNS for GKE"). */
const CLOUD_DNS = "169.254.169.254/32";

/** Every namespace has this label with its own name (kubernetes.io/docs/reference/labels-annotations-taints). */
const NAMESPACE_NAME = "kubernetes.io/metadata.name";

type PodSelector = NetworkPolicySpec["podSelector"];

/** All pods of a namespace. */
const EVERY_POD: PodSelector = {};

/** Nothing may open a connection to the pods. `kubectl exec`, logs and probes come from the node and are not affected. */
export function denyIngress(pods: PodSelector = EVERY_POD): NetworkPolicySpec {
  return { podSelector: pods, policyTypes: ["Ingress"], ingress: [] };
}

/**
 * Garden's kaniko mode copies build contexts from its `garden-util` pods over rsync, without any login: only pods of the
 * same namespace may.
 */
export function allowGardenSync(): NetworkPolicySpec {
  return {
    podSelector: { matchLabels: { app: "garden-util" } },
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ podSelector: { matchLabels: {} } }], ports: [{ protocol: "TCP", port: 8730 }] }],
  };
}

/** What builders reach. */
export interface BuilderEgress {
  /** host or host:port (443) of the registry, its mirrors, registries of caches, everything with a login, and what is named besides */
  readonly hosts: readonly string[];
  /** the registry's pods, where the registry is in the same cluster */
  readonly registryPods: { readonly namespace: string; readonly labels: Record<string, string> } | null;
  /** plain and TLS web (80, 443) outside: base images, package sources */
  readonly internet: boolean;
  /** the agent of EKS Pod Identity, which gives pods the role of their own service account */
  readonly podIdentity: boolean;
  /** GKE's metadata server, which gives pods the service account of their own */
  readonly gkeMetadata: boolean;
  /** Cloud DNS, which answers at an address of the metadata service */
  readonly cloudDns: boolean;
}

/**
 * Builders reach DNS, the named hosts and, where it is allowed, the web; and of what is link-local nothing but the agents that
 * give them an identity of their own.
 */
export function builderEgress(egress: BuilderEgress, pods: PodSelector = EVERY_POD): NetworkPolicySpec {
  const dns: Port[] = [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ];
  const rules: { to: Peer[]; ports: Port[] }[] = [
    {
      to: [
        { namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: "kube-system" } } },
        { ipBlock: { cidr: NODE_LOCAL_DNS } },
        ...(egress.cloudDns ? [{ ipBlock: { cidr: CLOUD_DNS } }] : []),
      ],
      ports: dns,
    },
  ];
  if (egress.registryPods !== null) {
    const { namespace, labels } = egress.registryPods;
    rules.push({
      to: [
        { namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: namespace } }, podSelector: { matchLabels: labels } },
      ],
      ports: [{ protocol: "TCP", port: REGISTRY_PORT }],
    });
  }
  for (const host of [...new Set(egress.hosts)].sort()) {
    const { name, port } = splitHost(host);
    const to: Peer = {
      ipBlock: isAddress(name) ? { cidr: `${name}/32` } : { cidr: "0.0.0.0/0", except: [LINK_LOCAL] },
    };
    rules.push({ to: [to], ports: [{ protocol: "TCP", port: port ?? 443 }] });
  }
  if (egress.internet) {
    rules.push({
      to: [{ ipBlock: { cidr: "0.0.0.0/0", except: [LINK_LOCAL] } }],
      ports: [
        { protocol: "TCP", port: 80 },
        { protocol: "TCP", port: 443 },
      ],
    });
  }
  const agents = [
    ...(egress.podIdentity ? [POD_IDENTITY_AGENT] : []),
    ...(egress.gkeMetadata ? GKE_METADATA_SERVER : []),
  ];
  for (const { cidr, port } of agents) {
    rules.push({ to: [{ ipBlock: { cidr } }], ports: [{ protocol: "TCP", port }] });
  }
  return { podSelector: pods, policyTypes: ["Egress"], egress: rules };
}

export type NetworkPolicyDocument = {
  readonly apiVersion: "networking.k8s.io/v1";
  readonly kind: "NetworkPolicy";
  readonly metadata: { readonly name: string };
  readonly spec: NetworkPolicySpec;
};

function policy(suffix: string, spec: NetworkPolicySpec): NetworkPolicyDocument {
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: `pergola-${suffix}` }, spec };
}

/** Policies of a namespace that is the builders' own: they hold for every pod in it, Garden's included. */
export function namespacePolicies(egress: BuilderEgress): NetworkPolicyDocument[] {
  return [
    policy("deny-ingress", denyIngress()),
    policy("garden-sync", allowGardenSync()),
    policy("egress", builderEgress(egress)),
  ];
}

/** Policies of a namespace where other pods run, too: they hold for Pergola's builders only. */
export function builderPolicies(egress: BuilderEgress): NetworkPolicyDocument[] {
  const pods = { matchLabels: { ...BUILDER_POD_LABELS } };
  return [policy("deny-ingress", denyIngress(pods)), policy("egress", builderEgress(egress, pods))];
}

/** The registry is asked on its one port, and asks nobody. */
export function registryTraffic(): NetworkPolicySpec {
  return {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ ports: [{ protocol: "TCP", port: REGISTRY_PORT }] }],
    egress: [],
  };
}

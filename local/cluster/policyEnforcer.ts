/** The optional NetworkPolicy enforcer (kube-network-policies): one process per node that packets are queued to. Pure. */
import { join } from "node:path";
import type { KubernetesObject } from "./apiClient.ts";
import type { NodeName } from "./layout.ts";
import type { Program } from "./specification.ts";
import type { StateFolder } from "./stateFolder.ts";
import type { ClusterTools } from "./tools.ts";

/** nftables input that a kernel accepts when its nftables can queue packets; for `nft --check` in a network namespace. */
export const QUEUE_PROBE = `table inet probe {
  chain probe { type filter hook forward priority 0; queue num 100 }
}
`;

/** The enforcer of one node; see {@link queueRule}. */
export function networkPolicies(node: NodeName, state: StateFolder, program: string): Program {
  return {
    name: "network-policies",
    arguments: [
      ...[program, `--kubeconfig=${join(state.pki, "network-policies.kubeconfig")}`, `--hostname-override=${node}`],
      ...["--disable-nri", "--netfilter-bug-1766-fix=false", "--metrics-bind-address=127.0.0.1:9080", "-v=2"],
    ],
  };
}

/**
 * Feeds the enforcer's queue on a kernel whose nftables cannot queue (CONFIG_NFT_QUEUE is off), by iptables' target.
 * New connections only; when the enforcer is gone, everything passes.
 */
export function queueRule(tools: ClusterTools): Program {
  const match = ["-A", "FORWARD", "-m", "conntrack", "--ctstate", "NEW"];
  return {
    name: "queue-rule",
    arguments: [tools.iptables, ...match, "-j", "NFQUEUE", "--queue-num", "100", "--queue-bypass"],
  };
}

/** What the NetworkPolicy enforcer may read; its user is in its certificate. */
export function policyEnforcerObjects(): KubernetesObject[] {
  const name = "pergola:network-policies";
  return [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules: [
        { apiGroups: [""], resources: ["pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["list", "watch"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
    },
  ];
}

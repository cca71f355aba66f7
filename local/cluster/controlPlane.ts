/** The control plane's programs and their arguments. Pure. Flags: kubernetes.io/docs/reference/command-line-tools-reference. */
import { join } from "node:path";
import { ADDRESSES, API_PORT, SERVICE_ACCOUNT_ISSUER, SERVICE_NETWORK } from "./layout.ts";
import type { Program } from "./specification.ts";
import type { StateFolder } from "./stateFolder.ts";
import type { ClusterTools } from "./tools.ts";

const ETCD = "http://127.0.0.1:2379";
const ETCD_PEER = "http://127.0.0.1:2380";

/** etcd, in the control plane's network namespace only. It never waits for the disk: this environment is disposable. */
export function etcd(state: StateFolder, tools: ClusterTools): Program {
  return program("etcd", [tools.kubernetes, "etcd"], {
    "data-dir": state.member("ctl").file("etcd"),
    "listen-client-urls": ETCD,
    "advertise-client-urls": ETCD,
    "listen-peer-urls": ETCD_PEER,
    "initial-advertise-peer-urls": ETCD_PEER,
    "initial-cluster": `default=${ETCD_PEER}`,
    "log-level": "warn",
    "unsafe-no-fsync": "true",
  });
}

/**
 * The API server: node and role-based authorisation, NodeRestriction beside the default admission plugins
 * (PodSecurity is one of them), and a service account issuer whose discovery document it serves itself; the default
 * role binding lets service accounts read that.
 */
export function apiServer(state: StateFolder, tools: ClusterTools): Program {
  const pki = (file: string) => join(state.pki, file);
  return program("apiserver", [tools.kubernetes, "kube-apiserver"], {
    "etcd-servers": ETCD,
    "bind-address": "0.0.0.0",
    "advertise-address": ADDRESSES.ctl,
    "secure-port": String(API_PORT),
    "service-cluster-ip-range": SERVICE_NETWORK,
    "tls-cert-file": pki("apiserver.crt"),
    "tls-private-key-file": pki("apiserver.key"),
    "client-ca-file": pki("ca.crt"),
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": "true",
    "service-account-issuer": SERVICE_ACCOUNT_ISSUER,
    "service-account-jwks-uri": `${SERVICE_ACCOUNT_ISSUER}/openid/v1/jwks`,
    "service-account-key-file": pki("service-account.pub"),
    "service-account-signing-key-file": pki("service-account.key"),
    // published for the scheduler and the controller manager, which complain without it; nobody holds a certificate of that name
    "requestheader-client-ca-file": pki("ca.crt"),
    "requestheader-allowed-names": "front-proxy-client",
    "kubelet-client-certificate": pki("apiserver-kubelet-client.crt"),
    "kubelet-client-key": pki("apiserver-kubelet-client.key"),
    "kubelet-certificate-authority": pki("ca.crt"),
    "kubelet-preferred-address-types": "InternalIP",
    profiling: "false",
  });
}

/**
 * The controller manager. Without `use-service-account-credentials`: with it the service account controller starts
 * seconds later, and until then no pod is accepted. Volume claims bind after a second instead of fifteen.
 */
export function controllerManager(state: StateFolder, tools: ClusterTools): Program {
  const kubeconfig = join(state.pki, "controller-manager.kubeconfig");
  return program("controller-manager", [tools.kubernetes, "kube-controller-manager"], {
    kubeconfig,
    "authentication-kubeconfig": kubeconfig,
    "authorization-kubeconfig": kubeconfig,
    "root-ca-file": join(state.pki, "ca.crt"),
    "service-account-private-key-file": join(state.pki, "service-account.key"),
    "leader-elect": "false",
    "pvclaimbinder-sync-period": "1s",
    "bind-address": "127.0.0.1",
    profiling: "false",
  });
}

export function scheduler(state: StateFolder, tools: ClusterTools): Program {
  const kubeconfig = join(state.pki, "scheduler.kubeconfig");
  return program("scheduler", [tools.kubernetes, "kube-scheduler"], {
    kubeconfig,
    "authentication-kubeconfig": kubeconfig,
    "authorization-kubeconfig": kubeconfig,
    "leader-elect": "false",
    "bind-address": "127.0.0.1",
    profiling: "false",
  });
}

function program(name: string, command: readonly string[], flags: Readonly<Record<string, string>>): Program {
  return { name, arguments: [...command, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)] };
}

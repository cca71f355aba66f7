import { describe, expect, it } from "vitest";
import { mergeKubeconfigs, parseKubeconfig, selectContext } from "../../../../../builders/run/kube/kubeconfig.ts";

const FILE = `
current-context: local
contexts:
- name: local
  context:
    cluster: local
    user: admin
    namespace: shop
    extensions:
    - name: pergola.dev/registry-endpoints
      extension: {"172.30.0.11:30500": "127.0.0.1:4711"}
- name: broken
  context: {cluster: nowhere}
clusters:
- name: local
  cluster: {server: "https://127.0.0.1:6443/", certificate-authority: pki/ca.crt}
users:
- name: admin
  user: {client-certificate: admin.crt, client-key: /abs/admin.key}
`;
const config = parseKubeconfig(FILE, "/home/me/.kube/config");
const message = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return `${(error as { data: { code: string } }).data.code}: ${(error as Error).message}`;
  }
  return "no error";
};

describe("kubeconfig", () => {
  it("is read as JSON and as YAML that begins like it, with one meaning", () => {
    const block = "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\n";
    const flow = "{current-context: a, contexts: [{name: a, context: {cluster: b}}]}";
    const json = '{"current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "b"}}]}';
    const [first, ...others] = [block, flow, json].map((text) => parseKubeconfig(text, "/x"));
    for (const other of others) expect(other).toEqual(first);
  });

  it("gives what the current context says, with absolute file names", () => {
    expect(selectContext(config, null)).toMatchObject({
      context: "local",
      namespace: "shop",
      server: "https://127.0.0.1:6443",
      cluster: { "certificate-authority": "/home/me/.kube/pki/ca.crt" },
      user: { "client-certificate": "/home/me/.kube/admin.crt", "client-key": "/abs/admin.key" },
    });
  });

  it("knows where this machine reaches a registry", () => {
    expect(selectContext(config, "local").registryEndpoints).toEqual({ "172.30.0.11:30500": "127.0.0.1:4711" });
  });

  it.each([
    ["missing", "kubeconfig: The kubeconfig has no context missing."],
    ["broken", "kubeconfig: Context broken names the cluster nowhere, which the kubeconfig does not have."],
  ])("refuses context %s by name", (context, expected) => {
    expect(message(() => selectContext(config, context))).toBe(expected);
  });

  it.each(["not a url", "127.0.0.1:6443", "ftp://127.0.0.1"])("refuses the server %s by name", (server) => {
    const odd = parseKubeconfig(
      `contexts: [{name: odd, context: {cluster: odd}}]\nclusters: [{name: odd, cluster: {server: "${server}"}}]`,
      "/odd",
    );
    expect(message(() => selectContext(odd, "odd"))).toBe(
      `kubeconfig: Context odd names the cluster odd, whose server "${server}" is not an http or https address.`,
    );
  });

  it("lets the first of several files decide", () => {
    const other = parseKubeconfig(
      "current-context: other\nclusters: [{name: local, cluster: {server: 'https://elsewhere'}}]\ncontexts: [{name: other, context: {cluster: local}}]",
      "/second",
    );
    const merged = mergeKubeconfigs([config, other]);
    expect(merged.currentContext).toBe("local");
    expect(merged.clusters.get("local")?.server).toBe("https://127.0.0.1:6443/");
    expect(selectContext(merged, "other").server).toBe("https://127.0.0.1:6443");
  });

  it("names a file with clusters that are not a list", () => {
    expect(message(() => parseKubeconfig("clusters: {local: {}}", "/etc/kc"))).toBe(
      "kubeconfig: The kubeconfig /etc/kc has clusters that are not a list.",
    );
  });

  it("names a file that is no YAML", () => {
    expect(message(() => parseKubeconfig("a: [", "/etc/kc"))).toMatch(
      /^kubeconfig: The kubeconfig \/etc\/kc is not valid YAML/,
    );
  });
});

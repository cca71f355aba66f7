import { expect, test } from "vitest";
import { objectPath } from "../../../../local/cluster/apiClient.ts";
import { COREFILE, dnsObjects } from "../../../../local/cluster/dns.ts";
import { policyEnforcerObjects } from "../../../../local/cluster/policyEnforcer.ts";

test("pods find DNS at the address that the kubelet tells them", () => {
  const service = dnsObjects().find((object) => object.kind === "Service");
  expect(service).toMatchObject({ spec: { clusterIP: "10.96.0.10" } });
});

test("names outside of the cluster do not exist, without a server to wait for", () => {
  expect(COREFILE).toContain("rcode NXDOMAIN");
  expect(COREFILE).not.toContain("forward");
});

test("every object that the start applies has a path in the API", () => {
  const paths = [...dnsObjects(), ...policyEnforcerObjects()].map(objectPath);
  expect(paths).toContain("/apis/apps/v1/namespaces/kube-system/deployments/coredns");
  expect(paths).toContain("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/pergola:network-policies");
  expect(paths).toContain("/api/v1/namespaces/kube-system/configmaps/coredns");
});

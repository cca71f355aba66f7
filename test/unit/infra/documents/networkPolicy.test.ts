import { describe, expect, test } from "vitest";
import { builderRules, clusterRules, gardenRules } from "../../../../infra/documents/ciRole.ts";
import {
  allowGardenSync,
  builderEgress,
  denyIngress,
  registryTraffic,
} from "../../../../infra/documents/networkPolicy.ts";

describe("what builders reach", () => {
  const dns = {
    to: [
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } },
      { ipBlock: { cidr: "169.254.20.10/32" } },
    ],
    ports: [
      { protocol: "UDP", port: 53 },
      { protocol: "TCP", port: 53 },
    ],
  };

  test("without the web: DNS and the registry, by its node port and by its pods", () => {
    const registryPods = { namespace: "pergola-registry", labels: { app: "r" } };
    const host = "172.30.0.11:30500";
    expect(
      builderEgress({ registries: [host, host], registryPods, internet: false, podIdentity: false }).egress,
    ).toEqual([
      dns,
      {
        to: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "pergola-registry" } },
            podSelector: { matchLabels: { app: "r" } },
          },
        ],
        ports: [{ protocol: "TCP", port: 5000 }],
      },
      { to: [{ ipBlock: { cidr: "172.30.0.11/32" } }], ports: [{ protocol: "TCP", port: 30500 }] },
    ]);
  });

  test("by name: the port of the registry anywhere but at metadata services", () => {
    const { egress } = builderEgress({
      registries: ["r.example"],
      registryPods: null,
      internet: false,
      podIdentity: false,
    });
    expect(egress![1]).toEqual({
      to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }],
      ports: [{ protocol: "TCP", port: 443 }],
    });
  });

  test("the web is 80 and 443, never at metadata services", () => {
    const { egress } = builderEgress({ registries: [], registryPods: null, internet: true, podIdentity: false });
    expect(egress!.at(-1)).toEqual({
      to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }],
      ports: [
        { protocol: "TCP", port: 80 },
        { protocol: "TCP", port: 443 },
      ],
    });
  });
});

test("nobody opens connections to builders, but pods of the namespace to Garden's rsync", () => {
  expect(denyIngress()).toEqual({ podSelector: {}, policyTypes: ["Ingress"], ingress: [] });
  expect(allowGardenSync().ingress).toEqual([
    { from: [{ podSelector: { matchLabels: {} } }], ports: [{ protocol: "TCP", port: 8730 }] },
  ]);
});

test("the registry is asked on one port and asks nobody", () => {
  expect(registryTraffic()).toMatchObject({ ingress: [{ ports: [{ protocol: "TCP", port: 5000 }] }], egress: [] });
});

describe("who builds", () => {
  const all = [...builderRules(["pull"]), ...gardenRules(), ...clusterRules()];

  test("may do nothing by wildcard, and list no secrets", () => {
    expect(all.flatMap((rule) => [...rule.apiGroups, ...rule.resources, ...rule.verbs])).not.toContain("*");
    const secrets = all.filter((rule) => rule.resources.includes("secrets"));
    expect(secrets.flatMap((rule) => rule.verbs)).not.toContain("list");
  });

  test("changes no ConfigMap but that of buildkitd: the BuildSetup says what the first build makes elsewhere", () => {
    const changing = all.filter(
      ({ resources, verbs }) =>
        resources.includes("configmaps") && verbs.some((verb) => ["update", "patch", "delete"].includes(verb)),
    );
    expect(changing.map(({ resourceNames }) => resourceNames)).toEqual([["pergola-buildkit"]]);
  });

  test("makes neither accounts nor roles nor policies", () => {
    const made = builderRules(["pull"]).filter(({ verbs }) => verbs.some((verb) => ["create", "patch"].includes(verb)));
    expect([...new Set(made.flatMap(({ resources }) => resources))].sort()).toEqual([
      "configmaps",
      "deployments",
      "pods",
      "pods/exec",
    ]);
  });

  test("reads exactly the pull secrets of the namespace", () => {
    expect(builderRules(["pull"]).filter((rule) => rule.resources.includes("secrets"))).toEqual([
      { apiGroups: [""], resources: ["secrets"], verbs: ["get"], resourceNames: ["pull"] },
    ]);
    expect(builderRules([]).some((rule) => rule.resources.includes("secrets"))).toBe(false);
  });
});

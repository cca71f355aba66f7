import { describe, expect, test } from "vitest";
import { egressOf } from "../../../../infra/cluster/egress.ts";
import { builderRules, clusterRules, gardenRules } from "../../../../infra/documents/ciRole.ts";
import {
  allowGardenSync,
  type BuilderEgress,
  builderEgress,
  denyIngress,
  registryTraffic,
} from "../../../../infra/documents/networkPolicy.ts";
import { awsConfig } from "../awsConfig.ts";
import type { Change } from "../config.ts";
import { configAfter } from "../config.ts";
import { gcpConfig } from "../gcpConfig.ts";

/** Builders that reach nothing but DNS. */
const NOTHING: BuilderEgress = {
  hosts: [],
  registryPods: null,
  internet: false,
  podIdentity: false,
  gkeMetadata: false,
  cloudDns: false,
};

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
    expect(builderEgress({ ...NOTHING, hosts: [host, host], registryPods }).egress).toEqual([
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
    const { egress } = builderEgress({ ...NOTHING, hosts: ["r.example"] });
    expect(egress![1]).toEqual({
      to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }],
      ports: [{ protocol: "TCP", port: 443 }],
    });
  });

  test("the web is 80 and 443, never at metadata services", () => {
    const { egress } = builderEgress({ ...NOTHING, internet: true });
    expect(egress!.at(-1)).toEqual({
      to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }],
      ports: [
        { protocol: "TCP", port: 80 },
        { protocol: "TCP", port: 443 },
      ],
    });
  });
});

describe("link-local addresses that builders reach", () => {
  /** Every address and port that a policy opens there; a wide range counts, too, unless it leaves them out. */
  const linkLocal = (egress: BuilderEgress): string[] =>
    (builderEgress(egress).egress ?? []).flatMap(({ to = [], ports = [] }) =>
      to.flatMap(({ ipBlock }) => {
        if (ipBlock === undefined || ipBlock.except?.includes("169.254.0.0/16")) return [];
        if (!/^(169\.254|0\.0\.0\.0)/.test(ipBlock.cidr)) return [];
        return ports.map(({ protocol, port }) => `${protocol} ${ipBlock.cidr} ${port}`);
      }),
    );
  const NODE_DNS = ["UDP 169.254.20.10/32 53", "TCP 169.254.20.10/32 53"];
  const CLOUD_DNS = ["UDP 169.254.169.254/32 53", "TCP 169.254.169.254/32 53"];
  const METADATA_SERVER = ["TCP 169.254.169.252/32 988", "TCP 169.254.169.254/32 80"];
  const key: Change = (it) => {
    it["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation: 1 };
  };
  const none =
    (more: object, ...changes: Change[]): Change =>
    (it) => {
      it["pergola:access"] = { kind: "none", ...more };
      for (const change of changes) change(it);
    };
  const annotations = { "iam.gke.io/gcp-service-account": "builder@shop-registry.iam.gserviceaccount.com" };
  const pullSecret =
    (secret: object): Change =>
    (it) => {
      it["pergola:cluster"].pullSecret = secret;
    };
  const HOST = "europe-central2-docker.pkg.dev";
  const helper = pullSecret({ logins: [{ host: HOST, helper: "gcr" }] });
  const otherHelper = pullSecret({ logins: [{ host: "public.ecr.aws", helper: "ecr-login" }] });
  const ofRegistry: Change = (it) => {
    const login = { helper: "gcr" };
    it["pergola:registry"] = { kind: "dockerRegistry", host: HOST, namespace: "shop-registry/shop", login };
  };
  const notGke: Change = (it) => {
    delete it["pergola:cluster"].gke;
    it["pergola:cluster"].builderNodes = [{ kind: "existing" }];
  };
  const autopilot: Change = (it) => {
    it["pergola:cluster"].builderNodes = [{ kind: "autopilot" }];
    const amounts = { cpu: "2", memory: "4Gi", "ephemeral-storage": "10Gi" };
    it["pergola:builder"].modes.kaniko.resources = { limits: amounts, requests: amounts };
  };

  test.each<[string, BuilderEgress, string[]]>([
    ["somewhere: the node's own DNS", egressOf(configAfter(() => {})), NODE_DNS],
    ["on EKS: no metadata service, which gives out the node's role", egressOf(awsConfig()), NODE_DNS],
    [
      "on EKS with Pod Identity: its agent, and no metadata service",
      egressOf(awsConfig(() => {}, "aws-podidentity")),
      [...NODE_DNS, "TCP 169.254.170.23/32 80"],
    ],
    [
      "on GKE with Workload Identity: the metadata server of GKE, which gives out their own account",
      egressOf(gcpConfig()),
      [...NODE_DNS, ...CLOUD_DNS, ...METADATA_SERVER],
    ],
    ["on Autopilot, too", egressOf(gcpConfig(autopilot)), [...NODE_DNS, ...CLOUD_DNS, ...METADATA_SERVER]],
    ["on GKE with a key: DNS alone", egressOf(gcpConfig(key)), [...NODE_DNS, ...CLOUD_DNS]],
    ["on GKE without an identity: DNS alone", egressOf(gcpConfig(none({}))), [...NODE_DNS, ...CLOUD_DNS]],
    ["on GKE with AWS' helper: DNS alone", egressOf(gcpConfig(none({}, otherHelper))), [...NODE_DNS, ...CLOUD_DNS]],
    ...(
      [
        ["an identity from elsewhere", none({ annotations })],
        ["a login by Google's helper", none({}, helper)],
        ["one of the registry", none({}, ofRegistry)],
      ] as const
    ).map(([what, change]): [string, BuilderEgress, string[]] => [
      `on GKE with ${what}: its metadata server`,
      egressOf(gcpConfig(change)),
      [...NODE_DNS, ...CLOUD_DNS, ...METADATA_SERVER],
    ]),
    [
      "the same in a cluster that is not known to be GKE's: no metadata service",
      egressOf(gcpConfig(none({ annotations }, helper, notGke))),
      NODE_DNS,
    ],
  ])("%s", (_, egress, expected) => {
    for (const internet of [true, false]) expect(linkLocal({ ...egress, internet })).toEqual(expected);
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

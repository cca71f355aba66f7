// What a preview says of identities in Google Cloud.
import { describe, expect, test } from "vitest";
import {
  keyText,
  nodeMetadataText,
  noIdentityText,
  projectScopeText,
  samenessText,
} from "../../../../infra/access/gcpTexts.ts";
import type { Change } from "../config.ts";
import { gcpConfig } from "../gcpConfig.ts";

const EMAIL = "gar-access@shop-registry.iam.gserviceaccount.com";
const key: Change = (it) => {
  it["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation: 3 };
};

test("a right to a whole project says what it gives away", () => {
  expect(projectScopeText(gcpConfig())).toBeNull();
  const text = projectScopeText(gcpConfig((it) => (it["pergola:access"].scope = "project")));
  expect(text).toContain(
    "builders may write to every repository of shop-registry, also those of others and those that are made later",
  );
});

test("a key says what it is worth, how it is changed and who may forbid it, and not the key", () => {
  expect(keyText(gcpConfig())).toBeNull();
  const text = keyText(gcpConfig(key))!;
  expect(text).toContain(`a key of ${EMAIL}, which works from anywhere until it is deleted`);
  expect(text).toContain("pergola:access.rotation: 4 is the next");
  expect(text).toContain("iam.disableServiceAccountKeyCreation");
});

test("Workload Identity says that other clusters of the project have the same principals", () => {
  expect(samenessText(gcpConfig(key))).toBeNull();
  expect(samenessText(gcpConfig())).toBe(
    "all clusters of shop-clusters share the pool shop-clusters.svc.id.goog: in each of them, whoever may make pods as " +
      `garden-in-cluster-builder in a namespace of this stack's list is ${EMAIL}, too`,
  );
});

test("nodes without GKE's metadata server say whom pods there can be", () => {
  const account = "gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com";
  expect(nodeMetadataText(gcpConfig(), account)).toBeNull();
  const without: Change = (it) => {
    key(it);
    it["pergola:cluster"].gke.workloadIdentity = false;
  };
  expect(nodeMetadataText(gcpConfig(without), account)).toBe(
    "builder nodes have no metadata server of GKE (pergola:cluster.gke.workloadIdentity is false): every pod there that reaches " +
      `169.254.169.254 can be ${account}, the nodes' service account, and reads what else Compute Engine tells the node. In a cluster ` +
      "with Workload Identity pods are themselves",
  );
});

describe("no identity for a registry of Google's", () => {
  const none =
    (more: object = {}, logins: readonly object[] = []): Change =>
    (it) => {
      it["pergola:access"] = { kind: "none", ...more };
      it["pergola:cluster"].pullSecret = { logins };
    };
  const HOST = "europe-central2-docker.pkg.dev";
  const annotations = { "iam.gke.io/gcp-service-account": "a@b-project.iam.gserviceaccount.com" };

  test("says that builders are their nodes' account, where the cluster has no Workload Identity", () => {
    const without: Change = (it) => {
      none({}, [{ host: HOST, helper: "gcr" }])(it);
      it["pergola:cluster"].gke.workloadIdentity = false;
    };
    expect(noIdentityText(gcpConfig(without))).toBe(
      `pergola:access makes no identity for ${HOST}. Builders are whoever the nodes' metadata server says: the nodes' service account, and ` +
        "every other pod there is, too. It needs roles/artifactregistry.writer (roles/artifactregistry.reader to pull only)",
    );
  });

  test("says who builders then are, and what BuildKit needs", () => {
    expect(noIdentityText(gcpConfig(none()))).toBe(
      `pergola:access makes no identity for ${HOST}. Builders are whoever the nodes' metadata server says: without Workload Identity the ` +
        "nodes' service account, and then every pod there is; with it, their own Kubernetes account. Either needs " +
        "roles/artifactregistry.writer (roles/artifactregistry.reader to pull only); kaniko asks that server by itself, BuildKit " +
        "only with a login, without which the network policy keeps kaniko from it, too: " +
        `pergola:cluster.pullSecret.logins: [{ host: ${HOST}, helper: gcr }]`,
    );
  });

  test("says less of what the file has", () => {
    expect(noIdentityText(gcpConfig(none({ annotations })))).toContain(
      "Whoever pergola:access.annotations makes builders needs",
    );
    const login = { host: HOST, helper: "gcr" };
    expect(noIdentityText(gcpConfig(none({}, [login])))).not.toContain("BuildKit");
    expect(noIdentityText(gcpConfig(none({ annotations }, [login])))).toBeNull();
    const password = gcpConfig((it) => {
      none({}, [{ host: HOST, username: "_json_key", passwordSecret: "key" }])(it);
      it["pergola:secrets"] = { key: "{}" };
    });
    expect(noIdentityText(password)).toBeNull();
  });

  test("says that the network policy is closed where nothing tells that the cluster is GKE's", () => {
    const elsewhere =
      (guardrails: object = {}): Change =>
      (it) => {
        none({ annotations }, [{ host: HOST, helper: "gcr" }])(it);
        delete it["pergola:cluster"].gke;
        Object.assign(it["pergola:cluster"], { builderNodes: [{ kind: "existing" }], guardrails });
      };
    expect(noIdentityText(gcpConfig(elsewhere()))).toContain(
      "The network policy lets them reach that server only where the cluster is known to be GKE's: write pergola:cluster.gke",
    );
    expect(noIdentityText(gcpConfig(elsewhere({ networkPolicy: false })))).toBeNull();
  });

  test("says nothing where there is an identity, or another registry", () => {
    expect(noIdentityText(gcpConfig())).toBeNull();
    const config = gcpConfig((it) => {
      none()(it);
      it["pergola:registry"] = { kind: "dockerRegistry", host: "harbor.example.com", namespace: "shop" };
    });
    expect(noIdentityText(config)).toBeNull();
  });
});

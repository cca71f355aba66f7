// What is said of a registry of Google's in another project than the cluster.
import { expect, test } from "vitest";
import { nodesNeedReaderText } from "../../../../infra/registries/garTexts.ts";
import type { Change } from "../config.ts";
import { gcpConfig } from "../gcpConfig.ts";

const text = (change: Change = () => {}, stack = "gcp-dev") => nodesNeedReaderText(gcpConfig(change, stack));

const existing: Change = (it) => {
  it["pergola:cluster"].builderNodes = [{ kind: "existing" }];
};

test("nodes that the stack does not make are said to need the role, on the repository", () => {
  expect(text(existing)).toBe(
    "the cluster is in the project shop-clusters, and the registry in shop-registry: builders may use it, but nodes that this stack does " +
      "not make can pull only if their service account has roles/artifactregistry.reader on " +
      "projects/shop-registry/locations/europe-central2/repositories/shop. For pods that run these images write " +
      "pergola:registry.pull: { serviceAccounts: [ADDRESS] }",
  );
  expect(text(() => {}, "gcr-eu")).toContain("on projects/shop-images/locations/europe/repositories/eu.gcr.io. For");
  const elsewhere: Change = (it) => {
    it["pergola:cluster"].gke.project = "shop-clusters";
  };
  expect(text(elsewhere, "gcp-autopilot")).toContain(
    "the cluster is in the project shop-clusters, and the registry in",
  );
});

test("repositories of base images are named, too, and none of caches", () => {
  const more: Change = (it) => {
    existing(it);
    const remotes = [{ repository: "hub", of: "dockerHub" }];
    Object.assign(it["pergola:registry"], { immutableTags: true, remotes });
  };
  const place = "projects/shop-registry/locations/europe-central2/repositories";
  expect(text(more)).toContain(`on ${place}/shop, ${place}/hub. For`);
});

test.each<[string, Change, string?]>([
  ["by nodes that are made, whose account gets the right", () => {}],
  [
    "by an account that is named",
    (it) => {
      existing(it);
      it["pergola:registry"].pull = { serviceAccounts: ["nodes@shop-clusters.iam.gserviceaccount.com"] };
    },
  ],
  ["in the project of the registry", () => {}, "gcp-autopilot"],
  ["in a cluster that is not known", () => {}, "gcp-key"],
  [
    "of another registry",
    (it) => {
      existing(it);
      it["pergola:registry"] = { kind: "dockerRegistry", host: "harbor.example.com", namespace: "shop" };
      it["pergola:access"] = { kind: "none" };
    },
  ],
])("nothing is said %s", (_, change, stack) => {
  expect(text(change, stack)).toBeNull();
});

/**
 * What the guides that this kit comes from get wrong about identities on Google Cloud: each once as it stands there, shown to be wrong,
 * and once as this program has it.
 */
import { describe, expect, test } from "vitest";
import { builderAnnotations } from "../../../../infra/access/builderRoles.ts";
import { builderAccountPlan, builderMembers, repositoryGrants } from "../../../../infra/access/gcpGrants.ts";
import { makeBuildSetup } from "../../../../infra/buildSetup.ts";
import { hostLogins } from "../../../../infra/registries/hostLogins.ts";
import { registryPlace } from "../../../../infra/registries/registryPlace.ts";
import type { Change } from "../config.ts";
import { gcpConfig, gcpProblems } from "../gcpConfig.ts";

const setup = (change: Change = () => {}) => makeBuildSetup(gcpConfig(change), { stack: "gcp-dev", clusterUid: null });

const key: Change = (it) => {
  it["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation: 1 };
};
const buildkit: Change = (it) => {
  const image = "docker.io/gardendev/buildkit:v0.23.2";
  const modes = { "cluster-buildkit": { namespaces: ["shop-dev"], profile: "rootful", image } };
  it["pergola:builder"] = { default: "cluster-buildkit", modes };
};

describe("a login under another host than the registry's", () => {
  test("is what the guides write: docker.pkg.dev, for images in europe-central2-docker.pkg.dev", () => {
    const { host } = registryPlace(gcpConfig().registry);
    expect(host).toBe("europe-central2-docker.pkg.dev");
    expect(host).not.toBe("docker.pkg.dev");
  });

  test.each([
    ["Artifact Registry", () => {}, "europe-central2-docker.pkg.dev"],
    [
      "gcr.io",
      ((it) => (it["pergola:registry"] = { kind: "gcr", project: "shop-registry", host: "eu.gcr.io" })) as Change,
      "eu.gcr.io",
    ],
  ])("is not made: the key is for the host that images are pushed to, of %s", (_, registry, host) => {
    const change: Change = (it) => {
      key(it);
      registry(it);
    };
    expect(hostLogins(gcpConfig(change))).toEqual([
      { host, path: ["registry"], by: "key", username: "_json_key_base64" },
    ]);
    expect(setup(change).registry.host).toBe(host);
    expect(setup(change).pullSecrets).toEqual([{ namespace: "shop-dev", name: "pergola-pull", hosts: [host] }]);
  });
});

describe("one project for cluster and registry", () => {
  test("makes members that nobody is where they are two", () => {
    const { project } = builderAccountPlan(gcpConfig())!;
    const guides = `serviceAccount:${project}.svc.id.goog[shop-dev/garden-in-cluster-builder]`;
    expect([...builderMembers(gcpConfig()).values()]).not.toContain(guides);
  });

  test("is not taken for granted: builders are of the cluster's, the account and its rights of the registry's", () => {
    const config = gcpConfig();
    expect([...builderMembers(config).values()]).toEqual([
      "serviceAccount:shop-clusters.svc.id.goog[shop-dev/garden-in-cluster-builder]",
    ]);
    expect(builderAccountPlan(config)!.project).toBe("shop-registry");
    expect(repositoryGrants(config).map(({ repository }) => repository.project)).toEqual(["shop-registry"]);
  });
});

describe("Workload Identity by the annotation alone", () => {
  test("leaves BuildKit without a login, as it asks docker's configuration and helpers only", () => {
    expect(
      hostLogins({
        ...gcpConfig(),
        access: { kind: "none", annotations: {}, namespacePatterns: [], allowAnyNamespace: false },
      }),
    ).toEqual([]);
  });

  test("is not all: BuildKit gets the helper for the very host, in a secret without any password", () => {
    const { credHelpers, pullSecrets, builders } = setup(buildkit);
    expect(credHelpers).toEqual({ "europe-central2-docker.pkg.dev": "gcr" });
    expect(pullSecrets).toHaveLength(1);
    const annotation = { "iam.gke.io/gcp-service-account": "gar-access@shop-registry.iam.gserviceaccount.com" };
    expect(builders.modes["cluster-buildkit"]!.namespaces[0]!.annotations).toEqual(annotation);
    expect(builderAnnotations(gcpConfig(), "gcp-dev", "shop-dev")).toEqual(annotation);
  });

  test("needs an image that has the helper, or is refused", () => {
    const problems = gcpProblems((it) => {
      buildkit(it);
      it["pergola:builder"].modes["cluster-buildkit"].image = "docker.io/moby/buildkit:v0.31.1";
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(
      "has no docker-credential-gcr, by which builders log in to europe-central2-docker.pkg.dev",
    );
  });
});

describe("placeholders in two spellings", () => {
  test.each(["<gcloud-project-id>", "<gcloud_project_id>", "${PROJECT_ID}"])("are no project: %s", (placeholder) => {
    const [problem] = gcpProblems((it) => (it["pergola:access"].project = placeholder));
    expect(problem).toContain(`pergola:access.project: ${JSON.stringify(placeholder)} is not the id of a project`);
  });

  test.each(["<gcr-access>", "gar_access"])("are no service account: %s", (placeholder) => {
    const [problem] = gcpProblems((it) => (it["pergola:access"].serviceAccount = placeholder));
    expect(problem).toContain(
      `pergola:access.serviceAccount: ${JSON.stringify(placeholder)} is not the id of a service account`,
    );
  });
});

describe("rights to buckets", () => {
  test("are not given for gcr.io, which is a repository of Artifact Registry since Container Registry was shut down", () => {
    const config = gcpConfig(
      (it) => (it["pergola:registry"] = { kind: "gcr", project: "shop-registry", host: "eu.gcr.io" }),
    );
    expect(repositoryGrants(config).map(({ key, role }) => [key, role])).toEqual([
      ["shop-registry/europe/eu.gcr.io", "roles/artifactregistry.writer"],
    ]);
  });
});

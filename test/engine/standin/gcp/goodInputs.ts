/** Inputs of each type that Google takes, and what has to be there for them. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import { REPOSITORY } from "./artifactRegistry.ts";
import { NODE_POOL } from "./container.ts";
import { POOL_PROVIDER } from "./federation.ts";
import { CRYPTO_KEY, registryAgent } from "./keys.ts";
import { ACCOUNT, CLUSTER, POOL, PROJECT } from "./members.ts";
import { SERVICE } from "./projects.ts";
import { KEY } from "./serviceAccounts.ts";
import { projectNumber } from "./values.ts";

export const PROJECT_MEMBER = "gcp:projects/iAMMember:IAMMember";
export const REPOSITORY_MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember";
export const ACCOUNT_MEMBER = "gcp:serviceaccount/iAMMember:IAMMember";

export const REGISTRY = "shop-registry";
export const BUILDER = `gar-access@${REGISTRY}.iam.gserviceaccount.com`;
export const BUILDER_NAME = `projects/${REGISTRY}/serviceAccounts/${BUILDER}`;
export const PUSHER = `serviceAccount:${BUILDER}`;
export const WRITER = "roles/artifactregistry.writer";
export const IMPERSONATOR = "roles/iam.workloadIdentityUser";
export const IN_SHOP = "serviceAccount:shop-clusters.svc.id.goog[shop-dev/garden-in-cluster-builder]";
export const POOL_MEMBERS = `//iam.googleapis.com/projects/${projectNumber(REGISTRY)}/locations/global/workloadIdentityPools`;

export const KMS_KEY = "projects/shop-keys/locations/europe-central2/keyRings/shop/cryptoKeys/images";

export const SHOP = { location: "europe-central2", repositoryId: "web", format: "DOCKER" };
export const OF_SHOP = { location: "europe-central2", repository: "shop", project: REGISTRY };
export const GITHUB = {
  workloadIdentityPoolId: "ci-jobs",
  workloadIdentityPoolProviderId: "github",
  attributeMapping: { "google.subject": "assertion.sub", "attribute.repository": "assertion.repository" },
  attributeCondition: "attribute.repository == 'shop/web'",
  oidc: { issuerUri: "https://token.actions.githubusercontent.com" },
};
export const BUILDERS = {
  name: "builders",
  project: "shop-clusters",
  cluster: "dev",
  location: "europe-central2",
  autoscaling: { totalMinNodeCount: 0, totalMaxNodeCount: 5, locationPolicy: "ANY" },
  nodeConfig: { machineType: "n2d-standard-8", imageType: "COS_CONTAINERD" },
};

/** A remote repository of Docker Hub. */
export const HUB = {
  ...SHOP,
  mode: "REMOTE_REPOSITORY",
  remoteRepositoryConfig: { dockerRepository: { publicRepository: "DOCKER_HUB" } },
};

export interface GivenInputs {
  readonly type: string;
  readonly inputs: ValueMap;
}

/** Inputs that are taken. */
export const GOOD_INPUTS: readonly GivenInputs[] = [
  { type: SERVICE, inputs: { service: "iam.googleapis.com", disableOnDestroy: true } },
  { type: PROJECT_MEMBER, inputs: { project: REGISTRY, role: "roles/artifactregistry.writer", member: PUSHER } },
  { type: REPOSITORY, inputs: SHOP },
  { type: REPOSITORY, inputs: { ...SHOP, location: "us", repositoryId: "gcr.io", format: "docker" } },
  {
    type: REPOSITORY,
    inputs: {
      ...SHOP,
      description: "images of the shop",
      labels: { team: "shop" },
      kmsKeyName: KMS_KEY,
      dockerConfig: { immutableTags: true },
      cleanupPolicyDryRun: true,
      cleanupPolicies: [
        { id: "old", action: "DELETE", condition: { tagState: "UNTAGGED", olderThan: "30d" } },
        { id: "last", action: "KEEP", mostRecentVersions: { keepCount: 3 } },
      ],
      vulnerabilityScanningConfig: { enablementConfig: "DISABLED" },
    },
  },
  { type: REPOSITORY, inputs: HUB },
  { type: REPOSITORY_MEMBER, inputs: { ...OF_SHOP, role: WRITER, member: PUSHER } },
  {
    type: REPOSITORY_MEMBER,
    inputs: {
      ...OF_SHOP,
      repository: `projects/${REGISTRY}/locations/europe-central2/repositories/shop`,
      role: "roles/artifactregistry.reader",
      member: "group:developers@example.com",
      condition: { title: "this year", expression: "request.time.getFullYear() == 2026" },
    },
  },
  { type: ACCOUNT, inputs: { accountId: "builders", displayName: "Builders", description: "pushes images" } },
  { type: ACCOUNT_MEMBER, inputs: { serviceAccountId: BUILDER_NAME, role: IMPERSONATOR, member: IN_SHOP } },
  ...[
    `principalSet:${POOL_MEMBERS}/federated/attribute.repository/shop/web`,
    `principal:${POOL_MEMBERS}/federated/subject/repo:shop/web:ref:refs/heads/main`,
  ].map((member) => ({
    type: ACCOUNT_MEMBER,
    inputs: { serviceAccountId: BUILDER_NAME, role: IMPERSONATOR, member },
  })),
  { type: KEY, inputs: { serviceAccountId: BUILDER_NAME, keepers: { rotation: "1" } } },
  { type: KEY, inputs: { serviceAccountId: BUILDER } },
  { type: POOL, inputs: { workloadIdentityPoolId: "jobs-of-ci", displayName: "CI" } },
  { type: POOL_PROVIDER, inputs: { ...GITHUB, workloadIdentityPoolId: "federated" } },
  {
    type: POOL_PROVIDER,
    inputs: {
      workloadIdentityPoolId: "federated",
      workloadIdentityPoolProviderId: "own-gitlab",
      attributeMapping: { "google.subject": "assertion.sub" },
      oidc: { issuerUri: "https://gitlab.example.com", allowedAudiences: ["https://gitlab.example.com"] },
    },
  },
  { type: NODE_POOL, inputs: BUILDERS },
  // A cluster without Workload Identity.
  {
    type: NODE_POOL,
    inputs: {
      ...BUILDERS,
      cluster: "old",
      location: "europe-central2-a",
      nodeConfig: { ...BUILDERS.nodeConfig, workloadMetadataConfig: { mode: "GCE_METADATA" } },
    },
  },
  {
    type: NODE_POOL,
    inputs: {
      ...BUILDERS,
      nodeLocations: ["europe-central2-b", "europe-central2-a"],
      management: { autoRepair: true, autoUpgrade: true },
      nodeConfig: {
        machineType: "c4a-standard-8",
        spot: true,
        imageType: "cos_containerd",
        diskType: "hyperdisk-balanced",
        diskSizeGb: 100,
        serviceAccount: BUILDER,
        oauthScopes: ["cloud-platform"],
        labels: { "garden-build": "true" },
        taints: [{ key: "garden-build", value: "true", effect: "NO_SCHEDULE" }],
        workloadMetadataConfig: { mode: "GKE_METADATA" },
        shieldedInstanceConfig: { enableSecureBoot: true },
        metadata: { "disable-legacy-endpoints": "true" },
      },
    },
  },
];

const FULL = `full-of-keys@${REGISTRY}.iam.gserviceaccount.com`;
const ACCOUNTS = ["gar-access", "full-of-keys", "member-of-two"];

/** What is there before, in this order. */
export const THERE: readonly GivenInputs[] = [
  ...[REGISTRY, "shop-clusters"].map((projectId) => ({ type: PROJECT, inputs: { projectId } })),
  { type: SERVICE, inputs: { service: "artifactregistry.googleapis.com" } },
  { type: CRYPTO_KEY, inputs: { name: KMS_KEY, users: [registryAgent(REGISTRY)] } },
  { type: CRYPTO_KEY, inputs: { name: `${KMS_KEY}-of-others`, users: [BUILDER] } },
  { type: REPOSITORY, inputs: { ...SHOP, repositoryId: "shop" } },
  ...ACCOUNTS.map((accountId) => ({ type: ACCOUNT, inputs: { accountId } })),
  { type: POOL, inputs: { workloadIdentityPoolId: "federated" } },
  {
    type: CLUSTER,
    inputs: {
      name: "dev",
      location: "europe-central2",
      project: "shop-clusters",
      workloadPool: "shop-clusters.svc.id.goog",
      releaseChannel: "REGULAR",
    },
  },
  { type: CLUSTER, inputs: { name: "old", location: "europe-central2-a", project: "shop-clusters" } },
  { type: CLUSTER, inputs: { name: "auto", location: "europe-central2", project: "shop-clusters", autopilot: true } },
  { type: NODE_POOL, inputs: { ...BUILDERS, name: "taken" } },
  {
    type: REPOSITORY_MEMBER,
    inputs: {
      ...OF_SHOP,
      role: WRITER,
      member: `serviceAccount:member-of-two@${REGISTRY}.iam.gserviceaccount.com`,
    },
  },
  // As many keys as one account may have.
  ...[..."0123456789"].map((id) => ({
    type: KEY,
    inputs: { serviceAccountId: FULL, name: `projects/${REGISTRY}/serviceAccounts/${FULL}/keys/${id}` },
  })),
];

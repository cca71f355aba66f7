/** What Google refuses of projects, repositories and their members: one line for each rule of the tables. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import { REPOSITORY } from "./artifactRegistry.ts";
import { type BadInput, bad } from "./bad.ts";
import {
  BUILDER,
  HUB,
  IMPERSONATOR,
  KMS_KEY,
  OF_SHOP,
  PROJECT_MEMBER,
  PUSHER,
  REGISTRY,
  REPOSITORY_MEMBER,
  SHOP,
  WRITER,
} from "./goodInputs.ts";
import { SERVICE } from "./projects.ts";

const cleaned = (policy: ValueMap) => ({ ...SHOP, cleanupPolicies: [{ id: "old", action: "DELETE", ...policy }] });
const writes = (member: string) => ({ ...OF_SHOP, role: WRITER, member });
const onProject = (role: string) => ({ project: REGISTRY, role, member: PUSHER });
const none = `nobody@${REGISTRY}.iam.gserviceaccount.com`;

export const BAD_REGISTRY: readonly BadInput[] = [
  ...bad(SERVICE, {
    "an API that there is not": [{ service: "registry.googleapis.com" }, "Not found or permission denied for service"],
    "the API of Container Registry": [{ service: "containerregistry.googleapis.com" }, "was shut down"],
    "a project that there is not": [
      { service: "iam.googleapis.com", project: "shop-none" },
      "Error 403: Permission denied on resource project shop-none",
    ],
    "the number of a project": [
      { service: "iam.googleapis.com", project: "123456789012" },
      "is not the id of a project",
    ],
  }),
  ...bad(PROJECT_MEMBER, {
    "no project": [{ role: WRITER, member: PUSHER }, "project: "],
    "a basic role": [onProject("roles/editor"), "gives rights on everything"],
    "the role of the buckets that are gone": [onProject("roles/storage.admin"), "was for the buckets"],
    "every service account of the project": [onProject(IMPERSONATOR), "act as every service account"],
    "a role that there is not": [onProject("roles/artifactregistry.pusher"), "is not supported for this resource"],
    "a role without roles/": [onProject("artifactregistry.writer"), "is not supported for this resource"],
  }),
  ...bad(REPOSITORY, {
    "an id with capitals": [{ ...SHOP, repositoryId: "Shop" }, "repositoryId: is not the id of a repository"],
    "an id of 64 characters": [{ ...SHOP, repositoryId: "s".repeat(64) }, "is not the id of a repository"],
    "an id that ends with a hyphen": [{ ...SHOP, repositoryId: "shop-" }, "is not the id of a repository"],
    "a path for an id": [{ ...SHOP, repositoryId: "shop/web" }, "is not the id of a repository"],
    "gcr.io where it is not": [{ ...SHOP, repositoryId: "eu.gcr.io" }, "location: is not where eu.gcr.io is: europe"],
    "a zone": [{ ...SHOP, location: "europe-central2-a" }, "location: is no location"],
    "eu, which is no location": [{ ...SHOP, location: "eu" }, "location: is no location"],
    "a format that is not Docker's": [{ ...SHOP, format: "MAVEN" }, "format: is not for images"],
    "an id that is taken": [{ ...SHOP, repositoryId: "shop" }, "Error 409: the repository already exists"],
    "an API that is not enabled": [
      { ...SHOP, project: "shop-clusters" },
      "in project shop-clusters before or it is disabled",
    ],
    "a key in another location": [
      { ...SHOP, kmsKeyName: "projects/shop-keys/locations/global/keyRings/shop/cryptoKeys/images" },
      "kmsKeyName: is not in europe-central2",
    ],
    "a version of a key": [
      { ...SHOP, kmsKeyName: "projects/p/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1" },
      "is not the name of a key",
    ],
    "a key that there is not": [
      { ...SHOP, kmsKeyName: `${KMS_KEY}-none` },
      "Permission denied on Cloud KMS key. Please ensure your Artifact Registry service account",
    ],
    "a key that only others may use": [
      { ...SHOP, kmsKeyName: `${KMS_KEY}-of-others` },
      "Permission denied on Cloud KMS key. Please ensure your Artifact Registry service account",
    ],
    "a label with capitals": [{ ...SHOP, labels: { Team: "shop" } }, "is not the key of a label"],
    "a label with a dot": [{ ...SHOP, labels: { team: "shop.web" } }, "is not the value of a label"],
    "a policy without a condition": [cleaned({}), "has either a condition or mostRecentVersions"],
    "versions to delete by their number": [cleaned({ mostRecentVersions: { keepCount: 3 } }), "goes only with KEEP"],
    "an action in small letters": [cleaned({ action: "delete", condition: {} }), "cleanupPolicies[0].action"],
    "a time in weeks": [cleaned({ condition: { olderThan: "4w" } }), "olderThan: is not a duration"],
    "a state of tags that is none": [cleaned({ condition: { tagState: "untagged" } }), "condition.tagState"],
    "a policy's id of 128 characters": [cleaned({ id: "p".repeat(128), condition: {} }), "longer than 127"],
    "two policies of one id": [
      {
        ...SHOP,
        cleanupPolicies: ["1d", "2d"].map((olderThan) => ({ id: "old", action: "DELETE", condition: { olderThan } })),
      },
      "two policies have one id",
    ],
    "scanning that is enabled by force": [
      { ...SHOP, vulnerabilityScanningConfig: { enablementConfig: "ENABLED" } },
      "vulnerabilityScanningConfig.enablementConfig",
    ],
    "a source without the mode": [{ ...HUB, mode: "STANDARD_REPOSITORY" }, "goes with mode REMOTE_REPOSITORY"],
    "the mode without a source": [{ ...SHOP, mode: "REMOTE_REPOSITORY" }, "goes with mode REMOTE_REPOSITORY"],
    "two sources": [
      {
        ...HUB,
        remoteRepositoryConfig: { ...HUB.remoteRepositoryConfig, commonRepository: { uri: "https://quay.io" } },
      },
      "has exactly one source",
    ],
    "a source by its host": [
      { ...HUB, remoteRepositoryConfig: { commonRepository: { uri: "quay.io" } } },
      "is no registry",
    ],
    "a password in clear": [
      {
        ...HUB,
        remoteRepositoryConfig: {
          ...HUB.remoteRepositoryConfig,
          upstreamCredentials: { usernamePasswordCredentials: { username: "u", passwordSecretVersion: "secret" } },
        },
      },
      "is no version of a secret",
    ],
    "a property that there is not": [{ ...SHOP, immutableTags: true }, "immutableTags"],
  }),
  ...bad(REPOSITORY_MEMBER, {
    "no such repository": [{ ...writes(PUSHER), repository: "none" }, "Error 404: Requested entity was not found"],
    "a repository elsewhere": [{ ...writes(PUSHER), location: "europe" }, "Error 404: Requested entity was not found"],
    "a member that is there": [
      writes(`serviceAccount:member-of-two@${REGISTRY}.iam.gserviceaccount.com`),
      "is in the policy already",
    ],
    "no such service account": [writes(`serviceAccount:${none}`), `Error 400: Service account ${none} does not exist`],
    "an address without its kind": [writes(BUILDER), "is not a member of an allow policy"],
    "a kind that is none": [writes(`gsa:${BUILDER}`), "is not a member of an allow policy"],
    everybody: [writes("allUsers"), "gives the right to everybody"],
    "everybody with an account": [writes("allAuthenticatedUsers"), "gives the right to everybody"],
    "the owners of a project": [writes(`projectOwner:${REGISTRY}`), "whoever has a basic role"],
    "a deleted one": [writes(`deleted:${PUSHER}?uid=1`), "does not support IAM members for deleted principals"],
    "the right to change the policy": [
      { ...OF_SHOP, role: "roles/artifactregistry.admin", member: PUSHER },
      "change the repository's own policy",
    ],
    "a role of another service": [
      { ...OF_SHOP, role: "roles/container.developer", member: PUSHER },
      "is not supported for this resource",
    ],
    "a condition without a title": [
      { ...writes(PUSHER), condition: { title: "", expression: "true" } },
      "condition.title",
    ],
  }),
  ...bad("gcp:artifactregistry/repositoryIamBinding:RepositoryIamBinding", {
    "a role in the repository": [{ ...OF_SHOP, role: WRITER, members: [PUSHER] }, "owns a role in the repository"],
  }),
  ...bad("gcp:artifactregistry/repositoryIamPolicy:RepositoryIamPolicy", {
    "a whole policy": [{ ...OF_SHOP, policyData: "{}" }, "owns the repository's whole policy"],
  }),
  ...bad("gcp:projects/iAMBinding:IAMBinding", {
    "a role in the project": [{ project: REGISTRY, role: WRITER, members: [PUSHER] }, "owns a role in the project"],
  }),
  ...bad("gcp:projects/iAMPolicy:IAMPolicy", {
    "a whole policy": [{ project: REGISTRY, policyData: "{}" }, "owns the project's whole policy"],
  }),
  ...bad("gcp:container/registry:Registry", {
    "a registry that is shut down": [{ project: REGISTRY }, "is a bucket of Container Registry"],
  }),
];

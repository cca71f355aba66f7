/** What Google refuses of service accounts, their keys and federated identities: one line for each rule of the tables. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import { type BadInput, bad } from "./bad.ts";
import { POOL_PROVIDER } from "./federation.ts";
import {
  ACCOUNT_MEMBER,
  BUILDER,
  BUILDER_NAME,
  GITHUB,
  IMPERSONATOR,
  IN_SHOP,
  POOL_MEMBERS,
  REGISTRY,
} from "./goodInputs.ts";
import { ACCOUNT, POOL } from "./members.ts";
import { KEY } from "./serviceAccounts.ts";

const actsAs = (member: string) => ({ serviceAccountId: BUILDER_NAME, role: IMPERSONATOR, member });
const key = (more: ValueMap) => ({ serviceAccountId: BUILDER_NAME, ...more });
const federated = (more: ValueMap) => ({ ...GITHUB, workloadIdentityPoolId: "federated", ...more });
const none = `nobody@${REGISTRY}.iam.gserviceaccount.com`;

export const BAD_IDENTITIES: readonly BadInput[] = [
  ...bad("gcp:serviceaccount/iAMBinding:IAMBinding", {
    "a role on an account": [{ serviceAccountId: BUILDER_NAME, members: [IN_SHOP] }, "owns a role on the service"],
  }),
  ...bad("gcp:serviceaccount/iAMPolicy:IAMPolicy", {
    "a whole policy": [{ serviceAccountId: BUILDER_NAME, policyData: "{}" }, "owns the service account's whole policy"],
  }),
  ...bad(ACCOUNT, {
    "an id of five characters": [{ accountId: "build" }, "is not the id of a service account"],
    "an id of 31 characters": [{ accountId: "b".repeat(31) }, "is not the id of a service account"],
    "an id that begins with a digit": [{ accountId: "1-builder" }, "is not the id of a service account"],
    "an address for an id": [{ accountId: BUILDER }, "is not the id of a service account"],
    "an id that is taken": [{ accountId: "gar-access" }, "Error 409: Service account gar-access@"],
    "one that may be somebody else's": [
      { accountId: "builders", createIgnoreAlreadyExists: true },
      "takes somebody else's",
    ],
    "a name of 101 bytes": [{ accountId: "builders", displayName: "n".repeat(101) }, "longer than 100 bytes"],
    "a description of 257 bytes": [{ accountId: "builders", description: "ä".repeat(129) }, "longer than 256 bytes"],
    "a project that there is not": [{ accountId: "builders", project: "shop-none" }, "Error 403: Permission denied"],
  }),
  ...bad(ACCOUNT_MEMBER, {
    "no such account": [
      { ...actsAs(IN_SHOP), serviceAccountId: BUILDER_NAME.replaceAll("gar-access", "nobody") },
      "Error 404: Service account",
    ],
    "an address for the full name": [{ ...actsAs(IN_SHOP), serviceAccountId: BUILDER }, "is not the full name"],
    "a pattern of namespaces": [actsAs(IN_SHOP.replace("shop-dev", "*")), "[NAMESPACE/SERVICE_ACCOUNT]"],
    "no namespace": [actsAs(IN_SHOP.replace("shop-dev/", "")), "[NAMESPACE/SERVICE_ACCOUNT]"],
    "a project without clusters": [
      actsAs(IN_SHOP.replace("shop-clusters", REGISTRY)),
      `Error 400: Identity Pool does not exist (${REGISTRY}.svc.id.goog)`,
    ],
    "every identity of a pool": [actsAs(`principalSet:${POOL_MEMBERS}/federated/*`), "every identity of a pool"],
    "a pool that there is not": [
      actsAs(`principal:${POOL_MEMBERS}/none/subject/shop`),
      "Error 400: Identity Pool does not exist (none)",
    ],
    "a pool by the id of its project": [
      actsAs(`principal:${POOL_MEMBERS.replace(/\d{12}/, REGISTRY)}/federated/subject/shop`),
      "is not a member of an allow policy",
    ],
    "the right to make keys": [
      { ...actsAs(IN_SHOP), role: "roles/iam.serviceAccountKeyAdmin" },
      "lets the member make keys",
    ],
  }),
  ...bad(KEY, {
    "no such account": [{ serviceAccountId: none }, "Error 404: Service account"],
    "an account by its id": [{ serviceAccountId: "gar-access" }, "serviceAccountId"],
    "an eleventh key": [
      { serviceAccountId: `full-of-keys@${REGISTRY}.iam.gserviceaccount.com` },
      "Error 400: Precondition check failed",
    ],
    "a number to keep": [key({ keepers: { rotation: 1 } }), "keepers.rotation"],
    "a form that is not JSON": [key({ privateKeyType: "TYPE_PKCS12_FILE" }), "privateKeyType: is not JSON"],
    "an algorithm that there is not": [key({ keyAlgorithm: "KEY_ALG_EC" }), "keyAlgorithm"],
    "a time when it ends": [key({ validBefore: "2027-01-01T00:00:00Z" }), "validBefore"],
  }),
  ...bad(POOL, {
    "an id of three characters": [{ workloadIdentityPoolId: "ci1" }, "is not 4 to 32"],
    "an id of 33 characters": [{ workloadIdentityPoolId: "c".repeat(33) }, "is not 4 to 32"],
    "an id that is Google's": [{ workloadIdentityPoolId: "gcp-jobs" }, "without gcp-"],
    "an id that is taken": [{ workloadIdentityPoolId: "federated" }, "Error 409: Requested entity already exists"],
    "a name of 33 characters": [{ workloadIdentityPoolId: "jobs", displayName: "n".repeat(33) }, "longer than 32"],
  }),
  ...bad(POOL_PROVIDER, {
    "no such pool": [federated({ workloadIdentityPoolId: "none-such" }), "Error 404: Requested entity was not found"],
    "no subject": [
      federated({ attributeMapping: {}, attributeCondition: "assertion.sub == 'a'" }),
      "has no google.subject",
    ],
    "an attribute that is none": [
      federated({ attributeMapping: { ...GITHUB.attributeMapping, repository: "assertion.repository" } }),
      "attributeMapping.repository",
    ],
    "everybody at GitHub": [federated({ attributeCondition: "true" }), "must reference one of the provider's claims"],
    "everybody at GitLab": [
      federated({ attributeCondition: "true", oidc: { issuerUri: "https://gitlab.com/" } }),
      "must reference one of the provider's claims",
    ],
    "a condition on what is not mapped": [
      federated({ attributeCondition: "attribute.ref == 'refs/heads/main'" }),
      "uses attribute.ref, which is not mapped",
    ],
    "an issuer without https": [federated({ oidc: { issuerUri: "gitlab.example.com" } }), "does not begin with https"],
    "eleven audiences": [
      federated({ oidc: { ...GITHUB.oidc, allowedAudiences: Array(11).fill("a") } }),
      "oidc.allowedAudiences",
    ],
  }),
];

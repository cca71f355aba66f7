/** Service accounts and their keys (IAM REST reference, `projects.serviceAccounts` and `projects.serviceAccounts.keys`). */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { z } from "zod";
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Place, Reference, ResourceType } from "../resourceType.ts";
import { drawn, text } from "../values.ts";
import { ACCOUNT, authoritative, iamMember, isBelow, membersNaming } from "./members.ts";
import { projectReference } from "./projects.ts";
import { accountEmail, emailOf, googleError, projectId, projectOf } from "./values.ts";

export const KEY = "gcp:serviceaccount/key:Key";
const ACCOUNT_MEMBER = "gcp:serviceaccount/iAMMember:IAMMember";

/** IAM, "Quotas and limits": keys of one service account. One more is refused as firebase/firebase-tools, pull request 6192, has it. */
const MOST_KEYS = 10;

const bytes = (limit: number) =>
  z.string().refine((value) => Buffer.byteLength(value) <= limit, `is longer than ${limit} bytes`);

/** Provider: ServiceAccountLinkRegex. */
const accountName = z
  .string()
  .regex(
    /^projects\/[^/]+\/serviceAccounts\/[^/@]+@[^/]+\.gserviceaccount\.com$/,
    "is not the full name of an account",
  );

const emailIn = (inputs: ValueMap, place: Place) => emailOf(text(inputs, "accountId"), projectOf(inputs, place));

const nameIn = (inputs: ValueMap, place: Place) =>
  `projects/${projectOf(inputs, place)}/serviceAccounts/${emailIn(inputs, place)}`;

/** An account by full name or address; the project `-` is that of the address. */
function accountReference(id: string): Reference {
  const email = id.split("/").at(-1) as string;
  const missing = googleError(404, `Service account ${id} does not exist.`);
  return { type: ACCOUNT, key: email, missing };
}

/** What of a key Google says: all but the private key at any time. */
const OF_KEY = ["name", "privateKey", "publicKey", "validAfter", "validBefore"];

/** A key pair and what Google writes about it: JSON in base64, as `gcloud iam service-accounts keys create` writes it into a file. */
function drawKey(inputs: ValueMap): ValueMap {
  const email = text(inputs, "serviceAccountId").split("/").at(-1) as string;
  const project = (email.split("@")[1] as string).replace(".iam.gserviceaccount.com", "");
  const id = randomBytes(20).toString("hex");
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: inputs.keyAlgorithm === "KEY_ALG_RSA_1024" ? 1024 : 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const file = {
    type: "service_account",
    project_id: project,
    private_key_id: id,
    private_key: privateKey,
    client_email: email,
    client_id: uniqueId(email),
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: "https://oauth2.googleapis.com/token",
    universe_domain: "googleapis.com",
  };
  return {
    name: `projects/${project}/serviceAccounts/${email}/keys/${id}`,
    privateKey: Buffer.from(`${JSON.stringify(file, null, 2)}\n`).toString("base64"),
    publicKey: Buffer.from(publicKey).toString("base64"),
    validAfter: "2026-01-01T00:00:00Z",
    // What Google says of keys that do not expire.
    validBefore: "9999-12-31T23:59:59Z",
  };
}

/** Twenty-one digits that stand for an account, as Google draws them. */
function uniqueId(email: string): string {
  return `1${BigInt(`0x${drawn(email)}`)
    .toString()
    .padStart(20, "0")
    .slice(0, 20)}`;
}

export const SERVICE_ACCOUNTS: Readonly<Record<string, ResourceType>> = {
  [ACCOUNT]: {
    inputs: z.strictObject({
      // Provider: ValidateRFC1035Name(6, 30).
      accountId: z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "is not the id of a service account"),
      // REST reference, `ServiceAccount`: "UTF-8 bytes".
      displayName: bytes(100).optional(),
      description: bytes(256).optional(),
      disabled: z.boolean().optional(),
      project: projectId.optional(),
      createIgnoreAlreadyExists: z
        .literal(false, "takes somebody else's account over, and deletes it with the stack")
        .optional(),
    }),
    key: emailIn,
    id: nameIn,
    unique: "cloud",
    duplicate: googleError(409, "Service account %s already exists"),
    references: (inputs, place) => [projectReference(projectOf(inputs, place))],
    // Google would delete it and leave `deleted:serviceAccount:...` in the policies; no stack of Pergola's may.
    inUse: ({ email }, all) => {
      const named = membersNaming(String(email), all);
      return named.length === 0 ? undefined : `is still a member: ${named.join(", ")}`;
    },
    takesAlong: ({ name }, other) => isBelow(String(name), [ACCOUNT_MEMBER, KEY], other),
    replaces: ["accountId", "project"],
    computes: (inputs, place) => {
      const email = emailIn(inputs, place);
      return {
        project: projectOf(inputs, place),
        email,
        name: nameIn(inputs, place),
        member: `serviceAccount:${email}`,
        uniqueId: uniqueId(email),
      };
    },
  },
  [KEY]: {
    inputs: z.strictObject({
      serviceAccountId: z.union([accountName, accountEmail]),
      keepers: z.record(z.string(), z.string()).optional(),
      keyAlgorithm: z.enum(["KEY_ALG_RSA_1024", "KEY_ALG_RSA_2048"]),
      privateKeyType: z.literal("TYPE_GOOGLE_CREDENTIALS_FILE", "is not JSON"),
      publicKeyType: z.enum(["TYPE_NONE", "TYPE_X509_PEM_FILE", "TYPE_RAW_PUBLIC_KEY"]),
    }),
    defaults: {
      keyAlgorithm: "KEY_ALG_RSA_2048",
      privateKeyType: "TYPE_GOOGLE_CREDENTIALS_FILE",
      publicKeyType: "TYPE_X509_PEM_FILE",
    },
    draws: drawKey,
    key: (inputs) => text(inputs, "name"),
    unique: "cloud",
    duplicate: "",
    references: (inputs) => [accountReference(text(inputs, "serviceAccountId"))],
    refuses: (inputs, all) => {
      const [account] = text(inputs, "name").split("/keys/") as [string];
      const keys = all.filter(({ type, id }) => type === KEY && id.startsWith(`${account}/keys/`));
      return keys.length < MOST_KEYS ? undefined : googleError(400, "Precondition check failed.");
    },
    replaces: ["serviceAccountId", "keepers", "keyAlgorithm", "privateKeyType", "publicKeyType"],
    computes: (inputs, _, previous) =>
      Object.fromEntries(OF_KEY.map((name) => [name, (previous ?? inputs)[name] ?? inputs[name]])),
    once: ["privateKey"],
  },
  [ACCOUNT_MEMBER]: iamMember({
    parent: { serviceAccountId: accountName },
    resource: (inputs) => text(inputs, "serviceAccountId"),
    reference: (inputs) => accountReference(text(inputs, "serviceAccountId")),
    roles: ["roles/iam.workloadIdentityUser", "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser"],
    tooMuch: { "roles/iam.serviceAccountKeyAdmin": "lets the member make keys" },
  }),
  "gcp:serviceaccount/iAMBinding:IAMBinding": authoritative("a role on the service account"),
  "gcp:serviceaccount/iAMPolicy:IAMPolicy": authoritative("the service account's whole policy"),
};

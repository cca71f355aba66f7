/** Keys of Cloud KMS, and who may use them (Artifact Registry, "Enabling customer-managed encryption keys"). */
import { z } from "zod";
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import type { ResourceType, Stored } from "../resourceType.ts";
import { text } from "../values.ts";
import { accountEmail, googleError, kmsKey, projectNumber } from "./values.ts";

export const CRYPTO_KEY = "gcp:kms/cryptoKey:CryptoKey";

/** Service agent of Artifact Registry in a project (IAM, "Service agents"): it encrypts, and not who makes a repository. */
export function registryAgent(project: string): string {
  return `service-${projectNumber(project)}@gcp-sa-artifactregistry.iam.gserviceaccount.com`;
}

/** A repository's key is there and its service agent may use it; the words are Google's (terraform-provider-google, issue 13008). */
export function keyProblem(inputs: ValueMap, project: string, all: readonly Stored[]): string | undefined {
  const { kmsKeyName: name } = inputs;
  if (name === undefined) return undefined;
  const key = all.find(({ type, id }) => type === CRYPTO_KEY && id === name);
  const users = (key?.properties.users ?? []) as string[];
  return users.includes(registryAgent(project))
    ? undefined
    : "Error waiting for Creating Repository: Error code 7, message: Permission denied on Cloud KMS key. Please ensure your " +
        "Artifact Registry service account has been authorized to use the configured key.";
}

export const KEYS: Readonly<Record<string, ResourceType>> = {
  // Not Pergola's to make: tests put one there, with who may encrypt and decrypt by it.
  [CRYPTO_KEY]: {
    inputs: z.strictObject({ name: kmsKey, users: z.array(accountEmail) }),
    key: (inputs) => text(inputs, "name"),
    unique: "cloud",
    duplicate: googleError(409, "CryptoKey %s already exists."),
    replaces: ["name"],
    computes: () => ({}),
  },
};

/** Adds a Secret to the pull secrets of a service account, or removes it, whoever else changes the account at the same time. */
import { PergolaError } from "../errors.ts";
import { KubeStatusError } from "./kube/errors.ts";
import type { Kube } from "./kube/kube.ts";
import type { ServiceAccount } from "./kube/objects.ts";
import { pullSecretPatch } from "./pullSecretList.ts";

/** Types of Secrets that the kubelet pulls by (Kubernetes, "Secrets", docker config Secrets). */
const TYPES = ["kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"];

/** Every lost round is one that somebody else won. */
const ROUNDS = 50;

export interface Attachment {
  readonly namespace: string;
  readonly account: string;
  readonly secret: string;
  readonly wanted: "attached" | "detached";
}

/** What became of it. */
export interface Attached {
  /** false when it was so already */
  readonly changed: boolean;
  /** the account's pull secrets, in their order */
  readonly imagePullSecrets: readonly string[];
}

/**
 * @throws PergolaError usage (no such account, or no Secret to pull by), secret-missing, forbidden, builder-not-ready,
 *   cluster-unreachable
 */
export async function attachPullSecret(kube: Kube, place: Attachment): Promise<Attached> {
  const { namespace, account: name, secret, wanted } = place;
  if (wanted === "attached") await checkSecret(kube, place);
  let account = await read(kube, place);
  for (let round = 1; ; round++) {
    const patch = pullSecretPatch(account, secret, wanted);
    if (patch === null) return { changed: false, imagePullSecrets: namesOf(account) };
    try {
      const patched = await kube.patch<ServiceAccount>("ServiceAccount", namespace, name, patch);
      return { changed: true, imagePullSecrets: namesOf(patched) };
    } catch (error) {
      if (!isRefused(error) || round === ROUNDS) throw error;
      const before = account.metadata.resourceVersion;
      account = await read(kube, place);
      // Refused although nobody changed it: another round would not help.
      if (account.metadata.resourceVersion === before) throw error;
    }
  }
}

/** A `test` that fails is a 422, without a word that tells it from others; a change in the same moment is a 409. */
function isRefused(error: unknown): boolean {
  return error instanceof KubeStatusError && (error.status === 422 || error.status === 409);
}

async function read(kube: Kube, { namespace, account, wanted }: Attachment): Promise<ServiceAccount> {
  const found = await kube.get("ServiceAccount", namespace, account);
  if (found !== null) return found;
  throw new PergolaError({
    code: "usage",
    message: `There is no service account ${account} in namespace ${namespace} (context ${kube.context}).`,
    hint:
      wanted === "detached"
        ? "Choose the namespace with --namespace, the account with --account."
        : `Choose the namespace with --namespace, the account with --account, or make it: kubectl create serviceaccount ${account} --namespace ${namespace}`,
  });
}

async function checkSecret(kube: Kube, { namespace, secret }: Attachment): Promise<void> {
  const found = await kube.get("Secret", namespace, secret);
  if (found === null) {
    throw new PergolaError({
      code: "secret-missing",
      message: `There is no Secret ${secret} in namespace ${namespace} (context ${kube.context}): pods would pull without it.`,
      hint: "List the namespace under pergola:cluster.pullSecrets in the stack file and run pulumi up, or name another with --secret.",
    });
  }
  if (TYPES.includes(found.type ?? "")) return;
  throw new PergolaError({
    code: "usage",
    message: `The Secret ${secret} in namespace ${namespace} is of type ${found.type ?? "Opaque"}, which nobody pulls by.`,
    hint: `Name one of type ${TYPES[0]} with --secret.`,
  });
}

function namesOf({ imagePullSecrets = [] }: ServiceAccount): string[] {
  return imagePullSecrets.flatMap(({ name }) => name ?? []);
}

/**
 * A namespace that was made after `up` and matches a pattern: sees to it that builders find there what they need. What is as
 * it should be is only read, and all reads are made at once.
 */
import { BUILDER_SERVICE_ACCOUNT, ENFORCE_LABEL, podSecurityAllows, SETUP_KEY } from "../../infra/setupNames.ts";
import { PergolaError } from "../errors.ts";
import { MADE_HERE, REMOVABLE } from "../plan/freshNamespace.ts";
import type { FreshNamespacePlan, Manifest } from "../plan/plan.ts";
import { SPEC_HASH } from "../plan/specHash.ts";
import type { BuildEvent } from "../report/events.ts";
import type { Kube } from "./kube/kube.ts";
import type { ConfigMap, KubeObject, Secret } from "./kube/objects.ts";

interface Io {
  readonly kube: Kube;
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
}

const SECRET_TYPE = "kubernetes.io/dockerconfigjson";
const SECRET_KEY = ".dockerconfigjson";

/** What is in the cluster: null is what is not there, an error what this identity may not read. */
interface Found {
  readonly namespace: KubeObject | PergolaError | null;
  readonly record: ConfigMap | null;
  readonly account: KubeObject | null;
  /** the Secret to copy */
  readonly original: Secret | PergolaError | null;
  readonly copy: Secret | null;
}

/**
 * Makes or updates the objects of a fresh namespace. By server-side apply, so that two first builds at once both succeed.
 *
 * The first time everything has to succeed. Later an identity that may build but not change these objects (the CI role)
 * builds with what is there, and is warned when the environment wants something else by now.
 * @throws PergolaError namespace-not-provisioned (missing, another environment's, or too strict for builders), forbidden
 *   (naming verb, resource and namespace), setup-invalid (no pull secret to copy), and what applying says
 */
export async function ensureFreshNamespace(namespace: string, plan: FreshNamespacePlan, io: Io): Promise<void> {
  try {
    await ensure(namespace, plan, io);
  } catch (error) {
    if (!(error instanceof PergolaError)) throw error;
    if (isMissingNamespace(error)) throw missing(namespace, io.kube.context);
    if (error.data.code !== "forbidden") throw error;
    const also = plan.pullSecret
      ? `, beside reading the secret ${plan.pullSecret.name} in ${plan.pullSecret.from}`
      : "";
    const hint = `The first build in a namespace makes what later ones need. Kubernetes' role admin in it is enough for that${also}. ${error.data.hint ?? ""}`;
    throw new PergolaError({ ...error.data, hint: hint.trim() }, { cause: error });
  }
}

async function ensure(namespace: string, plan: FreshNamespacePlan, io: Io): Promise<void> {
  const { kube, signal, emit } = io;
  const found = await read(namespace, plan, io);
  if (found.namespace === null) throw missing(namespace, kube.context);
  refuseOtherEnvironment(namespace, plan, found.record);
  refusePodSecurity(namespace, plan, found.namespace);
  // `up` itself keeps this namespace by now, and the BuildSetup at hand is from before.
  if (found.record !== null && hashOf(found.record) === undefined) return;

  const secret = secretToApply(namespace, plan, found, emit);
  const incomplete = [found.record, found.account, ...(plan.pullSecret ? [found.copy] : [])].includes(null);
  const differs = incomplete || hashOf(found.record) !== hashOf(plan.record);
  const manifests = [...(secret ? [secret] : []), ...(differs ? plan.manifests : [])];
  if (manifests.length === 0) return await refreshCopy(plan, found.record, io);
  const what = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", ");
  emit({ type: "status", text: `${incomplete ? "making" : "updating"} in namespace ${namespace}: ${what}` });
  try {
    for (const manifest of manifests) await kube.apply(manifest, signal);
    await removeUnwanted(namespace, plan, found.record, kube);
    // Last, as it says that all of this is there.
    await kube.apply(plan.record, signal);
  } catch (error) {
    if (incomplete || !isForbidden(error)) throw error;
    const text = `namespace ${namespace} is as the environment once wanted it, and cannot be updated: ${error.message}`;
    emit({ type: "warning", text });
  }
}

async function read(namespace: string, plan: FreshNamespacePlan, { kube, signal }: Io): Promise<Found> {
  const { pullSecret, record } = plan;
  const [itself, copied, account, original, copy] = await Promise.all([
    kube.get("Namespace", undefined, namespace, signal).catch(orDenial),
    kube.get("ConfigMap", namespace, record.metadata.name, signal),
    kube.get("ServiceAccount", namespace, BUILDER_SERVICE_ACCOUNT, signal),
    pullSecret && kube.get("Secret", pullSecret.from, pullSecret.name, signal).catch(orDenial),
    pullSecret && kube.get("Secret", namespace, pullSecret.name, signal),
  ]);
  return { namespace: itself, record: copied, account, original, copy };
}

function refuseOtherEnvironment(namespace: string, plan: FreshNamespacePlan, record: ConfigMap | null): void {
  if (record === null) return;
  const owner = environmentOf(record);
  if (owner === plan.environment) return;
  throw new PergolaError({
    code: "namespace-not-provisioned",
    message: `Namespace ${namespace} belongs to ${owner === null ? "no environment that can be read" : `the environment ${owner}`} (ConfigMap ${record.metadata.name}), not to ${plan.environment}.`,
    hint: `Choose another namespace, or delete that ConfigMap if ${plan.environment} shall have it.`,
  });
}

/** Environment of the BuildSetup that a ConfigMap carries; null when it cannot be told. */
function environmentOf(record: ConfigMap): string | null {
  try {
    const { environment } = JSON.parse(record.data?.[SETUP_KEY] ?? "");
    return typeof environment === "string" ? environment : null;
  } catch {
    return null;
  }
}

/** Before a pod is refused, or a Deployment waits for one that never comes. */
function refusePodSecurity(namespace: string, plan: FreshNamespacePlan, found: KubeObject | PergolaError): void {
  if (found instanceof PergolaError) return;
  const level = found.metadata.labels?.[ENFORCE_LABEL] ?? null;
  if (podSecurityAllows(level, plan.podSecurity)) return;
  throw new PergolaError({
    code: "namespace-not-provisioned",
    message: `Namespace ${namespace} has the label ${ENFORCE_LABEL}=${level}, but the builders of this mode need ${plan.podSecurity}.`,
    hint: `Choose another namespace or --mode, or lift it for everything in there: kubectl label namespace ${namespace} --overwrite ${ENFORCE_LABEL}=${plan.podSecurity}`,
  });
}

/**
 * The copy of the pull secret, when there is none or another one. What may not be read any more stays as it was copied, and
 * so does what is gone, with a warning.
 */
function secretToApply(
  namespace: string,
  { pullSecret }: FreshNamespacePlan,
  found: Found,
  emit: Io["emit"],
): Manifest | null {
  if (pullSecret === null) return null;
  const { original, copy } = found;
  if (original instanceof PergolaError) {
    if (copy === null) throw original;
    return null;
  }
  const { name, from } = pullSecret;
  if (original === null && copy !== null) {
    const text = `the secret ${name} in namespace ${from} is not there any more; builds in ${namespace} go on with its copy. pulumi up writes it anew.`;
    emit({ type: "warning", text });
    return null;
  }
  const config = original?.type === SECRET_TYPE ? original.data?.[SECRET_KEY] : undefined;
  if (config === undefined) {
    throw new PergolaError({
      code: "setup-invalid",
      message: `Builders in namespace ${namespace} need a copy of the secret ${name} in namespace ${from}, ${original === null ? "which is not there" : `which is no docker config (type ${original.type})`}.`,
      hint: "Run pulumi up: it writes the secret anew.",
    });
  }
  if (copy?.type === SECRET_TYPE && copy.data?.[SECRET_KEY] === config) return null;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    type: SECRET_TYPE,
    data: { [SECRET_KEY]: config },
  };
}

/** Keeps the copied BuildSetup current for those who cannot read the original; whoever may not write it can read that. */
async function refreshCopy(plan: FreshNamespacePlan, record: ConfigMap | null, { kube, signal }: Io): Promise<void> {
  const { data } = plan.record as unknown as ConfigMap;
  if (record?.data?.[SETUP_KEY] === data?.[SETUP_KEY]) return;
  await kube.apply(plan.record, signal).catch(orDenial);
}

/** Deletes what an earlier state of the environment had made here and this one does not want. */
async function removeUnwanted(
  namespace: string,
  plan: FreshNamespacePlan,
  record: ConfigMap | null,
  kube: Kube,
): Promise<void> {
  const madeBy = (metadata: KubeObject["metadata"] | Manifest["metadata"] | undefined): string[] =>
    metadata?.annotations?.[MADE_HERE]?.split(",") ?? [];
  const wanted = madeBy(plan.record.metadata);
  for (const made of madeBy(record?.metadata).filter((one) => !wanted.includes(one))) {
    const [kind, name = ""] = made.split("/");
    const removable = REMOVABLE.find((one) => one === kind);
    if (removable && name !== "") await kube.delete(removable, namespace, name);
  }
}

function hashOf(record: Pick<Manifest, "metadata"> | ConfigMap | null): string | undefined {
  return record?.metadata.annotations?.[SPEC_HASH];
}

function missing(namespace: string, context: string): PergolaError {
  return new PergolaError({
    code: "namespace-not-provisioned",
    message: `There is no namespace ${namespace} in the cluster of context ${context}; its name matches, so it could build.`,
    hint: `Make it: kubectl create namespace ${namespace} --context ${context}`,
  });
}

/** An apply in a namespace that does not exist, of which a read could tell nothing. */
function isMissingNamespace(error: PergolaError): boolean {
  return error.data.code === "namespace-not-provisioned" && "status" in error && error.status === 404;
}

function isForbidden(error: unknown): error is PergolaError {
  return error instanceof PergolaError && error.data.code === "forbidden";
}

function orDenial(error: unknown): PergolaError {
  if (isForbidden(error)) return error;
  throw error;
}

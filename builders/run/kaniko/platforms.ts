/** Carries out a kaniko plan for several platforms: all parts at once, and then, when all are there, the index over them. */
import { createHash } from "node:crypto";
import { Duplex } from "node:stream";
import { GOOGLE_HELPER } from "../../../infra/setupNames.ts";
import { type ErrorData, PergolaError } from "../../errors.ts";
import { UNTIL_SOMEBODY } from "../../plan/kanikoScript.ts";
import type { KanikoIndexPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import type { Outcome } from "../../report/result.ts";
import type { Kube } from "../kube/kube.ts";
import type { Pod } from "../kube/objects.ts";
import { PodWatch } from "../pods/podWatch.ts";
import { waitUntilRunning } from "../pods/waiting.ts";
import { registryError } from "../registryErrors.ts";
import { isTagTaken, keptDigest } from "../takenTag.ts";
import { type ExecutorIo, removePod, runKaniko } from "./build.ts";
import { type IndexPart, imageIndex } from "./imageIndex.ts";
import { PodRegistry, type PodWays, type RegistryAnswer } from "./podRegistry.ts";
import { helperLogin, type LoginSource, loginSource } from "./registryLogin.ts";

/** What kaniko pushes. */
const INDICES = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";
const IMAGES = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/** Builds and pushes all platforms, then the index. The first part that fails ends the others. @throws PergolaError */
export async function runPlatforms(plan: KanikoIndexPlan, io: ExecutorIo): Promise<Outcome> {
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const failures: unknown[] = [];
  const sent = new Map<string, number>();
  const built = await Promise.all(
    plan.parts.map(async (part) => {
      const platform = part.platforms[0] ?? "";
      try {
        return { platform, outcome: await runKaniko(part, { ...io, signal, emit: eventsOf(platform, sent, io.emit) }) };
      } catch (error) {
        failures.push(of(platform, error));
        stop.abort();
        return null;
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  const parts = built.filter((one) => one !== null);
  const digest = await join(plan, parts, io);
  for (const reference of plan.references) io.emit({ type: "pushed", reference, digest });
  const outcomes = parts.map(({ outcome }) => outcome);
  const sum = (count: (outcome: Outcome) => number): number => outcomes.reduce((all, one) => all + count(one), 0);
  const known = outcomes.every(({ cachedSteps }) => cachedSteps !== null);
  return {
    digest,
    steps: sum(({ steps }) => steps),
    cachedSteps: known ? sum(({ cachedSteps }) => cachedSteps ?? 0) : null,
    firstUncachedStep: outcomes.find((one) => one.firstUncachedStep !== null)?.firstUncachedStep ?? null,
    bytesSent: sum(({ bytesSent }) => bytesSent),
    loaded: null,
    warnings: parts.flatMap(({ platform, outcome }) => outcome.warnings.map((text) => `${platform}: ${text}`)),
  };
}

/** Records of one part among those of the others: what it pushed is no image of its own, what it was `sent` is part of all. */
function eventsOf(
  platform: string,
  sent: Map<string, number>,
  emit: (event: BuildEvent) => void,
): (event: BuildEvent) => void {
  return (event) => {
    const name = (text: string): string => `${platform}: ${text}`;
    if (event.type === "step") emit({ ...event, id: name(event.id), name: name(event.name) });
    else if (event.type === "log") emit({ ...event, step: event.step === null ? null : name(event.step) });
    else if (event.type === "status" || event.type === "warning") emit({ ...event, text: name(event.text) });
    else if (event.type === "context") {
      sent.set(platform, event.bytes);
      emit({ type: "context", bytes: [...sent.values()].reduce((all, bytes) => all + bytes, 0), total: null });
    } else if (event.type !== "pushed") emit(event);
  };
}

function of(platform: string, error: unknown): unknown {
  if (!(error instanceof PergolaError) || error.data.code === "interrupted") return error;
  return new PergolaError({ ...error.data, message: `${platform}: ${error.data.message}` }, { cause: error });
}

/** Writes the index through a pod of its own, under each tag. */
async function join(
  plan: KanikoIndexPlan,
  parts: readonly { readonly platform: string; readonly outcome: Outcome }[],
  io: ExecutorIo,
): Promise<string> {
  const { kube, signal } = io;
  const { namespace, join: how } = plan;
  const { name } = how.pod.metadata;
  const pods = new PodWatch(kube, { namespace, fieldSelector: `metadata.name=${name}` });
  let created = false;
  try {
    await kube.create<Pod>(how.pod, signal);
    created = true;
    const find = () => pods.pods.get(name) ?? null;
    await waitUntilRunning({ ...io, namespace, pods, find, container: how.container });
    const [host = "", repository = ""] = splitReference(plan.references[0] ?? "");
    const place = { host, repository, insecure: how.insecure, caBundle: how.caBundle };
    const registry = new PodRegistry(place, waysOf(kube, plan, signal));
    const found: IndexPart[] = [];
    for (const { platform, outcome } of parts) {
      const answer = await ask(plan, host, () =>
        registry.manifest(outcome.digest, { method: "GET", headers: { accept: IMAGES } }),
      );
      if (digestOf(answer.body) !== outcome.digest) {
        const message = `${host} holds something else under ${repository}@${outcome.digest} than was pushed there.`;
        throw new PergolaError({ code: "build-failed", message: `${platform}: ${message}` });
      }
      const mediaType = (answer.headers["content-type"] ?? "").split(";")[0] as string;
      found.push({ mediaType, digest: outcome.digest, size: answer.body.length, platform });
    }
    const { mediaType, text } = imageIndex(found, how.annotations);
    const built = digestOf(text);
    for (const reference of plan.references) {
      const tag = splitReference(reference)[2] ?? "";
      const headers = { "content-type": mediaType };
      const put = () => registry.manifest(tag, { method: "PUT", headers, body: text });
      const answer = await ask(plan, host, put, ({ body }) => isTagTaken(body.toString("utf8")));
      if (answer.status < 300) continue;
      const lookUp = async () => {
        const held = await registry.manifest(tag, { method: "GET", headers: { accept: `${INDICES}, ${IMAGES}` } });
        return held.status === 200 ? digestOf(held.body) : null;
      };
      const refusal = `${reference}: ${answer.body.toString("utf8")}`;
      return await keptDigest({ plan, text: refusal, built, lookUp, incomplete: false, emit: io.emit });
    }
    return built;
  } finally {
    await removePod({ pod: how.pod, namespace, deadlineSeconds: how.deadlineSeconds }, pods, created, io);
    await pods.stop();
  }
}

function digestOf(content: Buffer | string): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** host, path and tag of a reference */
function splitReference(reference: string): string[] {
  return /^([^/]+)\/(.+):([^:/]+)$/.exec(reference)?.slice(1) ?? [];
}

/**
 * The answer, when it is good.
 * @param isExpected whether another answer is none the worse
 * @throws PergolaError for any other, and for none
 */
async function ask(
  plan: KanikoIndexPlan,
  host: string,
  send: () => Promise<RegistryAnswer>,
  isExpected: (answer: RegistryAnswer) => boolean = () => false,
): Promise<RegistryAnswer> {
  const reference = plan.references[0] ?? plan.name;
  const refused = (why: string, otherwise: ErrorData, cause?: unknown): PergolaError => {
    const credentials = `The index over the platforms is written with the login of service account ${plan.serviceAccount} in namespace ${plan.namespace}.`;
    const known = registryError({ action: "push", host, reference, why, ownHost: host, at: "", credentials });
    return new PergolaError(known ?? otherwise, { cause });
  };
  let answer: RegistryAnswer;
  try {
    answer = await send();
  } catch (error) {
    if (error instanceof PergolaError) throw error;
    const why = (error as Error).message;
    const message = `The registry ${host} did not answer pod ${plan.join.pod.metadata.name}, which joins the platforms of ${reference}: ${why}`;
    throw refused(why, { code: "registry-unreachable", message }, error);
  }
  if ((answer.status >= 200 && answer.status < 300) || isExpected(answer)) return answer;
  const why = `status code ${answer.status}: ${answer.body.toString("utf8").slice(0, 500)}`;
  throw refused(why, { code: "build-failed", message: `The index ${reference} cannot be pushed: ${why}` });
}

/** The joining pod's network and logins. */
function waysOf(kube: Kube, plan: KanikoIndexPlan, signal: AbortSignal): PodWays {
  const { namespace, join: how } = plan;
  const target = { namespace, pod: how.pod.metadata.name, container: how.container };
  return {
    async dial(host, port) {
      const exec = await kube.exec({ ...target, command: ["nc", host, String(port)] }, signal);
      const stream = Duplex.from({ readable: exec.stdout, writable: exec.stdin });
      // Its end is no half close: the command ends with the connection.
      stream.once("close", () => exec.close());
      const said = async (): Promise<string> => {
        const { message } = await exec.result;
        // That the connection is gone is no reason: whoever asks has ended it.
        return exec.stderr().trim() || (message.startsWith("the connection to the pod was lost") ? "" : message);
      };
      return { stream, said };
    },
    async login(host) {
      const file = `${how.dockerConfig}/config.json`;
      const config = await kube.run({ ...target, command: ["cat", file] }, "", signal);
      const source = sourceIn(config.exitCode === 0 ? config.stdout : null, host, plan);
      if (source.from === "nowhere") return null;
      if (source.from === "config") return source.login;
      const program = `docker-credential-${source.name}`;
      const waits = source.name === GOOGLE_HELPER && plan.parts.some(({ asksNode }) => asksNode);
      const command = waits ? ["sh", "-c", `${UNTIL_SOMEBODY}; exec ${program} get`] : [program, "get"];
      return helperLogin((await kube.run({ ...target, command }, source.server, signal)).stdout);
    },
  };
}

/** @throws PergolaError setup-invalid for a docker config that is none */
function sourceIn(config: string | null, host: string, { join, namespace }: KanikoIndexPlan): LoginSource {
  try {
    return loginSource(config, host);
  } catch (cause) {
    const message = `The docker config of the builders in namespace ${namespace} (${join.dockerConfig}/config.json) is not JSON.`;
    throw new PergolaError(
      { code: "setup-invalid", message, hint: "Run pulumi up, which writes its secret anew." },
      { cause },
    );
  }
}

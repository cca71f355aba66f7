import type { Value, ValueMap } from "../wire.ts";
import { at, isList, isMap, stringAt } from "../wire.ts";
import type { ClusterClient } from "./client.ts";
import { title } from "./kinds.ts";
import { condition } from "./readiness.ts";

/** How many reasons a failed wait lists at most: the first ones say what is wrong, the rest repeat it. */
const mostReasons = 6;

/**
 * Why an object does not become ready, as people would look for it: its conditions, its pods' scheduling and containers,
 * and the latest warnings about it. Best effort: what cannot be read is left out.
 */
export async function reasonsFor(client: ClusterClient, object: ValueMap): Promise<string[]> {
  const namespace = stringAt(object, "metadata", "namespace");
  const pods = await podsOf(client, object, namespace);
  const subjects = [object, ...(await replicaSetsOf(client, object, namespace)), ...pods];
  const warnings = await Promise.all(subjects.slice(0, 4).map((subject) => warningsAbout(client, subject)));
  const reasons = [...conditionReasons(object), ...pods.flatMap(podReasons), ...warnings.flat()];
  return [...new Set(reasons)].slice(0, mostReasons);
}

/** What a pod's scheduling, containers and init containers say; empty when all is well. */
export function podReasons(pod: ValueMap): string[] {
  const what = title({ kind: "Pod", ...pod });
  const scheduled = condition(pod, "PodScheduled");
  const reasons = scheduled?.status === "False" ? [`${what}: ${scheduled.message ?? scheduled.reason}`] : [];
  for (const list of ["initContainerStatuses", "containerStatuses"]) {
    const statuses = at(pod, "status", list);
    for (const status of isList(statuses) ? statuses : []) {
      const said = containerReason(status);
      if (said !== undefined) reasons.push(`${what}: container ${stringAt(status, "name")}: ${said}`);
    }
  }
  return reasons;
}

function containerReason(status: Value): string | undefined {
  const waiting = at(status, "state", "waiting");
  const ended = at(status, "state", "terminated") ?? at(status, "lastState", "terminated");
  const exit =
    isMap(ended) && ended.exitCode !== 0
      ? `exited with ${ended.exitCode}${colon(ended.message ?? ended.reason)}`
      : undefined;
  if (isMap(waiting) && waiting.reason !== "ContainerCreating" && waiting.reason !== "PodInitializing") {
    return [`${waiting.reason}${colon(waiting.message)}`, exit].filter((part) => part !== undefined).join("; ");
  }
  return exit;
}

function conditionReasons(object: ValueMap): string[] {
  const conditions = at(object, "status", "conditions");
  return (isList(conditions) ? conditions : []).flatMap((item) => {
    if (!isMap(item) || typeof item.message !== "string" || item.message === "") return [];
    const bad =
      item.type === "ReplicaFailure" || item.type === "Failed" ? item.status === "True" : item.status === "False";
    return bad ? [`${title(object)}: ${item.message}`] : [];
  });
}

async function podsOf(client: ClusterClient, object: ValueMap, namespace: string | undefined): Promise<ValueMap[]> {
  if (object.kind === "Pod") return [object];
  const selector =
    object.kind === "Service" ? at(object, "spec", "selector") : at(object, "spec", "selector", "matchLabels");
  if (!isMap(selector) || Object.keys(selector).length === 0) return [];
  return quietly(() => client.list({ apiVersion: "v1", kind: "Pod" }, namespace, { labelSelector: labels(selector) }));
}

async function replicaSetsOf(
  client: ClusterClient,
  object: ValueMap,
  namespace: string | undefined,
): Promise<ValueMap[]> {
  const selector = at(object, "spec", "selector", "matchLabels");
  if (object.kind !== "Deployment" || !isMap(selector)) return [];
  const type = { apiVersion: "apps/v1", kind: "ReplicaSet" };
  const found = await quietly(() => client.list(type, namespace, { labelSelector: labels(selector) }));
  return found.map((item) => ({ ...type, ...item }));
}

async function warningsAbout(client: ClusterClient, object: ValueMap): Promise<string[]> {
  const fieldSelector = `involvedObject.uid=${stringAt(object, "metadata", "uid")},type=Warning`;
  const namespace = stringAt(object, "metadata", "namespace");
  const events = await quietly(() =>
    client.list({ apiVersion: "v1", kind: "Event" }, namespace, { fieldSelector, limit: "20" }),
  );
  return events
    .slice(-2)
    .map((event) => `${title({ kind: "Pod", ...object })}: ${stringAt(event, "reason")}${colon(event.message)}`);
}

function labels(selector: ValueMap): string {
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

function colon(text: Value | undefined): string {
  return typeof text === "string" && text.trim() !== "" ? `: ${text.trim()}` : "";
}

async function quietly(list: () => Promise<ValueMap[]>): Promise<ValueMap[]> {
  try {
    return await list();
  } catch {
    return [];
  }
}

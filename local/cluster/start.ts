/** Starts the embedded cluster: from nothing to pods that are accepted. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalError } from "../errors.ts";
import { repositoryRoot } from "../paths.ts";
import type { Note, Progress } from "../progress.ts";
import { ApiClient } from "./apiClient.ts";
import { createCgroups } from "./cgroups.ts";
import { dnsObjects } from "./dns.ts";
import { startForwarder } from "./forwarders.ts";
import { dnsReady, memberReady, nodeReady, podsAccepted, problemsOf, waitUntil } from "./health.ts";
import { interruptible } from "./interruption.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { ADDRESSES, API_PORT, CLUSTER_NAME, divideMachine, MEMBERS, type Member, NODES, REGISTRY } from "./layout.ts";
import { readMachine } from "./machine.ts";
import { withMachineLock } from "./machineLock.ts";
import { controlPlanePlan, type Machine, type MemberPlan, nodePlan } from "./memberSpecifications.ts";
import { createLinkerCache, joinMembers, startMember } from "./members.ts";
import { findEnvironment, refuseForeign } from "./ownership.ts";
import { createPki } from "./pki.ts";
import { policyEnforcerObjects } from "./policyEnforcer.ts";
import { type EnvironmentRecord, type RunningMember, readRecord, writeRecord } from "./record.ts";
import { endProcesses } from "./removal.ts";
import { takeSnapshot } from "./snapshot.ts";
import { refuseReplacedFolder, type StateFolder, stateFolder } from "./stateFolder.ts";
import { type ClusterTools, clusterTools, type ToolchainForCluster } from "./tools.ts";

export interface StartArguments {
  readonly toolchain: ToolchainForCluster;
  /** state folder, as `stateDirectory()` gives it */
  readonly state: string;
  /** OCI archives to import: into both nodes, and into one */
  readonly images: {
    readonly all: readonly string[];
    readonly apps?: readonly string[];
    readonly builder?: readonly string[];
  };
  readonly progress: Pick<Progress, "phase">;
  /** whether to run the optional NetworkPolicy enforcer, which the toolchain then has to have; default false */
  readonly enforcePolicies?: boolean;
  /** default: the clone that this file is in */
  readonly clone?: string;
}

/** A cluster that runs. */
export interface Cluster {
  /** path of the kubeconfig, mode 0600 */
  readonly kubeconfig: string;
  readonly context: string;
  /** `127.0.0.1:PORT` that leads to the registry {@link registry} */
  readonly registryEndpoint: string;
  /** the registry's name for nodes and pods */
  readonly registry: string;
  /** true when it ran before and was found healthy: nothing was changed */
  readonly alreadyRunning: boolean;
  /** whether NetworkPolicies are enforced */
  readonly enforcesPolicies: boolean;
}

/**
 * Starts the cluster, or finds it running. Takes the machine's lock: another start of this clone is waited for, one of
 * another clone is an error. What is left of an environment that died is removed first, with its whole state folder.
 * When the start fails, or is interrupted by SIGINT or SIGTERM, everything that it made is removed before it throws;
 * after a failure the logs stay in `STATE/failed-start`.
 * @throws LocalError with the failing component's last lines and the name of its log
 */
export async function startCluster(given: StartArguments): Promise<Cluster> {
  const { progress, clone = repositoryRoot } = given;
  const state = stateFolder(given.state);
  const tools = clusterTools(given.toolchain, given.enforcePolicies ?? false);
  refuseReplacedFolder(tools.kubernetes, "the toolchain's program", "PERGOLA_CACHE");
  refuseReplacedFolder(state.root, "the state folder", "PERGOLA_STATE");
  return progress.phase("start the embedded cluster", (note) =>
    withMachineLock({ clone, pid: process.pid, action: "start" }, note, async () => {
      const machine = await readMachine(tools);
      const found = await findEnvironment(state, machine.hierarchies);
      if (found !== undefined) {
        refuseForeign(found, clone, "start");
        const running = found.record && (await runningCluster(found.state ?? state, found.record, tools, note));
        if (running !== undefined) return running;
        await endProcesses(machine.hierarchies, note);
        await rm((found.state ?? state).root, { recursive: true, force: true });
      }
      return interruptible((signal) => makeCluster(given, clone, state, machine, tools, signal, note));
    }),
  );
}

/** The cluster of a record when it is healthy, else undefined with a note that says what is wrong. */
async function runningCluster(state: StateFolder, record: EnvironmentRecord, tools: ClusterTools, note: Note) {
  if (record.phase !== "running" || record.endpoints === null) {
    note("the last start did not end: removing what it left");
    return undefined;
  }
  const pids = Object.fromEntries(Object.entries(record.members).map(([name, member]) => [name, member.pid]));
  const problems = await ApiClient.open(state, record.endpoints.api)
    .then((api) => problemsOf(api, pids).finally(() => api.close()))
    .catch((error: Error) => [error.message]);
  if (problems.length > 0) {
    note(`the cluster that was there is broken (${problems.join("; ")}): starting anew`);
    return undefined;
  }
  return describeCluster(state, record.endpoints.registry, true, tools);
}

async function makeCluster(
  given: StartArguments,
  clone: string,
  state: StateFolder,
  machine: Machine,
  tools: ClusterTools,
  signal: AbortSignal,
  note: Note,
): Promise<Cluster> {
  try {
    return await carryOut(given, clone, state, machine, tools, signal, note);
  } catch (error) {
    note(signal.aborted ? "interrupted: removing what was made" : "failed: removing what was made");
    await endProcesses(machine.hierarchies, note);
    throw await removeFiles(state, signal.aborted ? signal.reason : error, !signal.aborted);
  }
}

/** Removes the files of a start that did not work out, but keeps the logs of one that failed. */
async function removeFiles(state: StateFolder, error: unknown, keepLogs: boolean): Promise<unknown> {
  await rm(state.failedLogs, { recursive: true, force: true });
  for (const name of MEMBERS) {
    if (keepLogs) {
      await mkdir(state.failedLogs, { recursive: true, mode: 0o700 });
      await rename(state.member(name).logs, join(state.failedLogs, name)).catch(() => {});
    }
    await rm(state.member(name).root, { recursive: true, force: true });
  }
  const files = [
    state.record,
    state.pki,
    state.kubeconfig,
    state.networkDone,
    state.linkerCache,
    `${state.linkerCache}.conf`,
  ];
  for (const file of files) await rm(file, { recursive: true, force: true });
  if (!(error instanceof LocalError) || error.log === undefined) return error;
  const log = MEMBERS.reduce(
    (path, name) => path.replace(state.member(name).logs, join(state.failedLogs, name)),
    error.log,
  );
  return new LocalError(error.message, { log, exitCode: error.exitCode, cause: error.cause });
}

async function carryOut(
  given: StartArguments,
  clone: string,
  state: StateFolder,
  machine: Machine,
  tools: ClusterTools,
  signal: AbortSignal,
  note: Note,
): Promise<Cluster> {
  await mkdir(state.root, { recursive: true, mode: 0o700 });
  await rm(state.failedLogs, { recursive: true, force: true });
  const images = {
    apps: [...given.images.all, ...(given.images.apps ?? [])],
    builder: [...given.images.all, ...(given.images.builder ?? [])],
  };
  let record: EnvironmentRecord = {
    version: 1,
    phase: "starting",
    clone,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    programs: { ip: tools.ip, nft: tools.nft, ctr: tools.ctr },
    environment: tools.environment,
    before: await takeSnapshot(tools),
    members: {},
    endpoints: null,
    images,
  };
  await writeRecord(state, record);
  signal.throwIfAborted();

  note("namespaces, keys and certificates");
  await createCgroups(machine.hierarchies);
  await createLinkerCache(state, tools);
  const shares = divideMachine(machine.resources);
  const plans: Record<Member, MemberPlan> = {
    ctl: controlPlanePlan(state, tools),
    apps: nodePlan("apps", shares.apps, images.apps, machine, state, tools),
    builder: nodePlan("builder", shares.builder, images.builder, machine, state, tools),
  };
  const keys = createPki(state, tools);
  keys.catch(() => {}); // awaited below; a failure of the members must not hide behind it
  const members = {} as Record<Member, RunningMember>;
  for (const name of MEMBERS) members[name] = await startMember(name, plans[name], state, machine.hierarchies, tools);
  await joinMembers(members, state, tools);
  await keys;
  record = { ...record, members };
  await writeRecord(state, record);
  signal.throwIfAborted();

  note("waiting for the API server");
  const forward = (name: string, to: string) =>
    startForwarder({
      nodeInit: tools.nodeInit,
      hierarchies: machine.hierarchies,
      state,
      name,
      member: members.ctl.pid,
      to,
    });
  const endpoints = {
    api: await forward("api", `${ADDRESSES.ctl}:${API_PORT}`),
    registry: await forward("registry", REGISTRY),
  };
  const api = await ApiClient.open(state, endpoints.api);
  try {
    const wait = (name: Member) => waitUntil(name, memberReady(name, members[name].pid, state), signal);
    await wait("ctl");
    note("waiting for the nodes");
    await Promise.all([wait("apps"), wait("builder")]);
    const cluster = [...dnsObjects(), ...(tools.networkPolicies === undefined ? [] : policyEnforcerObjects())];
    for (const object of cluster) await api.apply(object);
    const conditions = [...NODES.map((name) => nodeReady(api, name)), podsAccepted(api), dnsReady(api)];
    await Promise.all(conditions.map((check) => waitUntil("the cluster is not ready", check, signal)));
  } finally {
    api.close();
  }
  await writeKubeconfig(state, endpoints);
  await writeRecord(state, { ...record, phase: "running", endpoints });
  return describeCluster(state, endpoints.registry, false, tools);
}

async function writeKubeconfig(state: StateFolder, endpoints: { api: string; registry: string }): Promise<void> {
  const pki = (file: string) => readFile(join(state.pki, file));
  const text = kubeconfigText({
    server: `https://${endpoints.api}`,
    authority: await pki("ca.crt"),
    certificate: await pki("admin.crt"),
    key: await pki("admin.key"),
    user: CLUSTER_NAME,
    registryEndpoints: { [REGISTRY]: endpoints.registry },
  });
  await writeFile(state.kubeconfig, text, { mode: 0o600 });
}

function describeCluster(
  state: StateFolder,
  registryEndpoint: string,
  alreadyRunning: boolean,
  tools: ClusterTools,
): Cluster {
  return {
    kubeconfig: state.kubeconfig,
    context: CLUSTER_NAME,
    registryEndpoint,
    registry: REGISTRY,
    alreadyRunning,
    enforcesPolicies: tools.networkPolicies !== undefined,
  };
}

/** What {@link clusterStatus} tells. */
export interface ClusterStatus {
  readonly running: boolean;
  /** what is wrong; empty when it runs and is healthy, or does not run at all */
  readonly problems: readonly string[];
  /** clone that it belongs to */
  readonly clone?: string;
  readonly startedAt?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly registryEndpoint?: string;
}

/** Looks at the cluster of a state folder without changing anything. */
export async function clusterStatus({ state }: { readonly state: string }): Promise<ClusterStatus> {
  const folder = stateFolder(state);
  const record = await readRecord(folder);
  if (record === undefined) return { running: false, problems: [] };
  const known = { clone: record.clone, startedAt: record.startedAt };
  if (record.endpoints === null) return { running: false, problems: ["its start did not end"], ...known };
  const pids = Object.fromEntries(Object.entries(record.members).map(([name, member]) => [name, member.pid]));
  const api = await ApiClient.open(folder, record.endpoints.api);
  const problems = await problemsOf(api, pids).finally(() => api.close());
  const { registry: registryEndpoint } = record.endpoints;
  return { running: true, problems, ...known, kubeconfig: folder.kubeconfig, context: CLUSTER_NAME, registryEndpoint };
}

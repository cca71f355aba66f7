/** Starts the embedded cluster: from nothing to pods that are accepted. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalError } from "../errors.ts";
import {
  makeStateDirectory,
  refuseReplacedFolder,
  refuseStrangeFolder,
  removeEmptyStateDirectory,
  removeStateDirectory,
  repositoryRoot,
} from "../paths.ts";
import type { Note, Progress } from "../progress.ts";
import { ApiClient } from "./apiClient.ts";
import { createCgroups } from "./cgroups.ts";
import { dnsObjects } from "./dns.ts";
import { startForwarder } from "./forwarders.ts";
import { dnsReady, isAlive, lastingProblems, memberReady, nodeReady, podsAccepted, waitUntil } from "./health.ts";
import { Interruption, interruptible } from "./interruption.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import {
  ADDRESSES,
  API_PORT,
  CLUSTER_NAME,
  divideMachine,
  MEMBERS,
  type Member,
  NODES,
  type NodeName,
  REGISTRY,
} from "./layout.ts";
import { readMachine, refuseUnfitMachine } from "./machine.ts";
import { withMachineLock } from "./machineLock.ts";
import { controlPlanePlan, type Machine, type MemberPlan, nodePlan } from "./memberSpecifications.ts";
import { createLinkerCache, importIntoRunning, joinMembers, startMember } from "./members.ts";
import { findEnvironment, refuseForeign, refuseOtherState } from "./ownership.ts";
import { createPki } from "./pki.ts";
import { policyEnforcerObjects } from "./policyEnforcer.ts";
import { type EnvironmentRecord, type RunningMember, writeRecord } from "./record.ts";
import { endProcesses } from "./removal.ts";
import { takeSnapshot } from "./snapshot.ts";
import { type StateFolder, stateFolder } from "./stateFolder.ts";
import { findProblems } from "./status.ts";
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
  readonly progress: Pick<Progress, "phase" | "say">;
  /** whether to run the optional NetworkPolicy enforcer; default: when the toolchain has it */
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
  const say: Note = (text) => progress.say(text);
  const state = stateFolder(given.state);
  const tools = clusterTools(given.toolchain, given.enforcePolicies ?? given.toolchain.has("network-policies"));
  const images = {
    apps: [...given.images.all, ...(given.images.apps ?? [])],
    builder: [...given.images.all, ...(given.images.builder ?? [])],
  };
  refuseReplacedFolder(tools.kubernetes, "the toolchain's program", "PERGOLA_CACHE");
  refuseReplacedFolder(state.root, "the state folder", "PERGOLA_STATE");
  refuseStrangeFolder(state.root);
  await refuseUnfitMachine();
  return progress.phase("start the embedded cluster", (note) =>
    withMachineLock({ clone, pid: process.pid, action: "start" }, say, async () => {
      const machine = await readMachine(tools);
      const found = await findEnvironment(state, machine.hierarchies);
      if (found !== undefined) {
        refuseForeign(found, clone, "start");
        refuseOtherState(found, state);
        const running = found.record && (await runningCluster(state, found.record, images, tools, { note, say }));
        if (running !== undefined) return running;
        await endProcesses(machine.hierarchies, note);
        await removeStateDirectory(state.root);
      }
      return interruptible((signal) => makeCluster({ clone, state, images, machine, tools, signal, note }));
    }),
  );
}

/** The cluster of a record when it is healthy, with the images that are new; else undefined after saying what is wrong. */
async function runningCluster(
  state: StateFolder,
  record: EnvironmentRecord,
  images: Record<NodeName, readonly string[]>,
  tools: ClusterTools,
  { note, say }: { readonly note: Note; readonly say: Note },
): Promise<Cluster | undefined> {
  const members = Object.values(record.members);
  const membersLive = async () =>
    record.phase === "running" && (await Promise.all(members.map(({ pid }) => isAlive(pid)))).every((alive) => alive);
  const problems = await lastingProblems(() => findProblems(state, record), membersLive, say);
  if (problems.length > 0 || record.endpoints === null) {
    say(`the cluster that was there is not usable (${problems.join("; ")}): removing it and starting anew`);
    return undefined;
  }
  for (const node of NODES) {
    const missing = images[node].filter((archive) => !record.images[node].includes(archive));
    const member = record.members[node];
    for (const archive of member === undefined ? [] : missing) {
      note(`importing ${archive} into ${node}`);
      await importIntoRunning(member!.pid, archive, tools);
    }
  }
  await writeRecord(state, { ...record, images });
  return describeCluster(state, record, true);
}

/** All that making a cluster depends on. */
interface Making {
  readonly clone: string;
  readonly state: StateFolder;
  readonly images: Record<NodeName, readonly string[]>;
  readonly machine: Machine;
  readonly tools: ClusterTools;
  readonly signal: AbortSignal;
  readonly note: Note;
}

async function makeCluster(making: Making): Promise<Cluster> {
  const { machine, state, signal, note } = making;
  try {
    return await carryOut(making);
  } catch (error) {
    note(signal.aborted ? "interrupted: removing what was made" : "failed: removing what was made");
    await endProcesses(machine.hierarchies, note);
    const reason = signal.aborted ? signal.reason : error;
    throw await removeFiles(state, reason instanceof Interruption ? reason.takenBack() : reason, !signal.aborted);
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
  removeEmptyStateDirectory(state.root); // other parts of the environment may have files in it
  if (!(error instanceof LocalError) || error.log === undefined) return error;
  const log = MEMBERS.reduce(
    (path, name) => path.replace(state.member(name).logs, join(state.failedLogs, name)),
    error.log,
  );
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new LocalError(error.message, { ...hint, log, exitCode: error.exitCode, cause: error.cause });
}

async function carryOut({ clone, state, images, machine, tools, signal, note }: Making): Promise<Cluster> {
  makeStateDirectory(state.root);
  await rm(state.failedLogs, { recursive: true, force: true });
  let record: EnvironmentRecord = {
    version: 1,
    phase: "starting",
    clone,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    programs: { ip: tools.ip, nft: tools.nft },
    environment: tools.environment,
    before: await takeSnapshot(tools),
    members: {},
    endpoints: null,
    enforcesPolicies: tools.networkPolicies !== undefined,
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
  const startMembers = async () => {
    const started = {} as Record<Member, RunningMember>;
    for (const name of MEMBERS) started[name] = await startMember(name, plans[name], state, machine.hierarchies, tools);
    await joinMembers(started, state, tools);
    return started;
  };
  // Both have ended, well or not, before anything else is done: a removal must not meet one that still writes.
  const [keys, started] = await Promise.allSettled([createPki(state, tools), startMembers()]);
  if (keys.status === "rejected") throw keys.reason;
  if (started.status === "rejected") throw started.reason;
  const members = started.value;
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
  record = { ...record, phase: "running", endpoints };
  await writeRecord(state, record);
  return describeCluster(state, record, false);
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

function describeCluster(state: StateFolder, record: EnvironmentRecord, alreadyRunning: boolean): Cluster {
  return {
    kubeconfig: state.kubeconfig,
    context: CLUSTER_NAME,
    registryEndpoint: record.endpoints!.registry,
    registry: REGISTRY,
    alreadyRunning,
    enforcesPolicies: record.enforcesPolicies,
  };
}

/** The graph of a program before the tables of the stand-in for Google Cloud. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { ValueMap } from "../../local/pulumi/wire.ts";
import { gcpStandin } from "../engine/standin/gcp/cloud.ts";
import { ACCOUNT, CLUSTER, PROJECT } from "../engine/standin/gcp/members.ts";
import { SERVICE } from "../engine/standin/gcp/projects.ts";
import { putThere } from "../engine/standin/given.ts";
import { StandinProvider } from "../engine/standin/provider.ts";
import type { Place } from "../engine/standin/resourceType.ts";
import { State } from "../engine/standin/state.ts";
import type { Registration } from "./monitor.ts";
import type { StackFileConfig } from "./program.ts";

const CLOUD = "pulumi:providers:gcp";
const placeIn = (project: unknown): Place => ({ account: String(project), region: "" });

/** A program's resources in Google Cloud, and what each waits for, also by way of others. */
class Graph {
  readonly ours: readonly Registration[];
  readonly #all: ReadonlyMap<string, Registration>;

  constructor(registrations: readonly Registration[]) {
    this.ours = registrations.filter(({ type, custom }) => custom && type.startsWith("gcp:"));
    this.#all = new Map(registrations.map((one) => [one.urn, one]));
  }

  /** URNs of ours that one waits for. */
  awaited(one: Registration, seen = new Set<string>()): Set<string> {
    for (const urn of one.dependencies.filter((each) => !seen.has(each))) {
      seen.add(urn);
      const other = this.#all.get(urn);
      if (other !== undefined) this.awaited(other, seen);
    }
    return seen;
  }

  /** Each as late as it may be: of those that wait for nothing any more, the last registered goes first. */
  worst(): Registration[] {
    const order: Registration[] = [];
    const left = [...this.ours];
    while (left.length > 0) {
      const index = left.findLastIndex((one) => !left.some(({ urn }) => this.awaited(one).has(urn)));
      if (index === -1) throw new Error(`wait for each other: ${left.map(({ name }) => name).join(", ")}`);
      order.push(...left.splice(index, 1));
    }
    return order;
  }

  /** The same for deletion: of those that nothing waits for any more, the first registered goes first. */
  worstAway(): Registration[] {
    const order: Registration[] = [];
    const left = [...this.ours];
    while (left.length > 0) {
      const index = left.findIndex(({ urn }) => !left.some((other) => this.awaited(other).has(urn)));
      order.push(...left.splice(index, 1));
    }
    return order;
  }
}

/** What a stack finds: its projects and cluster, the service accounts that it names as there, and what it takes over. */
function fill(state: State, config: StackFileConfig, registrations: readonly Registration[]): void {
  const put = (type: string, inputs: ValueMap, project: unknown) =>
    putThere(gcpStandin(), state, placeIn(project), type, inputs);
  const projects = registrations.filter(({ type }) => type === CLOUD).map(({ inputs }) => String(inputs.project));
  for (const projectId of new Set(projects)) put(PROJECT, { projectId }, projectId);
  const { gke, builderNodes } = config["pergola:cluster"] as { gke?: ValueMap; builderNodes: { kind: string }[] };
  if (gke !== undefined) {
    const pool = { workloadPool: `${gke.project}.svc.id.goog`, releaseChannel: "REGULAR" };
    const autopilot = builderNodes.some(({ kind }) => kind === "autopilot");
    put(CLUSTER, { ...gke, ...pool, ...(autopilot ? { autopilot } : {}) }, gke.project);
  }
  for (const [, id, project] of JSON.stringify(config).matchAll(/"existing":"([^"@]+)@([^".]+)\.iam/g)) {
    put(ACCOUNT, { accountId: id as string }, project);
  }
  for (const { type, inputs, importId } of registrations.filter((one) => one.importId !== "")) {
    put(SERVICE, { service: "artifactregistry.googleapis.com" }, inputs.project);
    expect(put(type, inputs as ValueMap, inputs.project)).toBe(importId);
  }
}

/**
 * What a program asks for is taken in the worst order that its dependencies allow, is no change after that, and can be taken
 * away in the worst order, too.
 */
export async function expectTaken(registrations: readonly Registration[], config: StackFileConfig): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pergola-order-"));
  try {
    const state = new State(folder);
    fill(state, config, registrations);
    const before = state.all().map(({ id }) => id);
    const graph = new Graph(registrations);
    const ids = new Map<string, string>();
    for (const one of graph.worst()) ids.set(one.urn, await make(providerOf(one, registrations, state), one));
    expect(ids.size).toBe(graph.ours.length);
    for (const one of graph.worstAway()) {
      await providerOf(one, registrations, state).delete(one.type, ids.get(one.urn)!);
    }
    const left = state.all().filter(({ id, properties }) => !before.includes(id) && properties.state !== "DELETED");
    expect(left.filter(({ type }) => type !== SERVICE)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The stand-in as the provider of a resource has it, which may act as whomever the stack file says. */
function providerOf({ provider }: Registration, all: readonly Registration[], state: State): StandinProvider {
  const settings = all.find(({ urn }) => provider.startsWith(`${urn}::`))!.inputs as ValueMap;
  const made = new StandinProvider(gcpStandin([String(settings.impersonateServiceAccount)]), state);
  made.configure(settings);
  return made;
}

/** Makes one, or takes it over. @returns its id @throws Error with its name and what Google says */
async function make(by: StandinProvider, { name, type, inputs: given, importId }: Registration): Promise<string> {
  const { inputs, failures } = by.check(type, given as ValueMap);
  expect(failures, name).toEqual([]);
  const { id, outputs } = importId
    ? { id: importId, outputs: by.read(type, importId, {})!.outputs }
    : await by.create(type, inputs, false).catch((error) => {
        throw new Error(`${name}: ${error.message}`);
      });
  expect(by.diff(type, outputs, inputs, inputs).fields, name).toEqual([]);
  return id;
}

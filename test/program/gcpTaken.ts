/** The graph of a program before the tables of the stand-in for Google Cloud. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { ValueMap } from "../../local/pulumi/wire.ts";
import { gcpStandin } from "../engine/standin/gcp/cloud.ts";
import { SERVICE } from "../engine/standin/gcp/projects.ts";
import { putSurroundings } from "../engine/standin/gcp/surroundings.ts";
import { putThere } from "../engine/standin/given.ts";
import { StandinProvider } from "../engine/standin/provider.ts";
import type { Place } from "../engine/standin/resourceType.ts";
import { State } from "../engine/standin/state.ts";
import type { Registration } from "./monitor.ts";
import type { StackFileConfig } from "./program.ts";

const CLOUD = "pulumi:providers:gcp";
const placeIn = (project: unknown): Place => ({ account: String(project), region: "" });

/** A program's resources in Google Cloud, each after what it waits for, also by way of others. */
class Graph {
  readonly ours: readonly Registration[];
  readonly #awaited: ReadonlyMap<Registration, ReadonlySet<string>>;

  constructor(registrations: readonly Registration[]) {
    const byUrn = new Map(registrations.map((one) => [one.urn, one]));
    const closure = ({ dependencies }: Registration, seen = new Set<string>()): Set<string> => {
      for (const urn of dependencies.filter((each) => !seen.has(each))) closure(byUrn.get(urn)!, seen.add(urn));
      return seen;
    };
    const left = registrations.filter(({ type, custom }) => custom && type.startsWith("gcp:"));
    this.#awaited = new Map(left.map((one) => [one, closure(one)]));
    const order: Registration[] = [];
    while (left.length > 0) {
      const index = left.findIndex((one) => left.every((other) => !this.waits(one, other)));
      if (index === -1) throw new Error(`wait for each other: ${left.map(({ name }) => name).join(", ")}`);
      order.push(...left.splice(index, 1));
    }
    this.ours = order;
  }

  /** Whether one is made after the other has been made. */
  waits(one: Registration, other: Registration): boolean {
    return this.#awaited.get(one)?.has(other.urn) ?? false;
  }
}

/** What a stack finds: its projects and cluster, the service accounts that it names as there, and what it takes over. */
function fill(state: State, config: StackFileConfig, registrations: readonly Registration[]): void {
  const put = (type: string, inputs: ValueMap, project: unknown) =>
    putThere(gcpStandin(), state, placeIn(project), type, inputs);
  const projects = registrations.filter(({ type }) => type === CLOUD).map(({ inputs }) => String(inputs.project));
  putSurroundings(state, config, projects);
  for (const { type, inputs, importId } of registrations.filter((one) => one.importId !== "")) {
    put(SERVICE, { service: "artifactregistry.googleapis.com" }, inputs.project);
    expect(put(type, inputs as ValueMap, inputs.project)).toBe(importId);
  }
}

/**
 * Each resource of a program is taken where there is nothing but what it waits for, which is the worst that an order of the
 * engine's can bring; it is no change after that; and where all are there, it goes away after those alone that wait for it.
 */
export async function expectTaken(registrations: readonly Registration[], config: StackFileConfig): Promise<void> {
  const graph = new Graph(registrations);
  const { ours } = graph;
  const waits = (one: Registration, other: Registration) => graph.waits(one, other);
  const folder = mkdtempSync(join(tmpdir(), "pergola-order-"));
  /** A cloud with some of them in it, and the ids that these have. */
  const cloudWith = async (name: string, some: readonly Registration[]) => {
    const state = new State(join(folder, name));
    fill(state, config, registrations);
    const ids = new Map<Registration, string>();
    for (const one of some) ids.set(one, await make(providerOf(one, registrations, state), one));
    return { state, ids };
  };
  try {
    for (const one of ours)
      await cloudWith(`${ours.indexOf(one)}`, [...ours.filter((other) => waits(one, other)), one]);

    const all = await cloudWith("all", ours);
    for (const one of ours) {
      const left = join(folder, `without-${ours.indexOf(one)}`);
      cpSync(all.state.folder, left, { recursive: true });
      const state = new State(left);
      for (const other of [...ours.filter((each) => waits(each, one)).reverse(), one]) {
        await providerOf(other, registrations, state).delete(other.type, all.ids.get(other)!);
      }
    }
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

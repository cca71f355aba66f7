/**
 * A stack like one of the examples on the real engine: under another name, with namespaces of its own in the cluster under test,
 * and its cloud by a stand-in.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect } from "vitest";
import { stringify } from "yaml";
import { buildSetup, SETUP_CONFIG_MAP, SETUP_KEY } from "../../infra/setup.ts";
import { kubectl, live } from "./cluster.ts";
import type { EngineResult, EngineStack, Operation } from "./engine.ts";
import { createProgramStack, exampleFile, type StackFile } from "./programStack.ts";
import { placeStandin } from "./standin/home.ts";
import type { Stored } from "./standin/resourceType.ts";
import { State } from "./standin/state.ts";
import { changes, rewriteStackFile, succeed } from "./steps.ts";

/** Changes a stack file in place. */
export type Change = (config: StackFile["config"]) => void;

/** Which example, and what is done to its stack file each time that it is written. */
export interface ExampleText {
  /** name in `stacks` */
  readonly example: string;
  readonly always?: Change | undefined;
}

/** The namespaces of the examples, which other tests have, too. */
const NAMESPACES = /\b(?:shop-dev|shop-kaniko|shop-preview-\*|checkout-build|search-build)(?![\w/-])/g;

/** The stack file, with namespaces that begin with `engine-`. */
export function stackFileOf({ example, always }: ExampleText, change: Change = () => {}): StackFile {
  const file = exampleFile(example, (text) => text.replaceAll(NAMESPACES, (name) => `engine-${name}`));
  always?.(file.config);
  change(file.config);
  return file;
}

/** The BuildSetup that is in a namespace. */
export async function setupIn(namespace: string) {
  const map = (await live(namespace, `configmap/${SETUP_CONFIG_MAP}`)) as unknown as { data: Record<string, string> };
  return buildSetup.parse(JSON.parse(map.data[SETUP_KEY] as string));
}

/** The stack's part of what {@link CloudStack} is made of. */
export interface PlacedStack {
  readonly stack: EngineStack;
  readonly cloud: State;
  readonly text: ExampleText;
}

/**
 * Has a stack's program find a stand-in in the place of a cloud, whose state is in the stack's folder and goes with it.
 * @param environment of the stack, which is told where that is
 */
export function placeCloud(stack: EngineStack, cloud: "aws" | "gcp", environment: Record<string, string>): State {
  const state = new State(join(stack.folder, "cloud"));
  environment.PERGOLA_STANDIN_STATE = state.folder;
  const { version } = createRequire(import.meta.url)(`@pulumi/${cloud}/package.json`) as { version: string };
  const main = join(import.meta.dirname, "standin", cloud, "main.ts");
  placeStandin(stack.prepared.environment.PULUMI_HOME as string, { name: cloud, version }, main);
  return state;
}

/** Makes a stack, and its cloud. @param cloud whose stand-in it has */
export async function placeStack(
  name: string,
  cloud: "aws" | "gcp",
  text: ExampleText,
  environment: Record<string, string>,
): Promise<PlacedStack> {
  const stack = await createProgramStack({ stack: name, config: stringify(stackFileOf(text)), environment });
  return { stack, cloud: placeCloud(stack, cloud, environment), text };
}

/** The stack, and the cloud that it is made in. `await using` leaves nothing of it, also when a test failed. */
export class CloudStack implements AsyncDisposable {
  readonly stack: EngineStack;
  readonly cloud: State;
  readonly #text: ExampleText;
  readonly #isSurroundings: (stored: Stored) => boolean;

  /** @param isSurroundings whether something is what no stack makes, or is there no more */
  constructor({ stack, cloud, text }: PlacedStack, isSurroundings: (stored: Stored) => boolean) {
    this.stack = stack;
    this.cloud = cloud;
    this.#text = text;
    this.#isSurroundings = isSurroundings;
  }

  /** Runs an operation that has to work. */
  succeed(operation: Operation, ...flags: string[]): Promise<EngineResult> {
    return succeed(this.stack, operation, ...flags);
  }

  /** The first preview, which makes nothing, up, and the preview after that, which finds nothing to do. */
  async comeUp(): Promise<void> {
    const before = this.inCloud();
    expect(changes(await this.succeed("preview")).length).toBeGreaterThan(0);
    expect(this.inCloud()).toEqual(before);
    await this.succeed("up");
    expect(changes(await this.succeed("preview", "--expect-no-changes"))).toEqual([]);
  }

  /** What is in the cloud and in the cluster is what the engine has in its state. */
  async expectNoDrift(): Promise<void> {
    const refreshed = await this.succeed("refresh", "--expect-no-changes");
    expect(changes(refreshed).filter((step) => !step.startsWith("refresh "))).toEqual([]);
  }

  /** `pulumi destroy` with the preview that goes before it: without one, the engine would delete what is not protected. */
  async destroyAsUsersDo(): Promise<string> {
    return this.stack.run(["destroy", "--yes", "--stack", this.stack.name]).catch(String);
  }

  /** Writes the stack file anew. */
  write(change?: Change): Promise<void> {
    return rewriteStackFile(this.stack, stringify(stackFileOf(this.#text, change)));
  }

  /** What is in the cloud by type, of all accounts, without its surroundings. */
  inCloud(): Record<string, string[]> {
    const ours = this.cloud.all().filter((stored) => !this.#isSurroundings(stored));
    const byType = Map.groupBy(ours, ({ type }) => type.split(":").at(-1) as string);
    return Object.fromEntries([...byType].sort().map(([type, all]) => [type, all.map(({ id }) => id).sort()]));
  }

  /** Nothing of the stack is in the cluster. */
  async expectNothingInCluster(): Promise<void> {
    const all = "namespaces,priorityclasses,clusterroles,clusterrolebindings";
    const left = (await kubectl(["get", all, "-o", "name"])).split("\n");
    const ours = left.filter((name) => name.includes(this.stack.name) || name.startsWith("namespace/engine-shop"));
    expect(ours).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { resources } = await this.stack.exportState();
    if (resources.some(({ type }) => !type.startsWith("pulumi:"))) {
      await this.stack.run(["state", "unprotect", "--all", "--yes", "--stack", this.stack.name]);
      await this.stack.operate("destroy");
    }
    await this.stack[Symbol.asyncDispose]();
  }
}

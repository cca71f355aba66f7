/**
 * A stack like one of the examples on the real engine: under another name, with namespaces of its own in the cluster under test,
 * and AWS by the stand-in, which moto judges.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { buildSetup, SETUP_CONFIG_MAP, SETUP_KEY } from "../../infra/setup.ts";
import { live, testKubeconfig } from "./cluster.ts";
import { type EngineResult, EngineStack, type Operation } from "./engine.ts";
import { awsStandin } from "./standin/aws/cloud.ts";
import { clusterInMoto } from "./standin/aws/inMoto.ts";
import { MOTO_ACCOUNT } from "./standin/aws/moto/judge.ts";
import { type MotoServer, startMoto } from "./standin/aws/moto/server.ts";
import { putThere } from "./standin/given.ts";
import { placeStandin } from "./standin/home.ts";
import { State } from "./standin/state.ts";
import { rewriteStackFile, succeed } from "./steps.ts";

const repository = resolve(import.meta.dirname, "..", "..");

/** What a stack file says. */
// biome-ignore lint/suspicious/noExplicitAny: tests write into it what they like
export type StackFile = { config: Record<string, any> };

/** Changes a stack file in place. */
export type Change = (config: StackFile["config"]) => void;

/** An example, and what makes a stack of a test's of it. */
export interface AwsExample {
  /** its name without `aws-` */
  readonly example: string;
  /** region of the cluster */
  readonly region?: string;
  /** what is in AWS before */
  readonly subnets?: readonly string[];
  /** applied to the stack file each time it is written */
  readonly always?: Change;
}

/** The namespaces of the examples, which other tests have, too. */
const NAMESPACES = /\b(?:shop-dev|shop-kaniko|shop-preview-\*|checkout-build|search-build)(?![\w/-])/g;

/** Text of a stack file, with namespaces that begin with `engine-`. */
export function stackFileText({ example, always }: AwsExample, change: Change = () => {}): string {
  const text = readFileSync(join(repository, "stacks", `Pulumi.aws-${example}.yaml`), "utf8");
  const file: StackFile = parse(text.replaceAll(NAMESPACES, (name) => `engine-${name}`));
  file.config["pergola:cluster"].context = parse(readFileSync(testKubeconfig(), "utf8"))["current-context"];
  always?.(file.config);
  change(file.config);
  return stringify(file);
}

/** The BuildSetup that is in a namespace. */
export async function setupIn(namespace: string) {
  const map = (await live(namespace, `configmap/${SETUP_CONFIG_MAP}`)) as unknown as { data: Record<string, string> };
  return buildSetup.parse(JSON.parse(map.data[SETUP_KEY] as string));
}

/** The stack, the cloud that it is made in, and who judges that. `await using` leaves nothing of it, also when a test failed. */
export class AwsStack implements AsyncDisposable {
  readonly stack: EngineStack;
  readonly cloud: State;
  readonly moto: MotoServer;
  /** where its cluster is */
  readonly place: { readonly account: string; readonly region: string };
  readonly #example: AwsExample;

  private constructor(example: AwsExample, stack: EngineStack, cloud: State, moto: MotoServer) {
    this.#example = example;
    this.stack = stack;
    this.cloud = cloud;
    this.moto = moto;
    this.place = { account: MOTO_ACCOUNT, region: regionOf(example) };
  }

  /** Makes the stack `engine-<example>`; the account holds the cluster and its subnets. */
  static async create(example: AwsExample): Promise<AwsStack> {
    const config = stackFileText(example);
    const cluster = parse(config).config["pergola:cluster"].eks?.name;
    const moto = await startMoto();
    if (cluster !== undefined) await clusterInMoto(moto.endpoint, regionOf(example), cluster);
    const environment: Record<string, string> = {
      KUBECONFIG: testKubeconfig(),
      PERGOLA_STANDIN_ACCOUNT: MOTO_ACCOUNT,
      PERGOLA_STANDIN_MOTO: moto.endpoint,
    };
    const stack = await EngineStack.create({
      program: repository,
      stack: `engine-${example.example}`,
      config,
      environment,
    });
    // Below the stack's folder, which goes with it.
    const cloud = new State(join(stack.folder, "cloud"));
    environment.PERGOLA_STANDIN_STATE = cloud.folder;
    const { version } = createRequire(import.meta.url)("@pulumi/aws/package.json") as { version: string };
    const main = join(import.meta.dirname, "standin", "aws", "main.ts");
    placeStandin(stack.prepared.environment.PULUMI_HOME as string, { name: "aws", version }, main);
    const aws = awsStandin(MOTO_ACCOUNT);
    const made = new AwsStack(example, stack, cloud, moto);
    if (cluster !== undefined) putThere(aws, cloud, made.place, "aws:eks/cluster:Cluster", { name: cluster });
    for (const id of example.subnets ?? []) putThere(aws, cloud, made.place, "aws:ec2/subnet:Subnet", { id });
    return made;
  }

  /** Runs an operation that has to work. */
  succeed(operation: Operation, ...flags: string[]): Promise<EngineResult> {
    return succeed(this.stack, operation, ...flags);
  }

  /** `pulumi destroy` with the preview that goes before it: without one, the engine would delete what is not protected. */
  async destroyAsUsersDo(): Promise<string> {
    return this.stack.run(["destroy", "--yes", "--stack", this.stack.name]).catch(String);
  }

  /** Writes the stack file anew. */
  write(change?: Change): Promise<void> {
    return rewriteStackFile(this.stack, stackFileText(this.#example, change));
  }

  /** What is in AWS by type, of all accounts, without what was there before. */
  inAws(): Record<string, string[]> {
    const ours = this.cloud.all().filter(({ type }) => !/:(Cluster|Subnet)$/.test(type));
    const byType = Map.groupBy(ours, ({ type }) => type.split(":").at(-1) as string);
    return Object.fromEntries([...byType].sort().map(([type, all]) => [type, all.map(({ id }) => id).sort()]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { resources } = await this.stack.exportState();
    if (resources.some(({ type }) => !type.startsWith("pulumi:"))) {
      await this.stack.run(["state", "unprotect", "--all", "--yes", "--stack", this.stack.name]);
      await this.stack.operate("destroy");
    }
    await this.stack[Symbol.asyncDispose]();
    await this.moto[Symbol.asyncDispose]();
  }
}

function regionOf({ region = "eu-central-1" }: AwsExample): string {
  return region;
}

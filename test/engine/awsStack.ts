/**
 * The stack `aws-dev` under another name, with namespaces of its own in the cluster under test, and AWS by the stand-in, which
 * moto judges.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { testKubeconfig } from "./cluster.ts";
import { EngineStack } from "./engine.ts";
import { awsStandin } from "./standin/aws/cloud.ts";
import { clusterInMoto } from "./standin/aws/inMoto.ts";
import { MOTO_ACCOUNT } from "./standin/aws/moto/judge.ts";
import { type MotoServer, startMoto } from "./standin/aws/moto/server.ts";
import { putThere } from "./standin/given.ts";
import { placeStandin } from "./standin/home.ts";
import { State } from "./standin/state.ts";

const repository = resolve(import.meta.dirname, "..", "..");

/** Where this stack is. */
export const PLACES = {
  stack: "engine-aws",
  account: MOTO_ACCOUNT,
  region: "eu-central-1",
  shop: "engine-aws-shop",
  web: "engine-aws-web",
  patterns: ["engine-aws-preview-*"],
} as const;

/** What differs from the example. */
export interface Changes {
  /** more repositories */
  readonly repositories?: readonly string[];
  /** more namespaces */
  readonly namespaces?: readonly string[];
  readonly protect?: boolean;
}

/** Text of the stack file. */
export function stackFile({ repositories = [], namespaces = [], protect = true }: Changes = {}): string {
  const file = parse(readFileSync(join(repository, "stacks", "Pulumi.aws-dev.yaml"), "utf8"));
  const { config } = file;
  const all = [PLACES.shop, ...namespaces];
  config["pergola:registry"].repositories.push(...repositories);
  if (!protect) config["pergola:registry"].protect = false;
  Object.assign(config["pergola:access"], { namespaces: all, namespacePatterns: PLACES.patterns });
  config["pergola:cluster"].context = parse(readFileSync(testKubeconfig(), "utf8"))["current-context"];
  config["pergola:builder"].modes["cluster-buildkit"].namespaces = all;
  return stringify(file);
}

/** The stack, the cloud that it is made in, and who judges that. */
export interface AwsStack extends AsyncDisposable {
  readonly stack: EngineStack;
  readonly cloud: State;
  readonly moto: MotoServer;
}

/** Makes the stack; the account holds the cluster and its subnets. @param account whose credentials are at hand */
export async function createAwsStack(account: string = PLACES.account): Promise<AwsStack> {
  const moto = await startMoto();
  await clusterInMoto(moto.endpoint, PLACES.region, "dev");
  const environment: Record<string, string> = {
    KUBECONFIG: testKubeconfig(),
    PERGOLA_STANDIN_ACCOUNT: account,
    PERGOLA_STANDIN_MOTO: moto.endpoint,
  };
  const stack = await EngineStack.create({
    program: repository,
    stack: PLACES.stack,
    config: stackFile(),
    environment,
  });
  // Below the stack's folder, which goes with it.
  const cloud = new State(join(stack.folder, "cloud"));
  environment.PERGOLA_STANDIN_STATE = cloud.folder;
  const { version } = createRequire(import.meta.url)("@pulumi/aws/package.json") as { version: string };
  const main = join(import.meta.dirname, "standin", "aws", "main.ts");
  placeStandin(stack.prepared.environment.PULUMI_HOME as string, { name: "aws", version }, main);
  const aws = awsStandin(account);
  putThere(aws, cloud, PLACES, "aws:eks/cluster:Cluster", { name: "dev" });
  for (const id of ["subnet-0a", "subnet-0b"]) putThere(aws, cloud, PLACES, "aws:ec2/subnet:Subnet", { id });
  return {
    stack,
    cloud,
    moto,
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      await moto[Symbol.asyncDispose]();
    },
  };
}

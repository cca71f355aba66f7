/** The stack `gcp-dev` under another name, with namespaces of its own in the cluster under test, and Google Cloud by the stand-in. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { testKubeconfig } from "./cluster.ts";
import { EngineStack } from "./engine.ts";
import { gcpStandin } from "./standin/gcp/cloud.ts";
import { CLUSTER, PROJECT } from "./standin/gcp/members.ts";
import { putThere } from "./standin/given.ts";
import { placeStandin } from "./standin/home.ts";
import { State } from "./standin/state.ts";

const repository = resolve(import.meta.dirname, "..", "..");

/** Where this stack is. */
export const PLACES = {
  stack: "engine-gcp",
  registry: "shop-registry",
  cluster: "shop-clusters",
  location: "europe-central2",
  shop: "engine-gcp-shop",
  web: "engine-gcp-web",
} as const;

/** Host of the stack's registry, as Docker configurations have it. */
export const HOST = `${PLACES.location}-docker.pkg.dev`;

/** What differs from the example. */
export interface Changes {
  /** more namespaces */
  readonly namespaces?: readonly string[];
  readonly protect?: boolean;
  /** builders log in by the key of this number, where the example has Workload Identity */
  readonly rotation?: number;
}

/** Text of the stack file. */
export function stackFile({ namespaces = [], protect = true, rotation }: Changes = {}): string {
  const file = parse(readFileSync(join(repository, "stacks", "Pulumi.gcp-dev.yaml"), "utf8"));
  const { config } = file;
  const all = [PLACES.shop, ...namespaces];
  if (!protect) config["pergola:registry"].protect = false;
  const { serviceAccount } = config["pergola:access"];
  if (rotation === undefined) config["pergola:access"].namespaces = all;
  else config["pergola:access"] = { kind: "serviceAccountKey", serviceAccount, rotation };
  config["pergola:cluster"].context = parse(readFileSync(testKubeconfig(), "utf8"))["current-context"];
  config["pergola:builder"].modes.kaniko.namespaces = all;
  return stringify(file);
}

/** The stack, and the cloud that it is made in. */
export interface GcpStack extends AsyncDisposable {
  readonly stack: EngineStack;
  readonly cloud: State;
}

/** Makes the stack; there are the two projects and the cluster. */
export async function createGcpStack(): Promise<GcpStack> {
  const environment: Record<string, string> = { KUBECONFIG: testKubeconfig() };
  const stack = await EngineStack.create({
    program: repository,
    stack: PLACES.stack,
    config: stackFile(),
    environment,
  });
  // Below the stack's folder, which goes with it.
  const cloud = new State(join(stack.folder, "cloud"));
  environment.PERGOLA_STANDIN_STATE = cloud.folder;
  const { version } = createRequire(import.meta.url)("@pulumi/gcp/package.json") as { version: string };
  const main = join(import.meta.dirname, "standin", "gcp", "main.ts");
  placeStandin(stack.prepared.environment.PULUMI_HOME as string, { name: "gcp", version }, main);
  const [gcp, place] = [gcpStandin(), { account: PLACES.registry, region: "" }];
  for (const projectId of [PLACES.registry, PLACES.cluster]) putThere(gcp, cloud, place, PROJECT, { projectId });
  putThere(gcp, cloud, place, CLUSTER, {
    name: "dev",
    location: PLACES.location,
    project: PLACES.cluster,
    workloadPool: `${PLACES.cluster}.svc.id.goog`,
    releaseChannel: "REGULAR",
  });
  return { stack, cloud, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

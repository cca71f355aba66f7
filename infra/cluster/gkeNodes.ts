/** Builder nodes as node pools of GKE. */
import { NodePool } from "@pulumi/gcp/container/nodePool.js";
import * as pulumi from "@pulumi/pulumi";
import { nodeMetadataText } from "../access/gcpTexts.ts";
import { nodePool, type PoolCluster, type NodePool as PoolDocument } from "../documents/gcp/nodePool.ts";
import type { Environment } from "../environment.ts";
import { enableApis, type GcpApi } from "../gcpApis.ts";
import { gcpProvider } from "../gcpProviders.ts";
import { garKey } from "../registries/garPlan.ts";
import { pulledRepositories } from "../registries/garRepositories.ts";
import type { ProvisionedRegistry } from "../registries/registry.ts";
import { enablesApis, isGar } from "../registries/registryPlace.ts";
import type { GkeNodesConfig } from "../sections/gkeNodes.ts";
import { GkeNodeAccount } from "./gkeNodeAccount.ts";
import { type NodeAccount, nodeAccountKey, nodeAccountOf, poolNameOf } from "./gkeNodeNames.ts";

/** They make the service account of nodes, and give it its role in the project. */
const NODE_ACCOUNT_APIS: readonly GcpApi[] = ["cloudresourcemanager", "iam"];

export interface GkeNodesArgs {
  readonly pool: PoolDocument;
  readonly cluster: PoolCluster;
  /** address of the nodes' service account */
  readonly serviceAccount: string;
}

/** A node pool. */
export class GkeNodes extends pulumi.ComponentResource {
  /** name of the node pool */
  public readonly poolName: pulumi.Output<string>;

  constructor(name: string, { pool, cluster, serviceAccount }: GkeNodesArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:GkeNodes", name, {}, opts);
    const made = new NodePool(`${name}-pool`, nodePool(pool, cluster, serviceAccount), {
      parent: this,
      // The account and its rights outlive the nodes, which need them until they are gone.
      ...(opts.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }),
      // What it began with. The provider would replace the pool for another one, also for one that somebody's resizing left.
      ignoreChanges: ["initialNodeCount"],
      // Its name is taken until it is gone.
      deleteBeforeReplace: true,
    });
    this.poolName = made.name;
    this.registerOutputs({ poolName: this.poolName });
  }
}

/** Makes the node pools of the stack file, and says what their pods can be; in the project of the cluster, which the rules made sure of. */
export async function provisionGkeNodes(
  { config, stack }: Environment,
  all: readonly GkeNodesConfig[],
  registry: ProvisionedRegistry,
): Promise<void> {
  const cluster = config.cluster.gke!;
  const provider = gcpProvider(cluster);
  const accounts = new Map<string, GkeNodeAccount>();
  for (const nodes of all) {
    const account = nodeAccountOf(nodes, stack, cluster.project);
    const known = accounts.get(account.email);
    const text = known === undefined ? nodeMetadataText(config, account.email) : null;
    if (text !== null) await pulumi.log.warn(text);
    const made = known ?? nodeAccount({ config }, account, registry);
    accounts.set(account.email, made);
    const name = poolNameOf(nodes, stack);
    new GkeNodes(
      // Called after the pool: one that has another architecture under a name that is written is the same for the engine, too.
      `builder-nodes-${name}`,
      { pool: { ...nodes, name }, cluster, serviceAccount: account.email },
      { providers: [provider], dependsOn: [made] },
    );
  }
}

function nodeAccount(
  { config }: Pick<Environment, "config">,
  account: NodeAccount,
  { repositories: made }: ProvisionedRegistry,
): GkeNodeAccount {
  const { registry, cluster } = config;
  const place = cluster.gke!;
  // The API of GKE is on where there is a cluster.
  const apis = account.id === null || !enablesApis(registry) ? [] : enableApis("nodes", place, NODE_ACCOUNT_APIS);
  const repositories = pulledRepositories(config).map((one) => ({ ...one, made: made.get(garKey(one)) }));
  return new GkeNodeAccount(
    `node-account-${nodeAccountKey(account.email, place.project)}`,
    {
      account,
      project: place.project,
      after: apis,
      repositories,
      registryProvider: isGar(registry) ? gcpProvider(registry) : null,
    },
    { providers: [gcpProvider(place)] },
  );
}

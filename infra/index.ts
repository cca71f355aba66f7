/**
 * The Pulumi program: a stack file in, what in-cluster image building needs in its cluster, and the BuildSetup out.
 *
 * Everything that can be refused is refused before the first resource is registered: the stack file, the cluster that its
 * context leads to, the namespaces that exist already.
 */

// First, as it is about what is loaded after it, too.
import "./stackTraces.ts";
import "./sdkLoading.ts";
import "./sdkMessages.ts";
import { provisionAccess } from "./access/access.ts";
import { makeBuildSetup } from "./buildSetup.ts";
import { provisionBuilderNodes } from "./cluster/builderNodes.ts";
import { provisionBuilders } from "./cluster/builders.ts";
import { connectCluster } from "./cluster/connection.ts";
import { checkExistingNamespaces } from "./cluster/namespace.ts";
import { provisionPullSecrets } from "./cluster/pullSecrets.ts";
import { readEnvironment } from "./environment.ts";
import { provisionRegistry } from "./registries/registry.ts";
import type { BuildSetup } from "./setup.ts";

const environment = readEnvironment();
const cluster = await connectCluster(environment);
await checkExistingNamespaces(environment, cluster);

const registry = await provisionRegistry(environment, cluster);
const access = await provisionAccess(environment, registry);
await provisionBuilderNodes(environment, cluster, registry);

/** What this environment promises its builders; `pergola` reads it from the stack or from the cluster. */
export const setup: BuildSetup = makeBuildSetup(environment.config, {
  stack: environment.stack,
  clusterUid: cluster.uid,
});

const builders = await provisionBuilders(environment, cluster, access, setup);
provisionPullSecrets(environment, cluster, builders);

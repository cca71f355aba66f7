/**
 * The stack `local` under another name and with places of its own, so that it can be made and destroyed in a cluster where
 * the real one is: other namespaces, another node port, another folder; and with logins, which the real one does not need.
 */
import { stringify } from "yaml";
import type { EngineStack } from "./engine.ts";
import { createProgramStack, exampleFile } from "./programStack.ts";

/** Image of the registry on the nodes of the cluster under test. */
const registryImage = process.env.PERGOLA_TEST_REGISTRY_IMAGE;

/** Where this stack is. */
export const PLACES = {
  stack: "engine",
  registryNamespace: "engine-registry",
  buildkit: "engine-buildkit",
  kaniko: "engine-kaniko",
  host: "172.30.0.11:30599",
} as const;

/** Text of the stack file; `kaniko` is the namespace of that mode. */
export function stackFile(kaniko: string = PLACES.kaniko): string {
  const file = exampleFile("local");
  const { config } = file;
  const registry = config["pergola:registry"];
  registry.host = PLACES.host;
  registry.clusterNamespace = PLACES.registryNamespace;
  registry.storage.path = "/var/lib/pergola-engine-registry";
  registry.basicAuth = { username: "builder", passwordSecret: "registryPassword" };
  if (registryImage) registry.image = registryImage;
  const hub = { host: "hub.example", username: "reader", passwordSecret: "hubPassword" };
  config["pergola:cluster"].pullSecret = { logins: [hub] };
  config["pergola:builder"].modes["cluster-buildkit"].namespaces = [PLACES.buildkit];
  config["pergola:builder"].modes.kaniko.namespaces = [kaniko];
  return stringify(file);
}

/** Makes the stack, with its secrets set. */
export function createLocalStack(secrets: Readonly<Record<string, string>>): Promise<EngineStack> {
  return createProgramStack({ stack: PLACES.stack, config: stackFile(), secrets });
}

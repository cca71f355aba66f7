/** A stack whose registry is somebody else's: one with basic auth in the same cluster, of which the stack knows host and login. */

import { stringify } from "yaml";
import { htpasswdLine } from "../../infra/documents/htpasswd.ts";
import { runRegistry } from "../cluster/registryPod.ts";
import { kubectl } from "./cluster.ts";
import type { EngineStack } from "./engine.ts";
import { createProgramStack, exampleFile } from "./programStack.ts";

const PORT = 5598;

/** Where this stack is. */
export const PLACES = {
  stack: "engine-docker",
  /** of the registry, which the stack does not make */
  registry: "engine-docker-registry",
  /** of workloads, which are there before the stack */
  workloads: ["engine-docker-shop", "engine-docker-blog"],
  buildkit: "engine-docker-buildkit",
  kaniko: "engine-docker-kaniko",
  /** as builders know the registry, and as the container runtime of its own node does, which takes plain HTTP from localhost only */
  host: `172.30.0.11:${PORT}`,
  onNode: `localhost:${PORT}`,
} as const;

export const USER = { username: "shop", password: "canary-docker-77d0" } as const;

/** A docker config JSON with the login for the registry as its node knows it. */
export const DOCKER_CONFIG = JSON.stringify({ auths: { [PLACES.onNode]: { ...USER } } });

/** Text of the stack file. */
function stackFile(): string {
  const file = exampleFile("local");
  const { config } = file;
  const { mirrors } = config["pergola:registry"];
  const login = { username: USER.username, passwordSecret: "registryPassword" };
  config["pergola:registry"] = {
    ...{ kind: "dockerRegistry", host: PLACES.host, product: "harbor", namespace: "shop", insecure: true },
    ...{ mirrors, insecureMirrors: mirrors["docker.io"], login },
  };
  delete config["pergola:access"].namespacePatterns;
  Object.assign(config["pergola:cluster"], {
    // The mirror is a Service of this cluster.
    guardrails: { internet: false, networkPolicy: false },
    pullSecrets: [
      { namespaces: [...PLACES.workloads], dockerConfigSecrets: ["nodeConfig"] },
      { name: "by-login", namespaces: [PLACES.workloads[0]], logins: [{ host: PLACES.host, ...login }] },
    ],
  });
  config["pergola:builder"].modes["cluster-buildkit"].namespaces = [PLACES.buildkit];
  config["pergola:builder"].modes.kaniko.namespaces = [PLACES.kaniko];
  return stringify(file);
}

/** Runs the registry, and makes the namespaces that a stack finds. Returns another host of the same registry. */
export async function makeSurroundings(): Promise<string> {
  for (const name of [PLACES.registry, ...PLACES.workloads]) {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await kubectl(["apply", "-f", "-"], JSON.stringify(namespace));
  }
  const auth = { htpasswd: { realm: "registry", path: "/etc/registry/htpasswd" } };
  await runRegistry(PLACES.registry, { auth }, { htpasswd: htpasswdLine(USER, "test") }, PORT);
  const metadata = { name: "registry", namespace: PLACES.registry };
  const spec = { selector: { app: "registry" }, ports: [{ port: PORT }] };
  await kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "Service", metadata, spec }));
  const address = ["get", "service", "registry", "-n", PLACES.registry, "-o", "jsonpath={.spec.clusterIP}"];
  return `${await kubectl(address)}:${PORT}`;
}

export async function removeSurroundings(): Promise<void> {
  await kubectl(["delete", "namespace", PLACES.registry, ...PLACES.workloads, "--ignore-not-found", "--wait=false"]);
}

/** Makes the stack, with its secrets set. */
export function createDockerStack(): Promise<EngineStack> {
  const secrets = { registryPassword: USER.password, nodeConfig: DOCKER_CONFIG };
  return createProgramStack({ stack: PLACES.stack, config: stackFile(), secrets });
}

/**
 * The stack `local` under another name and with places of its own, so that it can be made and destroyed in a cluster where
 * the real one is: other namespaces, another node port, another folder; and with logins, which the real one does not need.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { testKubeconfig } from "./cluster.ts";
import { EngineStack } from "./engine.ts";

const repository = resolve(import.meta.dirname, "..", "..");

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
  const file = parse(readFileSync(join(repository, "stacks", "Pulumi.local.yaml"), "utf8"));
  const { config } = file;
  const registry = config["pergola:registry"];
  registry.host = PLACES.host;
  registry.clusterNamespace = PLACES.registryNamespace;
  registry.storage.path = "/var/lib/pergola-engine-registry";
  registry.basicAuth = { username: "builder", passwordSecret: "registryPassword" };
  if (registryImage) registry.image = registryImage;
  const cluster = config["pergola:cluster"];
  cluster.context = parse(readFileSync(testKubeconfig(), "utf8"))["current-context"];
  cluster.pullSecret = { logins: [{ host: "hub.example", username: "reader", passwordSecret: "hubPassword" }] };
  config["pergola:builder"].modes["cluster-buildkit"].namespaces = [PLACES.buildkit];
  config["pergola:builder"].modes.kaniko.namespaces = [kaniko];
  return stringify(file);
}

/** Makes the stack, with its secrets set, and a folder of its own for temporary files. */
export async function createLocalStack(secrets: Readonly<Record<string, string>>): Promise<EngineStack> {
  const stack = await EngineStack.create({
    program: repository,
    stack: PLACES.stack,
    config: stackFile(),
    environment: { KUBECONFIG: testKubeconfig() },
  });
  await mkdir(temporaryFolder(stack));
  for (const [name, value] of Object.entries(secrets)) await setSecret(stack, `pergola:secrets.${name}`, value);
  return stack;
}

/** Folder for TMPDIR of everything that an operation starts. */
export function temporaryFolder(stack: EngineStack): string {
  return join(stack.folder, "temporary");
}

/** `pulumi config set --secret` with the value on standard input, so that no command line has it. */
export async function setSecret(stack: EngineStack, path: string, value: string): Promise<void> {
  const args = ["config", "set", "--secret", "--path", path, "--stack", stack.name, "--non-interactive"];
  const child = spawn(stack.prepared.command, args, {
    cwd: stack.project,
    env: { ...process.env, ...stack.prepared.environment },
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end(value);
  const code = await new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  if (code !== 0) throw new Error(`pulumi config set exited with ${code}`);
}

// What the engine tier does to the cluster behind Pulumi's back, with kubectl.
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Path of the kubeconfig of the cluster that the engine tier works on. */
export function testKubeconfig(): string {
  return required("PERGOLA_TEST_KUBECONFIG");
}

/** An image that every node of the cluster has, and whose process just waits. */
export const podImage = process.env.PERGOLA_TEST_POD_IMAGE ?? "pergola.local/pause:1";

/** kubectl remembers what it discovers; not in the user's home, where each forwarder's port would leave a folder. */
const cache = join(import.meta.dirname, "../../node_modules/.cache/pergola-engine-tests/kubectl");

/** Runs kubectl and returns what it printed. @throws Error with its message, when it fails */
export async function kubectl(args: readonly string[], stdin = ""): Promise<string> {
  const command = [...args, "--kubeconfig", testKubeconfig(), "--cache-dir", cache];
  const child = spawn(required("PERGOLA_TEST_KUBERNETES"), ["kubectl", ...command], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(stdout) : reject(new Error(`kubectl ${args.join(" ")}: ${stderr}`)),
    );
  });
}

/** Reads an object, for instance `configmap/settings`. */
export async function live(namespace: string, object: string): Promise<Record<string, never>> {
  return JSON.parse(await kubectl(["get", object, "-n", namespace, "-o", "json"]));
}

/** Applies an object as another manager than Pulumi. */
export async function applyAs(manager: string, object: object, ...flags: string[]): Promise<void> {
  await kubectl(["apply", "--server-side", "--field-manager", manager, ...flags, "-f", "-"], JSON.stringify(object));
}

/** Writes a kubeconfig of a cluster at an address where nothing listens, and returns its path. */
export async function unreachableKubeconfig(folder: string): Promise<string> {
  const path = join(folder, "nowhere.yaml");
  const text = `apiVersion: v1
kind: Config
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: nobody, user: {token: none}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
current-context: nowhere
`;
  await writeFile(path, text);
  return path;
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run the engine tier by npm test`);
  return value;
}

/** Docker's daemon to build with: in a network of its own, in which the environment's registry has its name. */
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpoint } from "./registry.ts";
import { clientOf, debian, docker, run, type Store, whenThere } from "./stores.ts";

/** The environment's registry, as images name it. */
export const REGISTRY = "172.30.0.11:30500";
const ADDRESS = REGISTRY.split(":")[0] as string;

export interface DockerBuilder extends Store {
  /** variables for a client with buildx, as its plugin */
  readonly buildx: Record<string, string>;
  /** the same without, so that docker builds by itself */
  readonly plain: Record<string, string>;
}

/**
 * Starts it.
 * @param routes port at the registry's address -> address on this machine that leads there
 * @param plain ports whose plain http the daemon does not refuse
 */
export async function startDockerBuilder(
  routes: Readonly<Record<number, string>>,
  plain: readonly number[],
): Promise<DockerBuilder> {
  const folder = await mkdtemp(join(tmpdir(), "pergola-docker-"));
  const socket = join(folder, "s");
  const all = { 30500: endpoint(REGISTRY), ...routes };
  const forward = ([port, to]: [string, string]): string =>
    `"$NODE_INIT" forward --listen ${ADDRESS}:${port} --network /proc/${process.pid}/ns/net --to ${to} --while $$ >/dev/null &`;
  const dockerd = [
    join(docker, "usr/sbin/dockerd"),
    ...["data-root", "exec-root", "pidfile"].flatMap((name) => [`--${name}`, join(folder, name)]),
    ...["--host", `unix://${socket}`, "--iptables=false", "--ip-masq=false", "--storage-driver=vfs"],
    // With its scheme, BuildKit too knows that it speaks plain http.
    ...[30500, ...plain].map((port) => `--insecure-registry=http://${ADDRESS}:${port}`),
    `--registry-mirror=http://${REGISTRY}`,
  ];
  const ip = join(debian, "bin/ip");
  const script = [
    `${ip} link set lo up && ${ip} address add ${ADDRESS}/32 dev lo`,
    ...Object.entries(all).map(forward),
    `exec ${dockerd.join(" ")}`,
  ];
  const daemon = run("sh", ["-c", script.join("\n")], { NODE_INIT: variable("PERGOLA_TEST_NODE_INIT") });
  const env = { DOCKER_HOST: `unix://${socket}` };
  const client = clientOf(join(docker, "usr/bin/docker"), env);
  const store = await whenThere({ folder, socket, env, client }, daemon, () => client("version"));
  const configs = await mkdtemp(join(tmpdir(), "pergola-docker-config-"));
  await mkdir(join(configs, "buildx", "cli-plugins"), { recursive: true });
  await mkdir(join(configs, "plain"));
  await symlink(variable("PERGOLA_TEST_BUILDX"), join(configs, "buildx", "cli-plugins", "docker-buildx"));
  return {
    ...store,
    buildx: { ...store.env, DOCKER_CONFIG: join(configs, "buildx") },
    plain: { ...store.env, DOCKER_CONFIG: join(configs, "plain") },
    async remove() {
      await store.remove();
      await rm(configs, { recursive: true, force: true });
    },
  };
}

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this tier by "npm test -- cluster"`);
  return value;
}

/** Image stores of a test's own: Docker's daemon and containerd, with all they have below one temporary folder. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa, type Options, type ResultPromise } from "execa";
import { eventually } from "./access.ts";

export const debian = folderOf("PERGOLA_TEST_DEBIAN");
export const docker = folderOf("PERGOLA_TEST_DOCKER");

/** Root of unpacked Debian packages; `npm test` names it. */
function folderOf(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this tier by "npm test -- cluster"`);
  return value;
}

const inRoots = (...paths: string[]): string[] =>
  [docker, debian].flatMap((root) => paths.map((one) => join(root, one)));

/** What the daemons run with, and a PATH for the runner on which their clients are. */
export const environment = {
  PATH: [...inRoots("usr/sbin", "usr/bin"), process.env.PATH].join(":"),
  LD_LIBRARY_PATH: inRoots("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu").join(":"),
};

export interface Store {
  /** variables that lead the runner to it */
  readonly env: Record<string, string>;
  readonly folder: string;
  readonly socket: string;
  /** LD_LIBRARY_PATH of its client */
  readonly libraries: string;
  /** its client's output; throws when that fails */
  client(...args: string[]): Promise<string>;
  /** ends the daemon at once */
  kill(): Promise<void>;
  /** ends the daemon and removes all that it had */
  remove(): Promise<void>;
}

/** Docker's daemon, without any network: it is only there to hold images. */
export async function startDocker(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), "pergola-docker-"));
  const socket = join(folder, "s");
  const below = ["data-root", "exec-root", "pidfile"].flatMap((name) => [`--${name}`, join(folder, name)]);
  const none = ["--iptables=false", "--ip-masq=false", "--bridge=none", "--storage-driver=vfs"];
  const daemon = run(join(docker, "usr/sbin/dockerd"), [...below, "--host", `unix://${socket}`, ...none]);
  const env = { DOCKER_HOST: `unix://${socket}` };
  const client = clientOf(join(docker, "usr/bin/docker"), env);
  return await whenThere({ folder, socket, env, client }, daemon, () => client("version"));
}

export async function startContainerd(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), "pergola-containerd-"));
  const socket = join(folder, "s");
  const configuration = join(folder, "config.toml");
  await writeFile(
    configuration,
    [
      "version = 2",
      ...["root", "state"].map((name) => `${name} = ${JSON.stringify(join(folder, name))}`),
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      "[grpc]",
      `  address = ${JSON.stringify(socket)}`,
      "",
    ].join("\n"),
  );
  const daemon = run(join(debian, "usr/bin/containerd"), ["--config", configuration]);
  const client = clientOf(join(debian, "usr/bin/ctr"), { CONTAINERD_ADDRESS: socket });
  return await whenThere({ folder, socket, env: {}, client }, daemon, () => client("version"));
}

const options = { reject: false, all: true, env: environment, stdin: "ignore" } satisfies Options;

/** With mounts and a network of its own: what a daemon changes there goes with it, however it ends. */
export function run(
  file: string,
  args: readonly string[],
  variables: Record<string, string> = {},
): ResultPromise<typeof options> {
  const env = { ...options.env, ...variables };
  return execa("unshare", ["--mount", "--propagation", "private", "--net", file, ...args], { ...options, env });
}

export function clientOf(file: string, env: Record<string, string>): Store["client"] {
  return async (...args) => (await execa(file, args, { env: { ...environment, ...env }, stdin: "ignore" })).stdout;
}

export async function whenThere(
  store: Omit<Store, "kill" | "remove" | "libraries">,
  daemon: ReturnType<typeof run>,
  ask: () => Promise<unknown>,
): Promise<Store> {
  let ended: string | null = null;
  daemon.then(({ all }) => {
    ended = all;
  });
  await eventually(`a daemon in ${store.folder}`, async () => {
    if (ended !== null) throw new Error(`${store.folder}: the daemon ended: ${ended}`);
    return ask().then(
      () => true,
      () => undefined,
    );
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    daemon.kill(signal);
    await daemon;
  };
  return {
    ...store,
    env: { ...store.env, PATH: environment.PATH },
    libraries: environment.LD_LIBRARY_PATH,
    async kill() {
      // Docker's daemon has a containerd of its own, which would outlive it.
      const own = Number(
        await readFile(join(store.folder, "exec-root/containerd/containerd.pid"), "utf8").catch(() => ""),
      );
      await end("SIGKILL");
      if (own > 0) process.kill(own, "SIGKILL");
    },
    async remove() {
      await end("SIGTERM");
      await rm(store.folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

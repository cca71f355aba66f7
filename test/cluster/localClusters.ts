/**
 * Nodes of local clusters, as containers of a test's own Docker: each has a containerd with the CRI plugin's configuration, and
 * the labels by which kind and k3d know their nodes. No Kubernetes is in them; loading images needs none.
 */
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { eventually } from "./access.ts";
import type { Store } from "./stores.ts";

const debian = process.env.PERGOLA_TEST_DEBIAN as string;

/** Not containerd's own default: what loads images has to look which one the node uses. */
export const SNAPSHOTTER = "native";

const CONFIGURATION = `version = 2
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "${SNAPSHOTTER}"
`;

const TOOLS = ["sh", "sed", "head", "cat", "sleep", "ps", "df", "rm", "mkdir"];

/** Makes the image `node:1` in that Docker, out of containerd, its client, a C library and BusyBox. */
export async function makeNodeImage(docker: Store): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "pergola-node-"));
  try {
    const put = async (from: string, to: string): Promise<void> => {
      await mkdir(dirname(join(root, to)), { recursive: true });
      await copyFile(from, join(root, to));
    };
    for (const name of ["containerd", "ctr"]) await put(join(debian, "usr/bin", name), `usr/bin/${name}`);
    const { stdout } = await execa("ldd", [join(debian, "usr/bin/containerd"), join(debian, "usr/bin/ctr")]);
    for (const library of new Set(stdout.match(/\/\S+\.so\S*/g))) await put(library, library);
    await put(join(debian, "bin/busybox"), "bin/busybox");
    for (const tool of TOOLS) await symlink("busybox", join(root, "bin", tool));
    for (const folder of ["run", "tmp", "proc", "sys", "var/lib"]) await mkdir(join(root, folder), { recursive: true });
    await mkdir(join(root, "etc/containerd"), { recursive: true });
    await writeFile(join(root, "etc/containerd/config.toml"), CONFIGURATION);
    await execa("tar", ["--create", "--file", `${root}.tar`, "--directory", root, "."]);
    await docker.client("import", `${root}.tar`, "node:1");
  } finally {
    await rm(root, { recursive: true });
    await rm(`${root}.tar`, { force: true });
  }
}

export interface LocalNode {
  readonly name: string;
  /** runs a program in the node; its output */
  run(...argv: string[]): Promise<string>;
  /** names of its images -> digests, without the ones by which containerd's CRI plugin calls them itself */
  images(): Promise<Record<string, string>>;
}

/** @param disk size of the node's disk for images, for instance "8m"; Docker's own disk without it */
export async function startNode(
  docker: Store,
  name: string,
  labels: Readonly<Record<string, string>>,
  disk?: string,
): Promise<LocalNode> {
  const run: LocalNode["run"] = (...argv) => docker.client("exec", name, ...argv);
  await docker.client(
    ...["run", "--detach", "--name", name, "--network", "none"],
    // Mounts are made for snapshots; not privileged, as a machine may lack one of all capabilities.
    ...["--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined"],
    ...Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
    ...(disk === undefined ? [] : ["--tmpfs", `/var/lib/containerd:size=${disk}`]),
    ...["node:1", "sh", "-c", "containerd >/containerd.log 2>&1 & exec sleep 1000000"],
  );
  await eventually(`containerd in ${name}`, () =>
    run("ctr", "version").then(
      () => true,
      () => undefined,
    ),
  );
  const images: LocalNode["images"] = async () => {
    const lines = (await run("ctr", "--namespace", "k8s.io", "images", "ls")).split("\n").slice(1);
    const pairs = lines.map((line) => line.split(/\s+/)).map(([reference = "", , digest = ""]) => [reference, digest]);
    return Object.fromEntries(pairs.filter(([reference]) => reference !== "" && !/^sha256:|^import-/.test(reference!)));
  };
  return { name, run, images };
}

export const kindNode = (docker: Store, cluster: string, role: string, disk?: string): Promise<LocalNode> =>
  startNode(docker, `${cluster}-${role}`, { "io.x-k8s.kind.cluster": cluster, "io.x-k8s.kind.role": role }, disk);

export const k3dNode = (docker: Store, cluster: string, role: string): Promise<LocalNode> =>
  startNode(docker, `k3d-${cluster}-${role}-0`, { app: "k3d", "k3d.cluster": cluster, "k3d.role": role });

/** Removes a Docker with the nodes that run in it. */
export async function removeWithContainers(docker: Store): Promise<void> {
  const all = (await docker.client("ps", "--all", "--quiet")).split("\n").filter(Boolean);
  if (all.length > 0) await docker.client("rm", "--force", ...all);
  await docker.remove();
}

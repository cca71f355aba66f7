/**
 * Stands in for the program minikube, whose Go module no proxy serves: one profile, whose node is a container of a test's
 * Docker, with containerd. It knows the commands that the runner uses and refuses any other word, as minikube does (exit code
 * 64; kubernetes/minikube, pkg/minikube/reason/exitcodes.go). Like minikube it copies an archive into the node, leaves it there,
 * imports it (pkg/minikube/machine/cache_images.go, pkg/minikube/cruntime/containerd.go), and exits with 0 when that fails,
 * with the reason in its log alone (issue 23471).
 * MINIKUBE_STAND_IN: `{"profile", "status", "node"}`
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const { profile, status, node } = JSON.parse(process.env.MINIKUBE_STAND_IN ?? "{}") as Record<string, string>;
const USAGE = 64;

function exit(reason: string, message: string): never {
  process.stderr.write(
    `\nX Exiting due to ${reason}: ${message}\n\n* If the above advice does not help, please let us know\n`,
  );
  process.exit(USAGE);
}

const run = (argv: readonly string[], input?: Buffer): string =>
  execFileSync("docker", ["exec", "--interactive", node as string, ...argv], {
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
    maxBuffer: 1e9,
    ...(input === undefined ? {} : { input }),
  });
const ctr = (...argv: string[]): string => run(["ctr", "-n=k8s.io", ...argv]);

const words = process.argv.slice(2);
const flag = (name: string): string | undefined => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words.splice(at, 2)[1];
};
const asked = flag("--profile") ?? "minikube";
const logged = words.includes("--alsologtostderr");
const log = (line: string): void => void (logged && process.stderr.write(`${line}\n`));
const [group, command, ...rest] = words.filter((word) => word !== "--alsologtostderr");

if (group === "profile" && command === "list" && rest.join(" ") === "--output json") {
  const valid = [{ Name: profile, Status: status, Config: { Name: profile, Nodes: [{}] }, Active: true }];
  process.stdout.write(`${JSON.stringify({ invalid: [], valid })}\n`);
} else if (group === "image" && asked !== profile) {
  exit("MK_USAGE", `loading profile: cluster "${asked}" does not exist`);
} else if (group === "image" && command === "load" && rest.length === 1) {
  load(rest[0] as string);
} else if (group === "image" && command === "ls" && rest.join(" ") === "--format json") {
  process.stdout.write(`${JSON.stringify(list())}\n`);
} else {
  process.stderr.write(`Error: unknown command or flag: ${process.argv.slice(2).join(" ")}\n`);
  process.exit(USAGE);
}

function load(file: string): void {
  // A word that is neither a path nor a file would be looked for in Docker, and in a registry.
  if (!/^[/.]/.test(file) && !existsSync(file)) exit("GUEST_IMAGE_LOAD", `Failed to load image: ${file}`);
  const there = `/var/lib/minikube/images/${path.basename(file)}`;
  try {
    run(["sh", "-c", `mkdir -p /var/lib/minikube/images && cat > ${there}`], readFileSync(file));
    ctr("images", "import", there);
    log(`I1121 12:00:00.000000 1 cache_images.go:262] succeeded pushing to: ${profile}`);
    log("I1121 12:00:00.000000 1 cache_images.go:263] failed pushing to: ");
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const command = `ctr images import: sudo ctr -n=k8s.io images import ${there}: Process exited with status 1`;
    log(
      `W1121 12:00:00.000000 1 cache_images.go:255] Failed to load cached images for "${profile}": loading images: ${command}\nstdout:\n\nstderr:\n${stderr}`,
    );
    log(`I1121 12:00:00.000000 1 cache_images.go:265] failed pushing to: ${profile}`);
  }
}

/** As the node's CRI has it: an image is called by its configuration. */
function list(): { id: string; repoDigests: string[]; repoTags: string[]; size: string }[] {
  const lines = ctr("images", "ls").split("\n").slice(1).filter(Boolean);
  return lines.map((line) => {
    const [reference = "", , digest = ""] = line.split(/\s+/);
    const { config } = JSON.parse(ctr("content", "get", digest)) as { config: { digest: string } };
    return { id: config.digest.replace("sha256:", ""), repoDigests: [], repoTags: [reference], size: "1" };
  });
}

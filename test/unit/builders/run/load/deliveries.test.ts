// An archive on its way to several nodes at once, or by a file, with programs of the tests' own.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { LoadPlan } from "../../../../../builders/plan/plan.ts";
import type { BuildEvent } from "../../../../../builders/report/events.ts";
import { loadFromDocker } from "../../../../../builders/run/load/fromDocker.ts";
import { startLoader } from "../../../../../builders/run/load/loader.ts";
import { folder, rejectionOf } from "../../samples.ts";
import { programs } from "./programs.ts";

afterEach(() => vi.unstubAllEnvs());

const A = "host/team/a:1";
const IMAGE = { state: "host/team/a:1@sha256:1 is pushed", ids: ["sha256:1"] };
const never = new AbortController().signal;
const content = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => at % 251));

/** A cluster of two nodes, by a `docker` that runs this script for each import; `$1` is the node. */
function cluster(importing: string, listed = "sha256:1") {
  const out = folder({});
  const script = `case "$1 $*" in
"ps "*) printf 'n2\\trunning\\tc\\tworker\\nn1\\trunning\\tc\\tcontrol-plane\\n' ;;
*" images ls") echo REF; echo "${A} type ${listed} 1" ;;
"exec "*) shift; ${importing} ;;
esac`;
  const ctr = ["docker", "exec", "NODE", "ctr", "images"];
  const query = { argv: ["docker", "ps"], cluster: "c", roles: ["worker", "control-plane"] };
  const plan: LoadPlan = {
    target: { into: "kind", cluster: "c" },
    place: "kind cluster c",
    nodes: query,
    argv: ["docker", "exec", "NODE"],
    check: { nodes: query },
    verify: { argv: [...ctr, "ls"], prints: "ctr", manifest: null },
    references: [A],
  };
  return { plan, out, environment: { ...process.env, ...programs({ docker: script }), OUT: out } };
}

/** A minikube that runs this script for `image load`; `$1` is the file. */
function minikube(loading: string, listed = [{ id: "1", repoTags: [A] }]) {
  const out = folder({ "tmp/.keep": "" });
  const script = `case "$*" in
*"image ls"*) echo '${JSON.stringify(listed)}' ;;
*"image load "*) shift 2; ${loading} ;;
esac`;
  const plan: LoadPlan = {
    target: { into: "minikube", profile: "p" },
    place: "minikube p",
    nodes: null,
    argv: ["minikube", "image", "load", "ARCHIVE"],
    check: { argv: [], profile: "p" },
    verify: { argv: ["minikube", "image", "ls"], prints: "minikube", manifest: null },
    references: [A],
  };
  const environment = { ...process.env, ...programs({ minikube: script }), OUT: out };
  vi.stubEnv("TMPDIR", path.join(out, "tmp"));
  return { plan, out, environment };
}
const temporary = (out: string): string[] => readdirSync(path.join(out, "tmp")).filter((name) => name !== ".keep");

function start({ plan, environment }: { plan: LoadPlan; environment: NodeJS.ProcessEnv }) {
  const archive = new PassThrough({ highWaterMark: 4_000_000 });
  const events: BuildEvent[] = [];
  return { archive, events, loader: startLoader(plan, archive, { environment, emit: (event) => events.push(event) }) };
}

describe("an archive for a cluster", () => {
  it("goes to every node whole", async () => {
    const made = cluster('cat > "$OUT/$1"');
    const { archive, loader, events } = start(made);
    archive.end(content);
    await loader.finish(IMAGE, never);
    for (const node of ["n1", "n2"]) expect(readFileSync(path.join(made.out, node)).equals(content)).toBe(true);
    expect(events.at(-1)).toEqual({ type: "loaded", reference: A, place: "kind cluster c" });
  });

  it("is stopped by the node that fails, which is named", async () => {
    const made = cluster(
      '[ "$1" = n1 ] || { echo "ctr: write /x: no space left on device" >&2; exit 1; }; cat > /dev/null',
    );
    const { archive, loader } = start(made);
    archive.write(content);
    expect(await rejectionOf(loader.failed)).toEqual({
      code: "load-failed",
      message:
        "The image cannot be loaded into kind cluster c: node n2: ctr: write /x: no space left on device; the build was stopped.",
      hint: "Make room on that disk (of the node); then build again: what was built is in the builder's cache.",
    });
    await loader.drop();
  });

  it("has not arrived where a node holds another image", async () => {
    const { archive, loader } = start(cluster("cat > /dev/null", "sha256:2"));
    archive.end(content);
    expect(await rejectionOf(loader.finish(IMAGE, never))).toMatchObject({
      code: "load-failed",
      message: expect.stringMatching(
        /1 is pushed, but cannot be loaded into kind cluster c: node n[12]: host\/team\/a:1 is sha256:2 there, and not sha256:1\.$/,
      ),
    });
  });
});

describe("an archive for minikube", () => {
  it("is a file of a name that follows from the image's, while minikube runs", async () => {
    const made = minikube('echo "$1" > "$OUT/name"; cat "$1" > "$OUT/content"');
    const { archive, loader } = start(made);
    archive.end(content);
    await loader.finish(IMAGE, never);
    expect(readFileSync(path.join(made.out, "content")).equals(content)).toBe(true);
    expect(readFileSync(path.join(made.out, "name"), "utf8")).toMatch(/\/pergola-host_team_a\.tar\n$/);
    expect(temporary(made.out)).toEqual([]);
  });

  it("was not loaded when minikube's log says so, whatever its exit code", async () => {
    const made = minikube("echo 'I1 cache_images.go:265] failed pushing to: p-m02' >&2");
    const { archive, loader } = start(made);
    archive.end(content);
    expect(await rejectionOf(loader.finish(IMAGE, never))).toMatchObject({
      message: "host/team/a:1@sha256:1 is pushed, but cannot be loaded into minikube p: not loaded into p-m02.",
    });
    await loader.drop();
    expect(temporary(made.out)).toEqual([]);
  });

  it("was not loaded when minikube does not list it afterwards", async () => {
    const { archive, loader } = start(minikube("exit 0", []));
    archive.end(content);
    expect(await rejectionOf(loader.finish(IMAGE, never))).toMatchObject({
      message: expect.stringContaining(`${A} is not there, although loading did not fail`),
      hint: expect.stringContaining("Load it by hand to see why"),
    });
  });

  it("is gone when the build fails, and when the caller gives up while minikube runs", async () => {
    const failing = minikube("exit 0");
    const first = start(failing);
    first.archive.write(content);
    await vi.waitFor(() => expect(temporary(failing.out)).toHaveLength(1));
    await first.loader.drop();
    expect(temporary(failing.out)).toEqual([]);

    vi.unstubAllEnvs();
    const made = minikube('touch "$OUT/runs"; exec sleep 1000');
    const { archive, loader } = start(made);
    archive.end(content);
    const over = new AbortController();
    const finishing = rejectionOf(loader.finish(IMAGE, over.signal));
    await vi.waitFor(() => expect(existsSync(path.join(made.out, "runs"))).toBe(true));
    over.abort();
    expect(await finishing).toEqual({ code: "interrupted", message: "Interrupted." });
    await loader.drop();
    expect(temporary(made.out)).toEqual([]);
  });

  it("names the folder for temporary files when it cannot be written there", async () => {
    const made = minikube("exit 0");
    vi.stubEnv("TMPDIR", path.join(made.out, "nowhere"));
    const { archive, loader } = start(made);
    archive.write(content);
    expect(await rejectionOf(loader.failed)).toMatchObject({
      message: expect.stringMatching(/minikube p: its archive cannot be written to .*nowhere: ENOENT/),
      hint: expect.stringContaining("(TMPDIR)"),
    });
  });
});

describe("an image of Docker", () => {
  const SAVE = {
    archive: ["docker", "save", A],
    identify: ["docker", "image", "inspect", "--format", "{{.Id}}", A],
  };
  const io = (environment: NodeJS.ProcessEnv, signal = never) => ({ environment, emit() {}, signal });

  /** {@link cluster} whose Docker also gives out the image by this script. */
  function holding(save: string) {
    const made = cluster('cat > "$OUT/$1"');
    const [bin = ""] = made.environment.PATH.split(":");
    const own = programs({
      docker: `case "$1" in image) echo sha256:1 ;; save) ${save} ;; *) exec ${bin}/docker "$@" ;; esac`,
    });
    return { ...made, environment: { ...made.environment, PATH: own.PATH } };
  }

  it("goes into a cluster's nodes", async () => {
    const { plan, environment, out } = holding(`[ "$2" = ${A} ] && head -c 300000 /dev/zero`);
    await loadFromDocker(plan, SAVE, "host/team/a:1 is built", io(environment));
    expect(readFileSync(path.join(out, "n2"))).toHaveLength(300_000);
  });

  it("is not loaded when Docker breaks off", async () => {
    const { plan, environment } = holding(
      "head -c 300000 /dev/zero; echo 'Error response from daemon: no room' >&2; exit 1",
    );
    expect(await rejectionOf(loadFromDocker(plan, SAVE, "host/team/a:1 is built", io(environment)))).toMatchObject({
      code: "load-failed",
      message:
        "host/team/a:1 is built, but cannot be loaded into kind cluster c: Docker does not give it out: Error response from daemon: no room.",
    });
  });

  it("is not loaded when Docker does not have it, or is gone", async () => {
    const { plan, environment } = holding("exit 0");
    const lacking = programs({ docker: "echo 'Error: No such image: host/team/a:1' >&2; exit 1" });
    const loading = (own: NodeJS.ProcessEnv, save = SAVE) =>
      rejectionOf(loadFromDocker(plan, save, "a is built", io(own)));
    expect(await loading({ ...environment, ...lacking })).toMatchObject({
      message:
        "a is built, but cannot be loaded into kind cluster c: Docker does not give it out: Error: No such image: host/team/a:1.",
    });
    expect(await loading(environment, { ...SAVE, archive: ["/nowhere/docker"] })).toMatchObject({
      code: "load-failed",
      message: expect.stringContaining("Docker does not give it out: spawn /nowhere/docker ENOENT."),
    });
  });

  it("is given up with the caller", async () => {
    const { plan, environment, out } = holding('touch "$OUT/saves"; exec sleep 1000');
    const over = new AbortController();
    const loading = rejectionOf(loadFromDocker(plan, SAVE, "host/team/a:1 is built", io(environment, over.signal)));
    await vi.waitFor(() => expect(existsSync(path.join(out, "saves"))).toBe(true));
    over.abort();
    expect(await loading).toMatchObject({ code: "interrupted" });
  });
});

// What comes out of a build beside the image's files: tags, labels, annotations, attestations, OCI layouts, and caches.
import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { BUILD_NAMESPACE, build, context, kubectl, MODES, pods, setupOf } from "./environment.ts";
import { digestOf, endpoint, imageFiles, parts } from "./registry.ts";

const NAMESPACE = BUILD_NAMESPACE["cluster-buildkit"];
const BUILDKIT = ["--mode", "cluster-buildkit"];
const TYPES = ["manifest", "index"].map((type) => `application/vnd.oci.image.${type}.v1+json`);
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";

interface Manifest {
  readonly annotations?: Record<string, string>;
  readonly config?: { readonly digest: string };
  readonly manifests?: readonly { readonly digest: string; readonly annotations?: Record<string, string> }[];
}

async function read<T>(reference: string, what: string): Promise<T> {
  const { host, repository } = parts(reference);
  const accept = [...TYPES, DOCKER].join(", ");
  const answer = await fetch(`http://${endpoint(host)}/v2/${repository}/${what}`, { headers: { accept } });
  if (!answer.ok) throw new Error(`${reference}: ${answer.status}`);
  return (await answer.json()) as T;
}
const manifestOf = (reference: string): Promise<Manifest> =>
  read<Manifest>(reference, `manifests/${parts(reference).tag}`);

/** Builds one image that has to come out. */
async function built(args: readonly string[]) {
  const { code, result, stderr } = await build(args);
  expect(result.images[0]?.error, stderr).toBeNull();
  expect(code).toBe(0);
  return result.images[0]!;
}

/** The pod that builds run in. */
async function daemon(): Promise<string> {
  return (await pods(NAMESPACE)).find(({ status }) => status.phase === "Running")!.metadata.name;
}

/** Another daemon, which knows nothing: its store goes with its pod. */
async function forget(): Promise<void> {
  for (const { metadata } of await pods(NAMESPACE)) {
    await kubectl(["delete", "pod", metadata.name, "--namespace", NAMESPACE, "--grace-period", "1"]);
  }
}

describe.each(MODES)("an image of %s", (mode) => {
  it("has every tag, label and annotation asked for, and arguments as given", async () => {
    const folder = await context({
      Dockerfile: `FROM busybox:1.36
ARG EMPTY=default
ARG UNSET=default
${mode === "kaniko" ? "" : "LABEL from=dockerfile"}
RUN test "$EMPTY$UNSET" = default
`,
    });
    const flags = ["--label", "from=flag, with comma", "--label", "team=a=b", "--annotation", 'org.test.title=say "x"'];
    const names = ["--mode", mode, "--name", "test-tags", "-t", "one", "-t", "two"];
    const image = await built([folder, ...names, ...flags, "--build-arg", "EMPTY=", "--build-arg", "UNSET"]);
    expect(parts(image.reference).tag).toBe("one");
    expect(await digestOf(image.reference)).toBe(image.digest);
    expect(await digestOf(image.reference.replace(/:one$/, ":two"))).toBe(image.digest);
    const manifest = await manifestOf(image.reference);
    expect(manifest.annotations).toMatchObject({ "org.test.title": 'say "x"' });
    const config = await read<{ config: { Labels: object } }>(image.reference, `blobs/${manifest.config?.digest}`);
    expect(config.config.Labels).toMatchObject({ from: "flag, with comma", team: "a=b" });
  });
});

describe("cluster-buildkit", () => {
  it("gives steps the hosts and the network that were asked for", async () => {
    const folder = await context({
      Dockerfile: `FROM busybox:1.36
RUN grep '10[.]1[.]2[.]3.*db[.]test' /etc/hosts && grep '^::1.*six' /etc/hosts && [ "$(ls /sys/class/net)" = lo ]
`,
    });
    const flags = ["--add-host", "db.test=10.1.2.3", "--add-host", "six:::1", "--network", "none"];
    await built([folder, ...BUILDKIT, "--name", "test-network", ...flags]);
  });

  it("attaches provenance and an SBOM when asked, in a form that the registry takes", async () => {
    const scanner = await context({
      Dockerfile: `FROM busybox:1.36
COPY scan /scan
ENTRYPOINT ["/bin/sh", "/scan"]
`,
      scan: `echo '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{}}' > $BUILDKIT_SCAN_DESTINATION/sbom.spdx.json\n`,
    });
    const { reference: generator } = await built([scanner, ...BUILDKIT, "--name", "test-scanner"]);
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nCOPY Dockerfile /\n" });
    const name = [...BUILDKIT, "--name", "test-attest"];
    const plain = await manifestOf((await built([folder, ...name, "-t", "plain"])).reference);
    expect(plain.manifests).toBeUndefined();
    const flags = ["--provenance", "max", "--sbom", `generator=${generator}`, "--annotation", "index:org.test.i=j"];
    const image = await built([folder, ...name, "-t", "attested", ...flags]);
    const index = await manifestOf(image.reference);
    expect(index.annotations).toEqual({ "org.test.i": "j" });
    const attached = index.manifests?.find(({ annotations }) => annotations?.["vnd.docker.reference.type"]);
    const attestation = await read<{ layers: { annotations: Record<string, string> }[]; subject?: object }>(
      image.reference,
      `manifests/${attached?.digest}`,
    );
    expect(attestation.subject).toBeUndefined();
    expect(attestation.layers.map(({ annotations }) => annotations["in-toto.io/predicate-type"]).sort()).toEqual([
      "https://slsa.dev/provenance/v1",
      "https://spdx.dev/Document",
    ]);
  });

  it("writes an OCI layout of the same digest beside the push, and none of a build that fails", async () => {
    const folder = await context({ "good/Dockerfile": "FROM busybox:1.36\nCOPY Dockerfile /\n", "out/x": "" });
    const out = join(folder, "out");
    const image = await built([join(folder, "good"), ...BUILDKIT, "--name", "test-oci", "--output-oci", out]);
    const { stdout } = await promisify(execFile)("tar", ["-xOf", join(out, "test-oci.tar"), "index.json"]);
    expect(JSON.parse(stdout).manifests[0].digest).toBe(image.digest);
    await writeFile(join(folder, "good/Dockerfile"), "FROM busybox:1.36\nRUN false\n");
    const file = join(out, "fails.tar");
    const failed = await build([join(folder, "good"), ...BUILDKIT, "--name", "test-oci", "--output-oci", file]);
    expect(failed.code).toBe(1);
    expect((await readdir(out)).sort()).toEqual(["test-oci.tar", "x"]);
  });
});

describe("the cache in the registry", () => {
  it("of a branch starts from the main one's, which it leaves alone, and then has its own", async () => {
    const dockerfile = (...lines: string[]): string =>
      ["FROM busybox:1.36", "RUN head -c 16 /dev/urandom > /main", ...lines, ""].join("\n");
    const folder = await context({ Dockerfile: dockerfile(`# ${Math.random()}`), nonce: `${Math.random()}` });
    // The nonce makes this run's first step another one than that of the run before.
    const nonce = ["--build-arg", `NONCE=${Math.random()}`];
    const withNonce = (text: string): string => text.replace("RUN", "ARG NONCE\nRUN");
    const args = [folder, ...BUILDKIT, "--name", "test-branch", ...nonce];
    const made = async (reference: string, file: string) => (await imageFiles(reference)).get(file)?.sha256;
    await writeFile(join(folder, "Dockerfile"), withNonce(dockerfile()));
    const main = await built([...args, "-t", "main"]);
    const cache = main.reference.replace(/:main$/, ":_buildcache");
    const mainCache = await digestOf(cache);
    expect(mainCache).not.toBeNull();
    await writeFile(join(folder, "Dockerfile"), withNonce(dockerfile("RUN head -c 16 /dev/urandom > /branch")));
    await forget();
    const first = await built([...args, "-t", "branch-1", "--cache-to", "_buildcache-branch"]);
    expect(await made(first.reference, "main")).toBe(await made(main.reference, "main"));
    await forget();
    const second = await built([...args, "-t", "branch-2", "--cache-to", "_buildcache-branch"]);
    expect(await made(second.reference, "branch")).toBe(await made(first.reference, "branch"));
    expect(second).toMatchObject({ steps: 3, cachedSteps: 3 });
    expect(await digestOf(cache)).toBe(mainCache);
    expect(await digestOf(`${cache}-branch`)).not.toBeNull();
  });

  it.each<[string, object[], string[]]>([
    ["written inline", [{ tag: "i", mode: "inline" }], ["i", "v"]],
    ["inline that is only read", [{ tag: "i", mode: "inline", export: false }], ["v"]],
    ["that is only read", [{ tag: "c", export: false }], ["v"]],
    ["of no entries", [], ["v"]],
  ])("%s leaves these tags and no other", async (_, cache, tags) => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nCOPY nonce /\n", nonce: `${Math.random()}` });
    const file = join(folder, "setup-cache.json");
    await writeFile(file, JSON.stringify({ ...(await setupOf("cluster-buildkit")), cache }));
    const name = `test-cache-${Math.random().toString(36).slice(2)}`;
    const image = await built([folder, ...BUILDKIT, "--name", name, "-t", "v", "--setup", file]);
    const there = await read<{ tags: string[] }>(image.reference, "tags/list");
    expect(there.tags.sort()).toEqual(tags);
    // An inline cache is the image itself.
    if (tags.length > 1) expect(await digestOf(image.reference.replace(/:v$/, ":i"))).toBe(image.digest);
  });

  it("is an image manifest, which every registry takes, and not an index", async () => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nCOPY nonce /\n", nonce: `${Math.random()}` });
    const image = await built([folder, ...BUILDKIT, "--name", "test-manifest", "-t", "v"]);
    const cache = await read<{ mediaType: string; config: { mediaType: string } }>(
      image.reference,
      "manifests/_buildcache",
    );
    expect(cache.mediaType).toBe("application/vnd.oci.image.manifest.v1+json");
    expect(cache.config.mediaType).toBe("application/vnd.buildkit.cacheconfig.v0");
  });

  it("that its registry refuses is a warning, and the image is pushed", async () => {
    const folder = await context({ Dockerfile: "FROM busybox:1.36\nCOPY nonce /\n", nonce: `${Math.random()}` });
    await built([folder, ...BUILDKIT, "--name", "test-refused"]);
    // Takes no uploads. It is on the daemon's own loopback, where plain http needs no configuration: a daemon that starts anew
    // for another one would not find it.
    const web = ["timeout", "15", "httpd", "-f", "-p", "127.0.0.1:5999", "-h", "/etc/buildkit"];
    const server = kubectl(["exec", await daemon(), "--namespace", NAMESPACE, "--", ...web]).catch(() => "");
    const setup = await setupOf("cluster-buildkit");
    const registry = { kind: "dockerRegistry", host: "127.0.0.1:5999" };
    const file = join(folder, "setup-refused.json");
    await writeFile(file, JSON.stringify({ ...setup, cache: [{ tag: "c", registry }] }));
    const image = await built([folder, ...BUILDKIT, "--name", "test-refused", "-t", "refused", "--setup", file]);
    expect(image.warnings.join("\n")).toMatch(/exporting cache to registry: .*unexpected status from POST request/);
    expect(await digestOf(image.reference)).toBe(image.digest);
    await server;
  });
});

describe("buildkitd", () => {
  it("runs with our rules, answers du, and is brought back when it was scaled down", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const deployment = ["deployment", "pergola-buildkit", "--namespace", NAMESPACE];
    const generation = async () =>
      JSON.parse(await kubectl(["get", ...deployment, "--output", "json"])).metadata.generation as number;
    await built([folder, ...BUILDKIT, "--name", "test-daemon"]);
    const before = await generation();
    await built([folder, ...BUILDKIT, "--name", "test-daemon"]);
    expect(await generation()).toBe(before);
    const inside = async (...command: string[]): Promise<string> =>
      kubectl(["exec", await daemon(), "--namespace", NAMESPACE, "--", "buildctl", ...command]);
    const workers = await inside("debug", "workers", "--verbose");
    expect(workers).toContain("Keep duration:\t\t336h0m0s");
    expect(workers.match(/GC Policy rule/g)).toHaveLength(3);
    expect(await inside("du")).toContain("Total:");
    await kubectl(["scale", ...deployment, "--replicas", "0"]);
    await built([folder, ...BUILDKIT, "--name", "test-daemon"]);
    expect(await generation()).toBe(before + 2);
  });
});

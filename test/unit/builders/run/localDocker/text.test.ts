// docker build as text: what Docker 20.10.24 printed, as records, and as errors.
import { describe, expect, it } from "vitest";
import type { BuildEvent } from "../../../../../builders/report/events.ts";
import { BuildkitProgress } from "../../../../../builders/run/buildkit/progress.ts";
import { dockerFailure, pushFailure } from "../../../../../builders/run/localDocker/failure.ts";
import { BuildkitText, LegacyText } from "../../../../../builders/run/localDocker/records.ts";
import { pushedDigest } from "../../../../../builders/run/localDocker/wording.ts";

const BUILDKIT = `#1 [internal] load build definition from Dockerfile
#1 sha256:5389e2c124bed0dace5d30a1233894d21efe3e8b915d12ddc06fe331bb77e5a5
#1 transferring dockerfile: 188B done
#1 DONE 0.0s

#4 [one 1/2] FROM docker.io/library/busybox:1.36
#4 sha256:6961b2143f0cbb180aff576e942c751262955b3368d81db8cda48b2905f2e117
#4 DONE 0.0s

#5 [one 2/2] RUN echo hello; echo second >&2; sleep 1
#5 sha256:8704cf4bb72532c6bb0d01783fdbe18e98d53329f1914801fa56aed7b6ddd471
#5 CACHED

#6 [internal] load build context
#6 sha256:4e9a90fe4f63e1ceba33dca26d93fccad2a4170bff7b191c6c5e29fe4ed6aaa6
#6 transferring context: 1.88kB 0.0s done
#6 DONE 0.0s

#7 [stage-1 1/3] COPY Dockerfile /
#7 sha256:02fd8c642eb5484359563d860999f9a25931873b0361919f67fad133bf0417ea
#7 DONE 0.1s

#9 [stage-1 3/3] RUN echo hi
#9 sha256:b246268f410c10831fc77c1c980e3f66ce75259be6f39ccc43cf2d8eb925151a
#9 0.229 hi
#9 DONE 0.1s

#10 exporting to image
#10 sha256:e8c613e07b0b7ff33893b694f7759a10d42e180f2b4dc349fb57dc6b71dcab00
#10 exporting layers 0.2s done
#10 DONE 0.2s`;

const LEGACY = `Sending build context to Docker daemon     512B\r\rSending build context to Docker daemon  2.048kB\r\r
Step 1/4 : FROM busybox:1.36 AS one
 ---> 8ec92f7f4642
Step 2/4 : ARG A
 ---> Using cache
 ---> 152507a190c2
Step 3/4 : RUN echo hello; echo second >&2; sleep 1
 ---> Running in ac1d18a39375
hello
\u001B[91msecond
\u001B[0mRemoving intermediate container ac1d18a39375
 ---> 0fe499ac74e2
Step 4/4 : COPY Dockerfile /
 ---> Using cache
 ---> 15b9265e6157
Successfully built 15b9265e6157
Successfully tagged x:latest`;

function read(text: string, reader: BuildkitText | LegacyText): { progress: BuildkitProgress; events: BuildEvent[] } {
  const events: BuildEvent[] = [];
  const progress = new BuildkitProgress((event) => events.push(event));
  for (const line of text.split("\n")) for (const one of reader.line(line)) progress.line(one);
  return { progress, events };
}
const logs = (events: BuildEvent[]): string[] => events.flatMap((event) => (event.type === "log" ? [event.line] : []));

describe("docker build", () => {
  it("with BuildKit tells steps, what came from the cache, output and what was sent", () => {
    const { progress, events } = read(BUILDKIT, new BuildkitText());
    progress.end(true);
    expect(progress).toMatchObject({ steps: 4, cachedSteps: 2, bytesSent: 2068, errorText: "" });
    expect(progress.firstUncachedStep).toBe("[stage-1 1/3] COPY Dockerfile /");
    expect(logs(events)).toEqual(["hi"]);
  });

  it("without BuildKit tells them too", () => {
    const { progress, events } = read(LEGACY, new LegacyText());
    progress.end(true);
    expect(progress).toMatchObject({ steps: 3, cachedSteps: 2, bytesSent: 2048, errorText: "" });
    expect(progress.firstUncachedStep).toBe("[3/4] RUN echo hello; echo second >&2; sleep 1");
    expect(logs(events)).toEqual(["hello", "second"]);
    expect(events.filter((event) => event.type === "step" && event.state === "done")).toHaveLength(2);
  });

  it("reads a failing step's own words as its output, whatever they look like", () => {
    const reader = new BuildkitText();
    const { progress, events } = read("#5 [2/2] RUN x\n#5 0.100 #5 DONE 0.1s\n#5 0.200 ------\n#5 0.300", reader);
    expect(logs(events)).toEqual(["#5 DONE 0.1s", "------"]);
    expect(progress.errorText).toBe("");
  });
});

/** The error that a user sees. */
function errorOf(text: string, step: string | null, line: number | null = null, driver = "docker") {
  const failedStep = step === null ? null : { name: step, error: "", logTail: "tail" };
  const plan = {
    name: "api",
    argv: ["docker", "buildx", "build", "x"],
    docker: { client: "buildx", driver, builder: "", platform: "linux/amd64", containerdStore: false } as const,
    references: ["reg:1/a:t"],
    context: { directory: "/c", sent: "/c", dockerfile: "Dockerfile" },
  };
  return dockerFailure(plan, { errorText: text, failedStep }, line, "/home/me/.docker/config.json").data;
}

describe("the error of a build", () => {
  const ran = "[2/3] RUN exit 3";
  const loading = "[internal] load metadata for docker.io/library/nope:1";
  const lookup = 'failed to do request: Head "https://nope.invalid/v2/x/manifests/1": dial tcp: connection refused';
  it.each<[string, string, string | null, object]>([
    [
      "buildx and BuildKit 0.33",
      'Dockerfile:3\n--------------------\n   2 |     \n   3 | >>> RUN exit 3\n--------------------\nERROR: failed to build: failed to solve: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3',
      ran,
      {
        code: "build-failed",
        message: "A step failed with exit code 3 (Dockerfile:3): RUN exit 3",
        line: 3,
        logTail: "tail",
      },
    ],
    [
      "buildx and Docker 20.10",
      "ERROR: failed to build: failed to solve: executor failed running [/bin/sh -c exit 3]: exit code: 3",
      ran,
      { code: "build-failed", message: "A step failed with exit code 3 (Dockerfile:7): RUN exit 3", line: 7 },
    ],
    [
      "docker build with BuildKit",
      "------\n > [2/3] RUN exit 3:\n------\nexecutor failed running [/bin/sh -c exit 3]: exit code: 3",
      ran,
      { code: "build-failed", line: 7 },
    ],
    [
      "docker build without",
      "The command '/bin/sh -c exit 3' returned a non-zero code: 3",
      ran,
      { code: "build-failed", line: 7 },
    ],
    [
      "memory",
      "The command '/bin/sh -c x' returned a non-zero code: 137",
      ran,
      { code: "out-of-memory", hint: expect.stringContaining("Docker's daemon") },
    ],
    [
      "no base image",
      "ERROR: failed to build: failed to solve: rpc error: code = Unknown desc = failed to solve with frontend dockerfile.v0: failed to create LLB definition: docker.io/library/nope:1: not found",
      loading,
      { code: "base-image-missing", line: 7 },
    ],
    [
      "no base image, without BuildKit",
      "manifest for nope:1 not found: manifest unknown: manifest unknown",
      "[1/2] FROM nope:1",
      { code: "base-image-missing" },
    ],
    [
      "a base image that is denied",
      "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      "[1/2] FROM nope:1",
      { code: "pull-denied", hint: expect.stringContaining("/home/me/.docker/config.json") },
    ],
    [
      "a registry that is not there",
      `failed to solve with frontend dockerfile.v0: failed to create LLB definition: ${lookup}`,
      "[internal] load metadata for nope.invalid/x:1",
      {
        code: "registry-unreachable",
        message: expect.stringMatching(/^The registry nope\.invalid, .*from Docker's daemon/),
      },
    ],
    [
      "a missing file",
      'ERROR: failed to build: failed to solve: failed to compute cache key: "/nope" not found: not found',
      "[1/1] COPY nope /",
      { message: "The build context has no /nope (Dockerfile:7)." },
    ],
    [
      "a missing file, without BuildKit",
      "COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist",
      "[1/1] COPY nope /",
      { message: "The build context has no /nope (Dockerfile:7)." },
    ],
    [
      "what is no instruction",
      "Error response from daemon: dockerfile parse error line 2: unknown instruction: RUNN",
      null,
      { code: "build-failed", line: 2 },
    ],
    [
      "a full disk",
      "failed to solve: mkdir /x: no space left on device",
      "[1/1] COPY a /",
      { hint: expect.stringContaining("docker system prune") },
    ],
    [
      "an unknown flag",
      "unknown flag: --nosuch\nSee 'docker build --help'.",
      null,
      { code: "image-definition", message: "The flag --nosuch of image api is none that docker buildx build knows." },
    ],
    [
      "a daemon that went away",
      "ERROR: failed to build: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
      ran,
      { code: "builder-gone" },
    ],
  ])("%s", (_, text, step, expected) => {
    expect(errorOf(text, step, 7)).toMatchObject(expected);
  });
});

describe("a builder of buildx with a configuration of its own", () => {
  it.each<[string, object]>([
    [
      "http: server gave HTTP response to HTTPS client",
      { code: "registry-unreachable", hint: expect.stringMatching(/--buildkitd-config .* http = true .*"reg:1"/) },
    ],
    [
      "tls: failed to verify certificate: x509: certificate signed by unknown authority",
      { code: "registry-untrusted", hint: expect.stringMatching(/--buildkitd-config .* ca = .*"reg:1"/) },
    ],
    [
      "dial tcp: connection refused",
      { message: expect.stringContaining("cannot be reached from the builder of docker buildx") },
    ],
  ])("is told of where it is configured: %s", (why, expected) => {
    const text = `ERROR: failed to build: failed to solve: failed to push reg:1/a:t: failed to do request: Head "https://reg:1/v2/a/blobs/x": ${why}`;
    expect(errorOf(text, "exporting to image", null, "docker-container")).toMatchObject(expected);
  });
});

describe("a push", () => {
  const refused = (why: string) => pushFailure("reg.example/a:t", why, "/home/me/.docker/config.json").data;
  it.each<[string, object]>([
    [
      "denied: requested access to the resource is denied",
      { code: "push-denied", hint: expect.stringContaining("docker login reg.example") },
    ],
    ["unauthorized: authentication required", { code: "push-denied" }],
    ["no basic auth credentials", { code: "push-denied" }],
    [
      'Get "https://reg.example/v2/": http: server gave HTTP response to HTTPS client',
      { code: "registry-unreachable", hint: expect.stringContaining('"insecure-registries": ["reg.example"]') },
    ],
    [
      'Get "https://reg.example/v2/": x509: certificate signed by unknown authority',
      { code: "registry-untrusted", hint: expect.stringContaining("/etc/docker/certs.d/reg.example/ca.crt") },
    ],
    [
      'Get "https://reg.example/v2/": dial tcp 1.2.3.4:443: connect: connection refused',
      { code: "registry-unreachable" },
    ],
    ["toomanyrequests: slow down", { code: "rate-limited" }],
    ["name unknown: repository not found", { code: "repository-not-provisioned" }],
    ["Cannot connect to the Docker daemon at unix:///s. Is the docker daemon running?", { code: "builder-gone" }],
    ["something else", { code: "build-failed", message: "reg.example/a:t cannot be pushed: something else" }],
  ])("%s", (why, expected) => {
    expect(refused(why)).toMatchObject(expected);
  });

  it("ends with the registry's digest", () => {
    const digest = `sha256:${"ab".repeat(32)}`;
    expect(pushedDigest(`6699c98294bd: Pushed\n1: digest: ${digest} size: 942`)).toBe(digest);
    expect(pushedDigest("6699c98294bd: Pushed")).toBeNull();
  });
});

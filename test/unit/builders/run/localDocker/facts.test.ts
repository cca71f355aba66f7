import { describe, expect, it } from "vitest";
import { type Answer, type Answers, readFacts } from "../../../../../builders/run/localDocker/facts.ts";
import { errorOf } from "../../samples.ts";

const said = (stdout: string): Answer => ({ code: 0, stdout, stderr: "" });
const failed = (stderr: string, stdout = ""): Answer => ({ code: 1, stdout, stderr });
const versions = (client: string, api = "1.41"): Answer =>
  said(
    JSON.stringify({
      Client: { Version: client },
      Server: { Version: "20.10.24+dfsg1", ApiVersion: api, Os: "linux", Arch: "amd64" },
    }),
  );
const noPlugin = failed("docker: 'buildx' is not a docker command.\nSee 'docker --help'\n");
const inspected = (driver: string, platforms: string): Answer =>
  said(
    `Name:   mine\nDriver: ${driver}\n\nNodes:\nName:     mine0\nStatus:   running\nPlatforms:        ${platforms}\n`,
  );

/** Debian's docker.io 20.10.24 without buildx. */
const PLAIN: Answers = {
  version: versions("20.10.24+dfsg1"),
  buildx: noPlugin,
  builder: noPlugin,
  store: said('[["Backing Filesystem","extfs"]]'),
};
const BUILDX: Answers = {
  ...PLAIN,
  buildx: said("github.com/docker/buildx v0.30.0 \n"),
  builder: inspected("docker", "linux/amd64, linux/386"),
};

describe("what Docker there is", () => {
  it.each<[string, Answers, NodeJS.ProcessEnv, object]>([
    [
      "buildx with the daemon's own builder",
      BUILDX,
      {},
      { client: "buildx", driver: "docker", builder: "", platform: "linux/amd64" },
    ],
    [
      "buildx with a builder of its own",
      { ...BUILDX, builder: inspected("docker-container", "linux/arm64*, linux/amd64") },
      {},
      { driver: "docker-container", builder: "mine", platform: "linux/arm64" },
    ],
    [
      "containerd's store",
      { ...BUILDX, store: said('[["driver-type","io.containerd.snapshotter.v1"]]') },
      {},
      { containerdStore: true },
    ],
    ["BuildKit in docker build", PLAIN, {}, { client: "buildkit", containerdStore: false }],
    ["BuildKit that somebody does not want", PLAIN, { DOCKER_BUILDKIT: "0" }, { client: "legacy" }],
    ["a client that leaves BuildKit to buildx", { ...PLAIN, version: versions("28.5.1") }, {}, { client: "legacy" }],
  ])("%s", (_, answers, environment, expected) => {
    expect(readFacts(answers, environment)).toMatchObject(expected);
  });

  const NOWHERE = "unable to resolve docker endpoint: ";
  it.each<[string, NodeJS.ProcessEnv, object]>([
    [
      `${NOWHERE}context "nope" does not exist`,
      { DOCKER_CONTEXT: "nope" },
      {
        code: "usage",
        message: `Docker's client does not know where its daemon is (DOCKER_CONTEXT=nope): context "nope" does not exist`,
        hint: expect.stringContaining("docker context ls"),
      },
    ],
    [
      `Failed to initialize: ${NOWHERE}context "old": context not found`,
      {},
      { code: "usage", message: `Docker's client does not know where its daemon is: context "old": context not found` },
    ],
    [
      `${NOWHERE}Invalid bind address format: unxi:///s`,
      { DOCKER_HOST: "unxi:///s", DOCKER_CONTEXT: "nope" },
      {
        code: "usage",
        message:
          "Docker's client does not know where its daemon is (DOCKER_HOST=unxi:///s): Invalid bind address format: unxi:///s",
      },
    ],
    [
      "Cannot connect to the Docker daemon at tcp://x:1. Is the docker daemon running?",
      { DOCKER_HOST: "tcp://x:1" },
      { code: "builder-not-ready", hint: expect.stringContaining("it is asked for by DOCKER_HOST=tcp://x:1") },
    ],
    [
      'error during connect: Get "http://docker.example.com/v1.24/version": command [ssh -- x] has exited with 255',
      { DOCKER_HOST: "ssh://x" },
      { message: "Docker's daemon does not answer: command [ssh -- x] has exited with 255" },
    ],
  ])("says what leads to no daemon: %s", (text, environment, expected) => {
    expect(errorOf(() => readFacts({ ...BUILDX, version: failed(text) }, environment))).toMatchObject(expected);
  });

  it.each<[string, Partial<Answers>, object]>([
    [
      "no docker",
      { version: null },
      { code: "builder-tool-missing", message: expect.stringContaining("no docker on the PATH") },
    ],
    [
      "no daemon",
      {
        version: failed(
          "Cannot connect to the Docker daemon at unix:///s. Is the docker daemon running?\n",
          '{"Client":{},"Server":null}',
        ),
      },
      {
        code: "builder-not-ready",
        message:
          "Docker's daemon does not answer: Cannot connect to the Docker daemon at unix:///s. Is the docker daemon running?",
      },
    ],
    [
      "no right to talk to it",
      { version: failed("permission denied while trying to connect to the Docker daemon socket at unix:///s\n") },
      { code: "builder-not-ready", hint: expect.stringContaining("group docker") },
    ],
    [
      "an old daemon",
      { version: versions("20.10", "1.35") },
      { code: "mode-unsupported", message: expect.stringContaining("older than 18.09") },
    ],
    [
      "an old buildx",
      { buildx: said("github.com/docker/buildx v0.9.1 abc\n") },
      { code: "builder-tool-missing", message: "docker buildx is version 0.9.1, older than 0.13." },
    ],
    [
      "a builder that is gone",
      { builder: failed('ERROR: no builder "mine" found\n') },
      {
        code: "builder-not-ready",
        message: 'The builder that docker buildx is to use cannot be had: no builder "mine" found',
      },
    ],
  ])("says that there is %s", (_, answers, expected) => {
    expect(errorOf(() => readFacts({ ...BUILDX, ...answers }, {}))).toMatchObject(expected);
  });
});

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  answerCredentials,
  type RunInPod,
  serveCredentials,
} from "../../../../../builders/run/buildkit/credentials.ts";
import { credentialSource } from "../../../../../builders/run/buildkit/dockerConfig.ts";

const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });

describe("credentialSource", () => {
  it.each([
    ["an entry", { auths: { "r:5000": auth("user:pa:ss") } }, "r:5000", { username: "user", secret: "pa:ss" }],
    [
      "an entry with a URL as its key",
      { auths: { "https://r:5000/v2/": auth("u:p") } },
      "r:5000",
      { username: "u", secret: "p" },
    ],
    [
      "an identity token",
      { auths: { r: { identitytoken: "refresh" } } },
      "r",
      { username: "<token>", secret: "refresh" },
    ],
    [
      "the host's helper before the entry",
      { auths: { r: auth("u:p") }, credHelpers: { r: "ecr-login" } },
      "r",
      { helper: "ecr-login" },
    ],
    ["the store before the entry", { auths: { r: auth("u:p") }, credsStore: "desktop" }, "r", { helper: "desktop" }],
    [
      "Docker Hub by any of its names",
      { auths: { "https://index.docker.io/v1/": auth("u:p") } },
      "registry-1.docker.io",
      { username: "u", secret: "p" },
    ],
    ["nothing for another host", { auths: { "r:5000": auth("u:p") } }, "r:5001", null],
    ["nothing in an empty config", {}, "r", null],
  ])("finds %s", (_, config, host, expected) => {
    expect(credentialSource(config, host)).toEqual(expected);
  });
});

/** A pod whose config names a helper for every host; the helper answers as told. */
const pod =
  (
    config: object,
    helper: { exitCode: number | null; stdout?: string; message?: string } = { exitCode: 0 },
  ): RunInPod =>
  async (command) => {
    const answer = { exitCode: 0, message: "", stdout: "", stderr: "" };
    return command[0] === "cat" ? { ...answer, stdout: JSON.stringify(config) } : { ...answer, ...helper };
  };
const HELPED = { credHelpers: { r: "ecr-login" } };
const ask = (run: RunInPod) => answerCredentials("r", "/.docker/config.json", "builder-1", run);

describe("answers about credentials", () => {
  it("hands on what the helper in the pod says", async () => {
    const stdout = '{"ServerURL":"r","Username":"AWS","Secret":"token"}\n';
    expect(await ask(pod(HELPED, { exitCode: 0, stdout }))).toEqual({ username: "AWS", secret: "token" });
  });

  it("is anonymous when the helper has nothing", async () => {
    expect(await ask(pod(HELPED, { exitCode: 1, stdout: "credentials not found in native keychain\n" }))).toEqual({
      notFound: true,
    });
  });

  it.each([
    [
      "fails",
      { exitCode: 1, stdout: "AccessDenied: role x" },
      "docker-credential-ecr-login in pod builder-1 failed for r: AccessDenied: role x",
    ],
    [
      "answers with anything else",
      { exitCode: 0, stdout: "not json" },
      "docker-credential-ecr-login in pod builder-1 did not answer with credentials for r",
    ],
    [
      "is not in the image",
      { exitCode: null, message: 'exec: "docker-credential-ecr-login": executable file not found in $PATH: unknown' },
      "the builder's image has no docker-credential-ecr-login, which /.docker/config.json in pod builder-1 names for r",
    ],
  ])("names the helper when it %s", async (_, helper, error) => {
    expect(await ask(pod(HELPED, helper))).toEqual({ error });
  });
});

describe("the credential helper that buildctl calls", () => {
  const directories: string[] = [];
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
  });

  /** Runs `docker-credential-pergola OPERATION` as buildctl does. */
  async function call(run: RunInPod, operation = "get", host = "r") {
    const directory = await mkdtemp(path.join(tmpdir(), "shim-"));
    directories.push(directory);
    const server = await serveCredentials(directory, "/.docker/config.json", "builder-1", run);
    const child = spawn(path.join(server.binDirectory, "docker-credential-pergola"), [operation]);
    let stdout = "";
    child.stdout.on("data", (text) => {
      stdout += text;
    });
    child.stdin.end(`${host}\n`);
    const code = await new Promise((resolve) => child.on("close", resolve));
    const { failure } = server;
    await server.close();
    const config = await readFile(path.join(directory, "config.json"), "utf8");
    return { code, stdout: stdout.trim(), failure, config };
  }

  it("answers in docker's words, and leaves no secret in any file", async () => {
    const { code, stdout, failure, config } = await call(pod({ auths: { r: auth("user:s3cret") } }));
    expect([code, JSON.parse(stdout), failure]).toEqual([
      0,
      { ServerURL: "r", Username: "user", Secret: "s3cret" },
      null,
    ]);
    expect(config).toBe('{"credsStore":"pergola"}');
  });

  it("says that there are none in the one sentence that means anonymous", async () => {
    expect(await call(pod({}))).toMatchObject({
      code: 1,
      stdout: "credentials not found in native keychain",
      failure: null,
    });
  });

  it("says on stdout, where buildctl looks, what failed, and remembers it", async () => {
    const { code, stdout, failure } = await call(pod(HELPED, { exitCode: 1, stdout: "AccessDenied" }));
    expect([code, stdout]).toEqual([
      1,
      "pergola: docker-credential-ecr-login in pod builder-1 failed for r: AccessDenied",
    ]);
    expect(failure).toContain("AccessDenied");
  });

  it("refuses to store credentials", async () => {
    expect(await call(pod({}), "store")).toMatchObject({
      code: 1,
      stdout: "pergola: only reads credentials, it does not store",
    });
  });
});

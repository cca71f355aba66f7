import { spawn } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { CredentialMask } from "../../../../../builders/run/buildkit/credentialMask.ts";
import { type CredentialPlace, clientPlace, podPlace } from "../../../../../builders/run/buildkit/credentialPlaces.ts";
import { answerCredentials, serveCredentials } from "../../../../../builders/run/buildkit/credentials.ts";
import { credentialSource } from "../../../../../builders/run/buildkit/dockerConfig.ts";
import { folder } from "../../samples.ts";

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
    ["an entry that cannot be read", { auths: { r: { auth: "bm8gY29sb24=" } } }, "r", { broken: true }],
    ["nothing for another host", { auths: { "r:5000": auth("u:p") } }, "r:5001", null],
    ["nothing in an empty config", {}, "r", null],
  ])("finds %s", (_, config, host, expected) => {
    expect(credentialSource(config, host)).toEqual(expected);
  });
});

const HELPED = { credHelpers: { r: "fake" } };
const NONE = "credentials not found in native keychain";

/** A docker config on this machine with a helper that is a real program: `body` is what its shell script does. */
function machine(config: object | string, body?: string): { place: CredentialPlace; directory: string } {
  const directory = folder({ "config.json": typeof config === "string" ? config : JSON.stringify(config) });
  const bin = folder(body === undefined ? {} : { "docker-credential-fake": `#!/bin/sh\n${body}\n` });
  if (body !== undefined) chmodSync(path.join(bin, "docker-credential-fake"), 0o755);
  return { place: clientPlace(directory, { PATH: `${bin}:/usr/bin:/bin` }), directory };
}

/** A pod in which every command ends like this. */
const pod = (config: object, ended: { exitCode: number | null; stdout?: string; message?: string }): CredentialPlace =>
  podPlace(
    {
      run: async ({ command }) => {
        const answer = { exitCode: 0, message: "", stdout: "", stderr: "" };
        return command[0] === "cat" ? { ...answer, stdout: JSON.stringify(config) } : { ...answer, ...ended };
      },
    },
    { namespace: "builds", pod: "builder-1", container: "buildkitd" },
    "/.docker/config.json",
    new AbortController().signal,
  );

describe("answers about credentials", () => {
  it.each<[string, string, object]>([
    [
      "what it says",
      `read host; printf '{"ServerURL":"%s","Username":"AWS","Secret":"of %s"}' "$host" "$host"`,
      { username: "AWS", secret: "of r" },
    ],
    [
      "what it says without reading the question",
      `echo '{"Username":"u","Secret":"s"}'`,
      { username: "u", secret: "s" },
    ],
    ["anonymous when it has nothing", `echo "${NONE}"; exit 1`, { notFound: true }],
    ["anonymous when both are empty", `echo '{"Username":"","Secret":""}'`, { notFound: true }],
  ])("are, of a helper, %s", async (_, body, expected) => {
    expect(await answerCredentials("r", machine(HELPED, body).place)).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ["fails with words on stdout", 'echo "AccessDenied: role x"; exit 1', "failed for r: AccessDenied: role x"],
    ["fails with words on stderr", 'echo "no\n  session" >&2; exit 3', "failed for r: no session"],
    ["fails without a word", "exit 7", "failed for r: exit code 7"],
    ["is killed", "kill -9 $$", "failed for r: it was ended by SIGKILL"],
    [
      "says more than that it found nothing",
      `echo "${NONE}: the keychain is locked"; exit 1`,
      `failed for r: ${NONE}: the keychain is locked`,
    ],
    ["answers nothing", "true", "answered nothing for r"],
    ["answers in anything but JSON", "echo 's3cret-token'", "did not answer in JSON for r"],
    ["answers with a list", "echo '[]'", "did not answer in JSON for r"],
    [
      "answers without a secret",
      `echo '{"Username":"u","Password":"s3cret-token"}'`,
      "answered without Username and Secret for r",
    ],
    [
      "fails and lets the secret out",
      `echo '{"Username":"u","Secret":"s3cret-\\\\"token"}'; exit 1`,
      'failed for r: {"Username":"u","Secret":"***"}',
    ],
    ["hangs", "sleep 60 & sleep 60", "did not answer for r within 0.5 s"],
  ])("name a helper that %s", async (_, body, expected) => {
    const answer = await answerCredentials("r", machine(HELPED, body).place, 0.5);
    expect(answer).toEqual({ error: `docker-credential-fake on this machine ${expected}` });
    expect(JSON.stringify(answer)).not.toContain("token");
  });

  it("end a helper that hangs, with what it started", async () => {
    const marker = path.join(folder({}), "lived-on");
    const { place } = machine(HELPED, `(sleep 1; touch '${marker}') & sleep 60`);
    await answerCredentials("r", place, 0.3);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(existsSync(marker)).toBe(false);
  });

  it.each<[string, { exitCode: number | null; stdout?: string; message?: string }, string]>([
    [
      "containerd's words",
      {
        exitCode: null,
        message:
          'OCI runtime exec failed: exec failed: unable to start container process: exec: "docker-credential-fake": executable file not found in $PATH: unknown',
      },
      "there is no program docker-credential-fake in pod builder-1, which /.docker/config.json names for r",
    ],
    [
      "crun's words",
      { exitCode: null, message: "executable file `docker-credential-fake` not found in $PATH: No such file" },
      "there is no program docker-credential-fake in pod builder-1, which /.docker/config.json names for r",
    ],
    [
      "a connection that was lost",
      { exitCode: null, message: "the connection to the pod was lost: ECONNRESET" },
      "docker-credential-fake in pod builder-1 failed for r: the connection to the pod was lost: ECONNRESET",
    ],
  ])("tell a helper that is missing from one that failed: %s", async (_, ended, error) => {
    expect(await answerCredentials("r", pod(HELPED, ended))).toEqual({ error });
  });

  it("name a helper that this machine lacks", async () => {
    const { place, directory } = machine(HELPED);
    expect(await answerCredentials("r", place)).toEqual({
      error: `there is no program docker-credential-fake on this machine, which ${directory}/config.json names for r`,
    });
  });

  it("are anonymous without a config, and name one that cannot be read", async () => {
    const { place, directory } = machine({});
    expect(await answerCredentials("r", place)).toEqual({ notFound: true });
    await rm(path.join(directory, "config.json"));
    expect(await answerCredentials("r", place)).toEqual({ notFound: true });
    const file = `${directory}/config.json on this machine`;
    for (const text of ["{", "null", "[]", '"x"']) {
      const { place: broken, directory: at } = machine(text);
      expect(await answerCredentials("r", broken)).toEqual({
        error: `${at}/config.json on this machine is not valid JSON of a docker config`,
      });
    }
    const refusing = { ...place, read: async () => Promise.reject(new Error("EACCES: permission denied")) };
    expect(await answerCredentials("r", refusing)).toEqual({
      error: `${file} cannot be read: EACCES: permission denied`,
    });
    const silent = { ...place, read: () => new Promise<null>(() => {}) };
    expect(await answerCredentials("r", silent, 0.1)).toEqual({ error: `${file} could not be read within 0.1 s` });
  });
});

describe("the credential helper that buildctl calls", () => {
  /** Runs `docker-credential-pergola OPERATION` as buildctl does. */
  async function call(
    place: CredentialPlace,
    more: { operation?: string; host?: string; env?: object; limits?: { helper: number; shim: number } } = {},
  ) {
    const directory = folder({ "with space/x": "" });
    const server = await serveCredentials(path.join(directory, "with space"), place, more.limits);
    const child = spawn(path.join(server.binDirectory, "docker-credential-pergola"), [more.operation ?? "get"], {
      env: { ...process.env, ...more.env },
    });
    let stdout = "";
    child.stdout.on("data", (text) => {
      stdout += text;
    });
    child.stdin.on("error", () => {});
    child.stdin.end(more.host ?? "r");
    const code = await new Promise((resolve) => child.on("close", resolve));
    const { failure } = server;
    const files = readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8"));
    const config = readFileSync(path.join(directory, "with space", "config.json"), "utf8");
    await server.close();
    return { code, stdout: stdout.trim(), failure, files: files.join("\n"), config, server };
  }

  it("answers in docker's words, and leaves no secret in any file nor in what is shown later", async () => {
    const { place } = machine({ auths: { r: auth("user:s3cret") } });
    const { code, stdout, failure, files, config, server } = await call(place);
    expect([code, JSON.parse(stdout), failure]).toEqual([
      0,
      { ServerURL: "r", Username: "user", Secret: "s3cret" },
      null,
    ]);
    expect(config).toBe('{"credsStore":"pergola"}');
    expect(files).not.toContain("s3cret");
    expect(server.mask(`Basic ${auth("user:s3cret").auth}, s3cret`)).toBe("Basic ***, ***");
  });

  it("neither writes to the docker config that it reads, nor changes its times", async () => {
    const { place, directory } = machine({ auths: { r: auth("user:s3cret") } });
    const state = () => readdirSync(directory).map((name) => [name, statSync(path.join(directory, name)).mtimeMs]);
    const before = state();
    await call(place);
    expect(state()).toEqual(before);
  });

  it("says that there are none in the one sentence that means anonymous", async () => {
    expect(await call(machine({}).place)).toMatchObject({ code: 1, stdout: NONE, failure: null });
  });

  it("says on stdout, where buildctl looks, what failed, and remembers it", async () => {
    const { code, stdout, failure } = await call(machine(HELPED, "echo AccessDenied; exit 1").place);
    expect([code, stdout]).toEqual([1, "pergola: docker-credential-fake on this machine failed for r: AccessDenied"]);
    expect(failure).toContain("AccessDenied");
  });

  it("gives up a helper that hangs before buildctl's own patience matters", async () => {
    const { code, stdout } = await call(machine(HELPED, "sleep 60").place, { limits: { helper: 0.5, shim: 20 } });
    expect([code, stdout]).toEqual([
      1,
      "pergola: docker-credential-fake on this machine did not answer for r within 0.5 s",
    ]);
  });

  it("gives up a runner that does not answer", async () => {
    const { place } = machine(HELPED, `sleep 2; echo "${NONE}"; exit 1`);
    expect(await call(place, { limits: { helper: 15, shim: 0.5 } })).toMatchObject({
      code: 1,
      stdout: "pergola: no answer about credentials within 0.5 s",
    });
  });

  it("prints nothing but its answer, whatever the user has Node print", async () => {
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent('console.log("noise")')}` };
    expect(await call(machine({}).place, { env })).toMatchObject({ code: 1, stdout: NONE });
  });

  it("refuses to store credentials", async () => {
    expect(await call(machine({}).place, { operation: "store" })).toMatchObject({
      code: 1,
      stdout: "pergola: only reads credentials, it does not store",
    });
  });
});

describe("the mask", () => {
  it.each([
    ["as it is", 'p"a<ss\\word', 'got p"a<ss\\word!', "got ***!"],
    ["as JSON", 'p"a<ss\\word', JSON.stringify({ s: 'p"a<ss\\word' }), '{"s":"***"}'],
    ["as Go's JSON", "pa<ss>word", '{"s":"pa\\u003css\\u003eword"}', '{"s":"***"}'],
    ["in a URL", "pass/word", "https://u:pass%2Fword@r/", "https://u:***@r/"],
    ["one that is too short to be told from words", "a", "a b a", "a b a"],
  ])("covers a secret %s", (_, secret, text, expected) => {
    const mask = new CredentialMask();
    mask.add("user", secret);
    expect(mask.apply(text)).toBe(expected);
  });

  it("covers the longer of two secrets first", () => {
    const mask = new CredentialMask();
    mask.add("a", "secret");
    mask.add("b", "secret-and-more");
    expect(mask.apply("secret-and-more, secret")).toBe("***, ***");
  });
});

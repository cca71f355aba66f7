import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DockerConfig, dockerConfigText, mergeDockerConfigs } from "../../../../infra/documents/dockerConfig.ts";
import { readDockerConfig, widerKeys } from "../../../../infra/documents/givenDockerConfig.ts";
import { DOCKER_HUB_KEY } from "../../../../infra/documents/registryHost.ts";

const AUTH = Buffer.from("user:hunter2").toString("base64");
const auths = (entries: object, more: object = {}) => JSON.stringify({ auths: entries, ...more });

describe("a docker config that somebody brings", () => {
  test.each<[string, string, DockerConfig]>([
    [
      "by host",
      auths({ "r.example:5000": { auth: AUTH } }),
      { auths: { "r.example:5000": { auth: AUTH } }, credHelpers: {} },
    ],
    [
      "as kubectl create secret docker-registry writes it",
      auths({ "r.example": { username: "user", password: "hunter2", email: "u@r.example", auth: AUTH } }),
      { auths: { "r.example": { auth: AUTH } }, credHelpers: {} },
    ],
    [
      "with user and password alone",
      auths({ "r.example": { username: "user", password: "hunter2" } }),
      { auths: { "r.example": { auth: AUTH } }, credHelpers: {} },
    ],
    [
      "by URL",
      auths({ "https://r.example/v1/": { auth: AUTH } }),
      { auths: { "r.example": { auth: AUTH } }, credHelpers: {} },
    ],
    ...["docker.io", "index.docker.io", "https://index.docker.io/v1/", "registry-1.docker.io", "hub.docker.com"].map(
      (name): [string, string, DockerConfig] => [
        `for Docker Hub as ${name}`,
        auths({ [name]: { auth: AUTH } }),
        { auths: { [DOCKER_HUB_KEY]: { auth: AUTH } }, credHelpers: {} },
      ],
    ),
    [
      "with helpers, and what is for Docker alone",
      JSON.stringify({ credHelpers: { "eu.gcr.io": "gcr" }, HttpHeaders: { a: "b" }, credsStore: "desktop" }),
      { auths: {}, credHelpers: { "eu.gcr.io": "gcr" } },
    ],
    [
      "for a path below a host, which the kubelet goes by",
      auths({ "r.example/team": { auth: AUTH } }),
      { auths: { "r.example/team": { auth: AUTH } }, credHelpers: {} },
    ],
  ])("%s", (_, text, config) => expect(readDockerConfig(text)).toEqual(config));

  test.each<[string, string, string]>([
    ["no JSON", "hunter2", 'is no docker config JSON: {"auths": {"HOST": {"auth": "..."}}}'],
    ["a list", "[]", 'is no docker config JSON: {"auths": {"HOST": {"auth": "..."}}}'],
    ["auths that are text", JSON.stringify({ auths: "hunter2" }), "is no docker config JSON: auths is no object"],
    [
      "helpers that are a list",
      JSON.stringify({ credHelpers: ["a"] }),
      "is no docker config JSON: credHelpers is no object",
    ],
    ["nothing", "{}", "has no login: neither auths nor credHelpers has an entry"],
    [
      "entries whose logins are elsewhere",
      auths({ "r.example": {} }, { credsStore: "desktop" }),
      "has no user and password for r.example: it is in the credential store desktop of the machine that it is from",
    ],
    ["an entry without a colon", auths({ "r.example": { auth: "YQ==" } }), "has no user and password for r.example"],
    [
      "a token of a login",
      auths({ "r.azurecr.io": { auth: "MDAwMDo=", identitytoken: "hunter2" } }),
      "has a token for r.azurecr.io that a login on somebody's machine gave; it needs user and password",
    ],
    [
      "a helper that is none",
      JSON.stringify({ credHelpers: { "r.example": 1 } }),
      "names no credential helper for r.example",
    ],
    [
      "a helper for a foreign host",
      JSON.stringify({ credHelpers: { "r.example": "ecr-login" } }),
      'names the credential helper "ecr-login" for r.example, which only knows Amazon ECR registries, and r.example is none',
    ],
    [
      "a login and a helper for one registry",
      auths({ "gcr.io": { auth: AUTH } }, { credHelpers: { "gcr.io": "gcr" } }),
      "has a login and the credential helper gcr for the registry gcr.io",
    ],
    [
      "Docker Hub twice",
      auths({ "docker.io": { auth: AUTH }, [DOCKER_HUB_KEY]: { username: "other", password: "x" } }),
      `has two different logins for the registry ${DOCKER_HUB_KEY}`,
    ],
  ])("%s is refused, without a word of its logins", (_, text, message) => {
    expect(() => readDockerConfig(text)).toThrow(expect.objectContaining({ name: "DockerConfigError", message }));
    expect(message).not.toMatch(/hunter2|dXNlc/);
  });

  test("names more than hosts by keys that builders do not match", () => {
    const config = readDockerConfig(
      auths({ "*.r.example": { auth: AUTH }, "r.example/a": { auth: AUTH }, "docker.io": { auth: AUTH } }),
    );
    expect(widerKeys(config)).toEqual(["*.r.example", "r.example/a"]);
  });
});

describe("reading and merging, for any configs of different hosts", () => {
  const login = fc
    .tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ minLength: 1 }))
    .map(([username, password]) => ({ username, password }));
  const configs = fc
    .uniqueArray(
      fc.record({
        host: fc.oneof(fc.constant("docker.io"), fc.stringMatching(/^[a-z][a-z0-9]{0,8}\.example(:[1-9]\d{0,3})?$/)),
        entry: fc.oneof(login, fc.stringMatching(/^x[a-z]{1,8}$/)),
      }),
      { selector: ({ host }) => host, minLength: 1 },
    )
    .map((all) =>
      all.map(({ host, entry }) =>
        JSON.stringify(typeof entry === "string" ? { credHelpers: { [host]: entry } } : { auths: { [host]: entry } }),
      ),
    );

  test("what was merged reads as itself, has every login, and no host in both maps", () => {
    fc.assert(
      fc.property(configs, (texts) => {
        const merged = mergeDockerConfigs(texts.map(readDockerConfig));
        expect(readDockerConfig(dockerConfigText(merged))).toEqual(merged);
        const [byPassword, byHelper] = [Object.keys(merged.auths), Object.keys(merged.credHelpers)];
        expect(byPassword.length + byHelper.length).toBe(texts.length);
        expect(byPassword.filter((host) => byHelper.includes(host))).toEqual([]);
      }),
    );
  });

  test("a conflict is named by its host alone", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,8}\.example$/), login, login, (host, one, other) => {
        fc.pre(one.username !== other.username);
        const parts = [one, other].map((entry) => readDockerConfig(auths({ [host]: entry })));
        expect(() => mergeDockerConfigs(parts)).toThrow(`two different logins for the registry ${host}`);
      }),
    );
  });
});

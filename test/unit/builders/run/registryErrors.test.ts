import { describe, expect, it } from "vitest";
import {
  isLayerRace,
  type RegistryProblem,
  registryError,
  registryProblem,
} from "../../../../builders/run/registryErrors.ts";

/** What BuildKit 0.33.1 wrote about a registry that answered so, and what kaniko's library words alike. */
const SAID: [text: string, problem: RegistryProblem | null][] = [
  ["unexpected status from HEAD request to http://r:5000/v2/a/manifests/1: 401 Unauthorized", "denied"],
  ["unexpected status from HEAD request to http://r:5000/v2/a/manifests/1: 403 Forbidden\ndenied", "denied"],
  ["GET https://r/v2/a/manifests/1: unexpected status code 401 Unauthorized", "denied"],
  ["unexpected status from HEAD request to http://r:5000/v2/a/manifests/1: 429 Too Many Requests", "limited"],
  ["toomanyrequests: You have reached your unauthenticated pull rate limit.", "limited"],
  [
    "unexpected status from POST request to http://r:5000/v2/a/blobs/uploads/: 503 Service Unavailable: <html>",
    "failing",
  ],
  ["unknown: repository name not known to registry", "missing"],
  ["r:5000/a:1: not found", "missing"],
  [
    'Head "https://r/v2/a/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    "untrusted",
  ],
  ['Head "https://r/v2/a/manifests/1": http: server gave HTTP response to HTTPS client', "unreachable"],
  ['Head "https://r/v2/a/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused', "unreachable"],
  ["the Dockerfile cannot be empty", null],
];

describe("registryProblem", () => {
  it.each(SAID)("judges %s", (text, problem) => {
    expect(registryProblem(text)).toBe(problem);
  });

  it.each(["app:401", "app:429", "app:503", "forbidden/denied:404", "not found"])(
    "takes no word of the name %s for the registry's",
    (name) => {
      const request = `https://r/v2/${name.replace(":", "/manifests/")}`;
      expect(registryProblem(`r/${name}: Head "${request}": dial tcp: connection refused`, [`r/${name}`])).toBe(
        "unreachable",
      );
      expect(registryProblem(`unexpected status from HEAD request to ${request}: 500 Oh`, [`r/${name}`])).toBe(
        "failing",
      );
    },
  );
});

const refusal = {
  ...({ action: "pull", host: "r:5000", reference: "r:5000/a:1", ownHost: "r:5000", at: " (Dockerfile:3)" } as const),
  credentials: "The build used nobody's.",
};

describe("registryError", () => {
  it.each([
    ["pull", "401 Unauthorized", "pull-denied", "The build used nobody's."],
    ["push", "403 Forbidden", "push-denied", "The build used nobody's."],
    ["pull", "429 Too Many Requests", "rate-limited", "mirror"],
    ["push", "429 Too Many Requests", "rate-limited", "--concurrency"],
    ["push", "502 Bad Gateway", "registry-unreachable", "The fault is the registry's"],
    ["pull", "404 Not Found", "base-image-missing", "name"],
    ["push", "404 Not Found", "repository-not-provisioned", "stack file"],
    ["push", "x509: certificate signed by unknown authority", "registry-untrusted", "registry.caBundle"],
    ["push", "http: server gave HTTP response to HTTPS client", "registry-unreachable", "registry.insecure"],
  ] as const)("for a %s that ends in %s is %s and says what to do", (action, answer, code, hint) => {
    const error = registryError({ ...refusal, action, why: `unexpected status: ${answer}` });
    expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) });
    expect(error?.message).toMatch(/^(The registry r:5000|There is no base image r:5000\/a:1)/);
    expect(error?.message).toContain("r:5000/a:1");
    expect(error?.message).not.toContain("\n");
  });

  it("says of another registry's certificate that the stack file's key is not for it", () => {
    const why = "x509: certificate signed by unknown authority";
    expect(registryError({ ...refusal, host: "other", why })?.hint).toContain("is for that one");
  });
});

describe("isLayerRace", () => {
  const said =
    "failed to push r/a:1: errors:\nunknown: provided digest did not match uploaded content\nunknown: blob unknown to registry";
  it("knows the refusal of distribution 2.x, at a push alone", () => {
    expect(isLayerRace(said)).toBe(true);
    expect(isLayerRace(said.replace("failed to push r/a:1: ", ""))).toBe(false);
    expect(isLayerRace("failed to push r/a:1: unknown: blob unknown to registry")).toBe(false);
  });
});

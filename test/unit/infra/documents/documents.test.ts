// The small documents: quantities, Pod Security, password file, registry configuration, kubeconfig.
import { compareSync } from "bcryptjs";
import { describe, expect, test } from "vitest";
import { htpasswdLine } from "../../../../infra/documents/htpasswd.ts";
import { KubeconfigError, sameServer, serverOf } from "../../../../infra/documents/kubeconfig.ts";
import { podSecurityAllows } from "../../../../infra/documents/podSecurity.ts";
import { QUANTITY_PATTERN, quantityValue } from "../../../../infra/documents/quantity.ts";
import { registryConfiguration } from "../../../../infra/documents/registryConfig.ts";

describe("quantities", () => {
  test.each([
    ["4", 4],
    ["100m", 0.1],
    ["1.5", 1.5],
    ["8Gi", 8 * 1024 ** 3],
    ["500M", 5e8],
    ["2k", 2000],
    ["1e3", 1000],
  ])("%s is %d", (text, value) => {
    expect(quantityValue(text)).toBeCloseTo(value);
    expect(text).toMatch(QUANTITY_PATTERN);
  });

  test.each(["", "4 ", "8GB", "2K", "-1", "Gi", "1e", "1ei"])("%j is none", (text) => {
    expect(quantityValue(text)).toBeNull();
    expect(text).not.toMatch(QUANTITY_PATTERN);
  });
});

describe("Pod Security", () => {
  test.each([
    ["privileged", "privileged", true],
    ["privileged", "baseline", true],
    ["baseline", "baseline", true],
    ["baseline", "privileged", false],
    ["restricted", "baseline", false],
    [null, "privileged", true],
    ["nonsense", "baseline", false],
  ] as const)("a namespace with %s admits pods that need %s: %s", (label, needed, allowed) => {
    expect(podSecurityAllows(label, needed)).toBe(allowed);
  });
});

describe("the password file", () => {
  const user = { username: "builder", password: "hush hush" };

  test("holds the password as bcrypt, and is the same each time", () => {
    const line = htpasswdLine(user, "local r.example");
    const [name, hash] = line.split(":");
    expect(name).toBe("builder");
    expect(hash).toMatch(/^\$2b\$10\$/);
    expect(compareSync(user.password, hash!)).toBe(true);
    expect(compareSync("hush", hash!)).toBe(false);
    expect(htpasswdLine(user, "local r.example")).toBe(line);
  });

  test("has another salt for another user or place, and none that depends on the password", () => {
    const salt = (line: string) => line.split(":")[1]!.slice(0, 29);
    const own = salt(htpasswdLine(user, "local r.example"));
    expect(salt(htpasswdLine({ ...user, username: "other" }, "local r.example"))).not.toBe(own);
    expect(salt(htpasswdLine(user, "dev r.example"))).not.toBe(own);
    expect(salt(htpasswdLine({ ...user, password: "changed" }, "local r.example"))).toBe(own);
  });

  test("takes no password that bcrypt would cut", () => {
    expect(() => htpasswdLine({ ...user, password: "é".repeat(37) }, "x")).toThrow(RangeError);
  });
});

test("the registry's configuration allows deleting, and asks for a login only where one was set", () => {
  const open = JSON.parse(registryConfiguration({ basicAuth: false }));
  expect(open.storage.delete).toEqual({ enabled: true });
  expect(open.auth).toBeUndefined();
  const closed = JSON.parse(registryConfiguration({ basicAuth: true }));
  expect(closed.auth).toEqual({ htpasswd: { realm: "pergola", path: "/etc/registry-auth/htpasswd" } });
});

describe("a kubeconfig", () => {
  const file = (path: string, more: object) => ({ path, text: JSON.stringify(more) });
  const context = (name: string, cluster: string) => ({ name, context: { cluster } });
  const cluster = (name: string, server: string, more = {}) => ({ name, cluster: { server, ...more } });
  const one = file("/one", {
    "current-context": "dev",
    contexts: [context("dev", "a"), context("odd", "none")],
    clusters: [cluster("a", "https://a.example:6443")],
  });
  const two = file("/two", {
    contexts: [context("dev", "b"), context("other", "b")],
    clusters: [cluster("b", "https://b.example", { "proxy-url": "http://proxy.example" })],
  });

  test("leads to the server of its context; the first file that defines a name wins", () => {
    expect(serverOf([one, two], null)).toEqual({ context: "dev", server: "https://a.example:6443", proxy: null });
    expect(serverOf([one, two], "other")).toEqual({
      context: "other",
      server: "https://b.example",
      proxy: "http://proxy.example",
    });
  });

  test.each([
    [[one, two], "local", 'the context "local" is not in /one, /two (there: dev, odd, dev, other)'],
    [[file("/empty", {})], "local", 'the context "local" is not in /empty (no context is)'],
    [[two], null, "/two has no current context"],
    [[one], "odd", 'the context "odd" in /one names no server'],
    [[{ path: "/bad", text: "{ token: hush" }], "a", "/bad is not YAML"],
    [[{ path: "/list", text: "[]" }], "a", "/list is not a kubeconfig"],
  ])("without the context says what is there", (files, name, message) => {
    expect(() => serverOf(files as (typeof one)[], name as string | null)).toThrow(
      new KubeconfigError(message as string),
    );
  });

  test.each([
    ["https://a.example", "https://a.example:443/", true],
    ["https://a.example:6443", "https://A.example:6443", true],
    ["https://a.example:6443", "https://a.example", false],
  ])("%s and %s are the same server: %s", (a, b, same) => expect(sameServer(a, b)).toBe(same));
});

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { text } from "../../../../local/images/entries.ts";
import type { ImageDescription } from "../../../../local/images/oci.ts";
import { pushIfNew } from "../../../../local/images/push.ts";
import { type Credentials, RegistryClient } from "../../../../local/images/registryClient.ts";
import { type FakeRegistry, fakeRegistry } from "./fakeRegistry.ts";
import { folder } from "./scratch.ts";

const HOST = "172.30.0.11:30500";
const SYSTEM = { title: "system", entries: [text("/etc/os-release", "ID=debian\n")] };

function image(name: string, content: string): ImageDescription {
  const layers = [SYSTEM, { title: name, entries: [text("/content", content)] }];
  return { reference: `library/${name}:1`, config: { cmd: ["sh"] }, layers };
}

function client(registry: FakeRegistry, credentials?: Credentials) {
  return new RegistryClient({ endpoint: registry.endpoint, host: HOST }, credentials);
}

const uploads = (registry: FakeRegistry) =>
  registry.requests.filter((line) => line.startsWith("PUT") && line.includes("/blobs/"));

describe("pushing an image", () => {
  test("stores its layers, config and manifest", async () => {
    const registry = await fakeRegistry();
    const pushed = await pushIfNew(client(registry), folder(), image("one", "1"));
    expect(pushed).toMatchObject({ reference: "library/one:1", pushed: true });
    expect(await client(registry).manifestDigest("library/one", "1", "")).toBe(pushed.digest);
    const sizes = [...registry.blobs.values(), ...registry.manifests.values()].map((content) => content.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(pushed.bytes);
    expect(registry.blobs.size).toBe(3);
  });

  test("a second time asks for the tag and nothing else, and assembles nothing", async () => {
    const registry = await fakeRegistry();
    const cache = folder();
    const first = await pushIfNew(client(registry), cache, image("one", "1"));
    for (const name of readdirSync(cache)) if (name.startsWith("layer-")) rmSync(join(cache, name));
    registry.requests.length = 0;
    const second = await pushIfNew(client(registry), cache, image("one", "1"));
    expect(second).toEqual({ reference: "library/one:1", digest: first.digest, pushed: false, bytes: 0 });
    expect(registry.requests).toEqual(["HEAD /v2/library/one/manifests/1"]);
    expect(readdirSync(cache).some((name) => name.startsWith("layer-"))).toBe(false);
  });

  test("with one changed layer only that layer and the config are sent", async () => {
    const registry = await fakeRegistry();
    const cache = folder();
    await pushIfNew(client(registry), cache, image("one", "1"));
    registry.requests.length = 0;
    const changed = await pushIfNew(client(registry), cache, image("one", "2"));
    expect(changed.pushed).toBe(true);
    expect(uploads(registry)).toHaveLength(2);
  });

  test("a registry that lost everything gets it again from the cache", async () => {
    const cache = folder();
    const first = await pushIfNew(client(await fakeRegistry()), cache, image("one", "1"));
    const other = await fakeRegistry();
    const second = await pushIfNew(client(other), cache, image("one", "1"));
    expect(second).toEqual(first);
    expect(other.blobs.size).toBe(3);
  });

  test("a layer that another repository has is taken over from there", async () => {
    const registry = await fakeRegistry();
    const cache = folder();
    const one = await pushIfNew(client(registry), cache, image("one", "1"));
    registry.requests.length = 0;
    await pushIfNew(client(registry), cache, image("two", "2"), [one]);
    expect(uploads(registry)).toHaveLength(2);
    expect(registry.manifests.has("library/two:1")).toBe(true);
  });

  test("a registry that takes nothing over is sent the layer", async () => {
    const registry = await fakeRegistry({ mounts: false });
    const cache = folder();
    const one = await pushIfNew(client(registry), cache, image("one", "1"));
    registry.requests.length = 0;
    await pushIfNew(client(registry), cache, image("two", "2"), [one]);
    expect(uploads(registry)).toHaveLength(3);
    expect(registry.manifests.has("library/two:1")).toBe(true);
  });

  test("uploads go through the forwarder although the registry names itself", async () => {
    const registry = await fakeRegistry({ location: `http://${HOST}` });
    await pushIfNew(client(registry), folder(), image("one", "1"));
    expect(registry.manifests.has("library/one:1")).toBe(true);
  });
});

describe("a registry that wants a password", () => {
  test("takes the right one", async () => {
    const registry = await fakeRegistry({ credentials: "builder:secret" });
    await pushIfNew(client(registry, { username: "builder", password: "secret" }), folder(), image("one", "1"));
    expect(registry.manifests.has("library/one:1")).toBe(true);
  });

  test.each<[string, Credentials | undefined, string]>([
    ["none", undefined, "without credentials"],
    ["a wrong one", { username: "builder", password: "guess" }, "with the given user name and password"],
  ])("refuses %s, and the password is not in the message", async (_, credentials, how) => {
    const registry = await fakeRegistry({ credentials: "builder:secret" });
    const pushing = pushIfNew(client(registry, credentials), folder(), image("one", "1"));
    const error: Error = await pushing.then(
      () => expect.unreachable("the push went through"),
      (reason) => reason,
    );
    expect(error.message).toBe(`registry ${HOST}: asking for library/one:1 failed: it refused this ${how} (401)`);
    expect(JSON.stringify(error) + error.message).not.toContain("guess");
    expect(registry.blobs.size).toBe(0);
  });
});

describe("a request that fails", () => {
  test.each<[string, RegExp, number | null, string, string]>([
    ["an error of the registry", /^POST/, 500, "disk full", "it answered 500: disk full"],
    [
      "an upload that is refused before it was read",
      /^PUT .*\/blobs\//,
      413,
      "too large",
      "it answered 413: too large",
    ],
    ["a broken connection", /^PUT .*\/blobs\//, null, "", "no answer through 127.0.0.1"],
    [
      "a refused manifest",
      /^PUT .*\/manifests\//,
      400,
      "MANIFEST_INVALID",
      "pushing library/one:1 failed: it answered 400",
    ],
  ])("%s is reported once and not repeated", async (_, line, status, body, message) => {
    const registry = await fakeRegistry();
    registry.fail(line, status, body);
    const pushing = pushIfNew(client(registry), folder(), image("one", "1"));
    await expect(pushing).rejects.toThrow(message);
    expect(registry.requests.filter((request) => line.test(request))).toHaveLength(1);
    expect(registry.manifests.size).toBe(0);
  });

  test("a registry that is not there is named with the address that was tried", async () => {
    const nobody = new RegistryClient({ endpoint: "127.0.0.1:1", host: HOST });
    const cache = folder();
    const pushing = pushIfNew(nobody, cache, image("one", "1"));
    await expect(pushing).rejects.toThrow(
      /registry 172\.30\.0\.11:30500: .* no answer through 127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
    expect(existsSync(cache)).toBe(true);
  });
});

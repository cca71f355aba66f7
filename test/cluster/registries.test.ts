// A registry whose certificate is by an authority of one's own, for images and for caches: builders that are told of the
// authority use it, and those that are told of another say what is wrong.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildSetup } from "../../infra/setup.ts";
import { buildIn, makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { certificates } from "./certificates.ts";
import { context, kubectl, MODES, pods } from "./environment.ts";
import { digestOf, imageFiles } from "./registry.ts";
import { REGISTRY_POD_PORT, runRegistry } from "./registryPod.ts";

const NAMESPACE = "test-registries";
let host: string;
let authority: string;
let otherAuthority: string;

beforeAll(async () => {
  await makeBuilderNamespace(NAMESPACE);
  await kubectl(["apply", "--filename", "-"], {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name: "registry", namespace: NAMESPACE } },
    spec: { selector: { app: "registry" }, ports: [{ port: REGISTRY_POD_PORT }] },
  });
  const address = await kubectl(["get", "service", "registry", "-n", NAMESPACE, "-o", "jsonpath={.spec.clusterIP}"]);
  host = `${address}:${REGISTRY_POD_PORT}`;
  const made = await certificates(address);
  ({ authority, otherAuthority } = made);
  const tls = { certificate: "/etc/registry/tls.pem", key: "/etc/registry/tls.key" };
  await runRegistry(NAMESPACE, { http: { tls } }, { "tls.pem": made.certificate, "tls.key": made.key });
}, 120_000);

afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

/** Tags of a repository of the registry with TLS, asked through the API server; empty when there is no such repository. */
async function tags(repository: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${NAMESPACE}/services/https:registry:5000/proxy/v2/${repository}/tags/list`;
  const answer = await kubectl(["get", "--raw", path]).catch(() => '{"tags":[]}');
  return JSON.parse(answer).tags;
}

const app = async (): Promise<string> =>
  context({ Dockerfile: `FROM busybox:1.36\nRUN head -c 16 /dev/urandom > /made && echo ${Math.random()}\n` });

/** Needs no base image: those are in a registry without TLS, which is no mirror of these setups. */
const bare = async (): Promise<string> => context({ Dockerfile: "FROM scratch\nCOPY a /\n", a: `${Math.random()}` });

describe.each(MODES)("images of %s", (mode) => {
  const imagesThere = (caBundle: string | undefined) => (setup: BuildSetup) => {
    setup.registry = {
      ...setup.registry,
      kind: "dockerRegistry",
      host,
      namespace: "images",
      insecure: false,
      mirrors: {},
    };
    if (caBundle !== undefined) setup.registry.caBundle = caBundle;
    setup.cache = [];
  };

  it("go to the registry that the certificates vouch for", async () => {
    const setup = await setupIn(NAMESPACE, imagesThere(authority));
    const { image } = await buildIn(mode, setup, [await bare(), "--name", `test-tls-${mode}`, "-t", "right"]);
    expect(image.error).toBeNull();
    expect(await tags(`images/test-tls-${mode}`)).toEqual(["right"]);
  });

  it.each([
    ["another authority's", () => otherAuthority],
    ["no", () => undefined],
  ])("do not go there with %s certificates, and the error says why", async (_, bundle) => {
    const setup = await setupIn(NAMESPACE, imagesThere(bundle()));
    const { code, image } = await buildIn(mode, setup, [await bare(), "--name", `test-tls-${mode}`, "-t", "wrong"]);
    expect(image.error?.message).toContain(host);
    expect(image.error?.message).toMatch(/certificate (signed by unknown authority|of an authority)/);
    expect(image.error?.code).toMatch(/^registry-/);
    expect(code).not.toBe(0);
    expect(await tags(`images/test-tls-${mode}`)).not.toContain("wrong");
  });
});

describe.each(MODES)("the cache of %s", (mode) => {
  const cacheThere = (caBundle: string) => (setup: BuildSetup) => {
    Object.assign(setup.registry, { caBundle });
    const registry = { kind: "dockerRegistry", host, namespace: "caches", insecure: false };
    setup.cache = [{ tag: "_buildcache", mode: "auto", export: true, registry }];
  };
  const name = `test-tls-cache-${mode}`;

  it("is kept in a registry of its own, and taken from there by a builder that knows nothing", async () => {
    const setup = await setupIn(NAMESPACE, cacheThere(authority));
    const folder = await app();
    const made = async (reference: string) => (await imageFiles(reference)).get("made")?.sha256;
    const first = await buildIn(mode, setup, [folder, "--name", name, "-t", "first"]);
    expect(first.image).toMatchObject({ error: null, warnings: [] });
    const kept = await tags(mode === "kaniko" ? `caches/${name}/cache` : `caches/${name}`);
    if (mode === "kaniko") expect(kept.length).toBeGreaterThan(0);
    else expect(kept).toEqual(["_buildcache"]);
    expect(await digestOf(first.image.reference.replace(/:first$/, ":_buildcache"))).toBeNull();
    for (const { metadata } of await pods(NAMESPACE, "--selector", "app.kubernetes.io/managed-by=pergola")) {
      await kubectl(["delete", "pod", metadata.name, "--namespace", NAMESPACE, "--grace-period", "1"]);
    }
    const second = await buildIn(mode, setup, [folder, "--name", name, "-t", "second"]);
    expect(await made(second.image.reference)).toBe(await made(first.image.reference));
  });

  it("cannot be kept where the certificate is not vouched for, which a warning tells, and the image is pushed", async () => {
    const setup = await setupIn(NAMESPACE, cacheThere(otherAuthority));
    const { image } = await buildIn(mode, setup, [await app(), "--name", name, "-t", "warned"]);
    expect(image.error).toBeNull();
    expect(image.warnings.join("\n")).toMatch(/certificate signed by unknown authority/);
    expect(await digestOf(image.reference)).toBe(image.digest);
  });
});

// Several platforms by kaniko: a pod for each, and an index whose tag is written last, through the cluster.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { htpasswdLine } from "../../infra/documents/htpasswd.ts";
import type { BuildSetup } from "../../infra/setup.ts";
import { buildIn, makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { certificates } from "./certificates.ts";
import { context, kubectl, pods } from "./environment.ts";
import { digestOf, endpoint, parts } from "./registry.ts";
import { REGISTRY_POD_PORT, runRegistry } from "./registryPod.ts";

const NAMESPACE = "test-platforms";
/** One architecture, so that no node of it is looked for: nothing runs in these images. */
const PLATFORMS = ["linux/arm/v6", "linux/arm/v7"];
const INDEX = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";

interface Index {
  readonly mediaType: string;
  readonly manifests: readonly { readonly digest: string; readonly platform: object }[];
}

beforeAll(() => makeBuilderNamespace(NAMESPACE), 60_000);

afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

/** What stands in each image is chosen by platform. */
const app = (variants: readonly string[]): Promise<string> =>
  context({
    Dockerfile: "FROM scratch\nARG TARGETVARIANT\nCOPY file-$TARGETVARIANT /file\n",
    ...Object.fromEntries(variants.map((variant) => [`file-${variant}`, `${variant} ${Math.random()}`])),
  });

const flags = (name: string, tag: string): string[] => [
  ...["--name", name, "-t", tag],
  ...PLATFORMS.flatMap((platform) => ["--platform", platform]),
];

const both = (change: (setup: BuildSetup) => void = () => {}) =>
  setupIn(NAMESPACE, (setup) => {
    for (const mode of Object.values(setup.builders.modes)) mode.platforms = [...PLATFORMS];
    change(setup);
  });

const left = (): Promise<object[]> => pods(NAMESPACE, "--selector", "app.kubernetes.io/managed-by=pergola");

describe("several platforms", () => {
  it("are in the registry under one tag, each with its own files", async () => {
    const folder = await app(["v6", "v7"]);
    const { image } = await buildIn("kaniko", await both(), [folder, ...flags("test-platforms", "both")]);
    expect(image).toMatchObject({ error: null, platforms: PLATFORMS, steps: 2 });
    expect(await digestOf(image.reference)).toBe(image.digest);
    const { host, repository, tag } = parts(image.reference);
    const base = `http://${endpoint(host)}/v2/${repository}/manifests`;
    const index = (await (await fetch(`${base}/${tag}`, { headers: { accept: INDEX } })).json()) as Index;
    expect(index.manifests.map(({ platform }) => platform)).toEqual([
      { architecture: "arm", os: "linux", variant: "v6" },
      { architecture: "arm", os: "linux", variant: "v7" },
    ]);
    expect(new Set(index.manifests.map(({ digest }) => digest)).size).toBe(2);
    expect(await left()).toEqual([]);
  });

  it("move no tag when one of them fails, and end the other", async () => {
    // Steps have to run, so these are platforms of this machine. One would take longer than the build may.
    const platforms = ["linux/amd64", "linux/amd64/v2"];
    const folder = await context({
      Dockerfile: 'FROM busybox:1.36\nARG TARGETVARIANT\nRUN if [ -n "$TARGETVARIANT" ]; then exit 3; fi; sleep 600\n',
    });
    const setup = await setupIn(NAMESPACE, ({ builders }) => {
      for (const mode of Object.values(builders.modes)) mode.platforms = platforms;
    });
    const args = [
      folder,
      "--name",
      "test-platforms",
      "-t",
      "half",
      "--platform",
      "linux/amd64",
      "--platform",
      "linux/amd64/v2",
    ];
    const { code, image } = await buildIn("kaniko", setup, args);
    expect(code).toBe(1);
    expect(image.error).toMatchObject({
      code: "build-failed",
      message: expect.stringMatching(/^linux\/amd64\/v2: A step failed with exit code 3/),
      line: 3,
    });
    expect(await digestOf(image.reference)).toBeNull();
    expect(await left()).toEqual([]);
  });

  it("are joined in a registry that only pods reach, with the login that only they have", async () => {
    await kubectl(["apply", "--filename", "-"], {
      ...{ apiVersion: "v1", kind: "Service", metadata: { name: "registry", namespace: NAMESPACE } },
      spec: { selector: { app: "registry" }, ports: [{ port: REGISTRY_POD_PORT }] },
    });
    const address = await kubectl(["get", "service", "registry", "-n", NAMESPACE, "-o", "jsonpath={.spec.clusterIP}"]);
    const host = `${address}:${REGISTRY_POD_PORT}`;
    const { authority, certificate, key } = await certificates(address);
    const http = { tls: { certificate: "/etc/registry/tls.pem", key: "/etc/registry/tls.key" } };
    const auth = { htpasswd: { realm: "test", path: "/etc/registry/htpasswd" } };
    const users = htpasswdLine({ username: "pod", password: "of the pods" }, "test");
    await runRegistry(NAMESPACE, { http, auth }, { "tls.pem": certificate, "tls.key": key, htpasswd: users });
    const login = Buffer.from("pod:of the pods").toString("base64");
    await kubectl(["apply", "--filename", "-"], {
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "login", namespace: NAMESPACE } },
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": JSON.stringify({ auths: { [host]: { auth: login } } }) },
    });
    const there = (secrets: BuildSetup["pullSecrets"]) =>
      both((setup) => {
        const own = {
          kind: "dockerRegistry",
          host,
          namespace: "images",
          insecure: false,
          mirrors: {},
          caBundle: authority,
        };
        Object.assign(setup.registry, own);
        setup.cache = [];
        setup.pullSecrets = secrets;
      });
    const setup = await there([{ namespace: NAMESPACE, name: "login", hosts: [host] }]);
    const folder = await app(["v6", "v7"]);
    const { image } = await buildIn("kaniko", setup, [folder, ...flags("both", "one"), "-t", "two"]);
    expect(image.error).toBeNull();
    // Without the login nobody gets in.
    const path = `/api/v1/namespaces/${NAMESPACE}/services/https:registry:5000/proxy/v2/images/both/tags/list`;
    await expect(kubectl(["get", "--raw", path])).rejects.toThrow(/provide credentials/);
    const on = (tag: string): Promise<string> =>
      context({ Dockerfile: `FROM ${host}/images/both:${tag}\nCOPY a /a\n`, a: tag });
    for (const [tag, platform] of [
      ["one", "linux/arm/v6"],
      ["two", "linux/arm/v7"],
    ] as const) {
      const args = [await on(tag), "--name", "on", "-t", tag, "--platform", platform];
      expect((await buildIn("kaniko", setup, args)).image.error).toBeNull();
    }
    const refused = await buildIn("kaniko", await there([]), [folder, ...flags("both", "three")]);
    expect(refused.image.error).toMatchObject({ code: "push-denied", message: expect.stringContaining(host) });
  });
});

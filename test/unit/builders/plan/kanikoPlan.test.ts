import { describe, expect, it } from "vitest";
import { localSetup } from "../samples.ts";
import { kaniko, rich, sibling } from "./clusterPlans.ts";

describe("kaniko", () => {
  it("gets a Dockerfile in which siblings stand by digest", () => {
    expect(kaniko(rich, { siblings: [sibling] }).files.Dockerfile).toBe(
      `FROM ${sibling.reference}\nCOPY --from=${sibling.reference} /x /y\n`,
    );
  });

  it("has placement and resources on every container", () => {
    const { spec } = kaniko({}).pod as unknown as {
      spec: { containers: { resources: object }[]; tolerations: object[] };
    };
    const resources = { limits: { memory: "4Gi" }, requests: { cpu: "100m", "ephemeral-storage": "1Gi" } };
    expect(spec.containers.map((container) => container.resources)).toEqual([resources]);
    expect(spec.tolerations).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, Record<string, string>, boolean]>([
    ["Google's helper, which asks the node who its pod is", { "eu.gcr.io": "gcr" }, {}, true],
    [
      "GKE's annotation, as whom kaniko logs in without a helper",
      {},
      { "iam.gke.io/gcp-service-account": "builders@shop.iam.gserviceaccount.com" },
      true,
    ],
    ["another cloud's helper", { "1.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login" }, {}, false],
    ["another cloud's annotation", {}, { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r" }, false],
    ["passwords alone", {}, {}, false],
  ])("waits for the metadata server's answer with %s", (_, credHelpers, annotations, waits) => {
    const setup = localSetup((input) => {
      Object.assign(input, { credHelpers });
      for (const namespace of input.builders.modes.kaniko.namespaces) Object.assign(namespace, { annotations });
    });
    const plan = kaniko({}, {}, setup);
    const { spec } = plan.pod as unknown as { spec: { containers: { command: string[] }[] } };
    expect(plan.asksNode).toBe(waits ? true : undefined);
    const [, , script = ""] = spec.containers[0]?.command ?? [];
    expect(script.includes("169.254.169.254")).toBe(waits);
    expect(script.includes(" wget;")).toBe(waits);
    const [asked, begun] = [script.indexOf("Metadata-Flavor"), script.indexOf("mkfifo /")];
    if (waits)
      expect(asked < begun && script.indexOf('wait "$identity"') < script.indexOf('/kaniko/executor "$@"')).toBe(true);
  });

  it("is given up by the cluster some time after the runner would have", () => {
    expect(kaniko({ timeoutSeconds: 100 }).deadlineSeconds).toBe(220);
  });

  it.each<[string, object[], boolean, string[]]>([
    ["no entries", [], false, ["--cache=false"]],
    ["--no-cache", [{ tag: "c" }], true, ["--cache=false"]],
    ["an entry", [{ tag: "c" }], false, ["--cache=true", "--cache-repo=R", "--cache-ttl=336h"]],
    [
      "only entries that are read",
      [{ tag: "c", export: false }],
      false,
      ["--cache=true", "--cache-repo=R", "--cache-ttl=336h", "--no-push-cache"],
    ],
  ])("cache: %s", (_, cache, noCache, expected) => {
    const setup = localSetup((input) => {
      input.cache = cache;
    });
    const plan = kaniko({}, { noCache }, setup);
    const { containers } = (plan.pod as unknown as { spec: { containers: { args: string[] }[] } }).spec;
    const repository = "172.30.0.11:30500/examples/api/cache";
    const flags = containers[0]?.args.filter((word) => /^--(no-push-)?cache/.test(word));
    expect(flags?.map((word) => word.replace(repository, "R"))).toEqual(expected);
    expect(plan.cacheRepository).toBe(expected.length === 1 ? null : repository);
  });

  it("keeps its layers in a registry of caches, where the environment has one", () => {
    const setup = localSetup((input) => {
      input.cache = [{ tag: "c", registry: { kind: "x", host: "caches.test", namespace: "team", insecure: true } }];
    });
    const plan = kaniko({}, {}, setup);
    expect(plan.cacheRepository).toBe("caches.test/team/api/cache");
    expect(JSON.stringify(plan.pod)).toContain("--insecure-registry=caches.test");
  });

  it("asks mirrors and registries of caches by plain HTTP where that is how they are reached, each said once", () => {
    const registry = { kind: "x", host: "both.test:5000", insecure: true };
    const setup = localSetup((input) => {
      input.registry.mirrors = {
        "docker.io": ["plain.test", "both.test:5000"],
        "ghcr.io": ["plain.test", "mirror.test"],
      };
      Object.assign(input.registry, { insecureMirrors: ["plain.test", "both.test:5000"] });
      input.cache = [{ tag: "c", registry }];
    });
    const flags = JSON.stringify(kaniko({}, {}, setup).pod).match(/--insecure-registry=[^"]*/g);
    expect(flags?.toSorted()).toEqual(
      [setup.registry.host, "both.test:5000", "plain.test"].map((host) => `--insecure-registry=${host}`),
    );
  });

  it("is given the certificates that vouch for the registry", () => {
    const setup = localSetup((input) => {
      Object.assign(input.registry, { caBundle: "pem", insecure: false, mirrors: { "ghcr.io": ["mirror.test"] } });
      input.cache = [
        { tag: "c", registry: { kind: "x", host: "caches.test" } },
        { tag: "d", registry: { kind: "x", host: "plain.test", insecure: true } },
      ];
    });
    const plan = kaniko({}, {}, setup);
    expect(plan.files["registry-ca.pem"]).toBe("pem");
    const flags = JSON.stringify(plan.pod).match(/--registry-certificate=[^"]*/g);
    expect(flags).toEqual(
      [setup.registry.host, "mirror.test", "caches.test"].map(
        (host) => `--registry-certificate=${host}=/.pergola/registry-ca.pem`,
      ),
    );
  });

  it.each([
    ["api", "pergola-api-0a1b2c3d4e"],
    ["shop/web_ui", "pergola-shop-web-ui-0a1b2c3d4e"],
    ["a".repeat(100), `pergola-${"a".repeat(44)}-0a1b2c3d4e`],
    [`${"a".repeat(43)}.${"b".repeat(20)}`, `pergola-${"a".repeat(43)}-0a1b2c3d4e`],
  ])("has a pod name that fits for %s", (name, pod) => {
    expect(kaniko({ name }).pod.metadata.name).toBe(pod);
    expect(pod.length).toBeLessThanOrEqual(63);
  });
});

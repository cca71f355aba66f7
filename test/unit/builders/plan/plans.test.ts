import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Image } from "../../../../builders/images/image.ts";
import type { BuildkitPlan, KanikoPlan, Sibling } from "../../../../builders/plan/plan.ts";
import type { BuildSetup } from "../../../../infra/setup.ts";
import { ecrSetup, errorOf, image, localSetup, type PlanOptions, planBuild, planOptions } from "../samples.ts";

const options: PlanOptions = {
  ...planOptions,
  tags: ["v-1a2b3c4d5e"],
  contextSent: "/cache/contexts/1/tree",
};

const buildkit = (
  fields: Partial<Image>,
  more: Partial<PlanOptions> = {},
  setup: BuildSetup = localSetup(),
): BuildkitPlan => planBuild(setup, image(fields), { ...options, ...more, mode: "cluster-buildkit" }) as BuildkitPlan;
const kaniko = (
  fields: Parameters<typeof image>[0],
  more: Partial<PlanOptions> = {},
  setup: BuildSetup = localSetup(),
): KanikoPlan => planBuild(setup, image(fields), { ...options, ...more, mode: "kaniko" }) as KanikoPlan;

const sibling: Sibling = {
  name: "base",
  reference: "172.30.0.11:30500/examples/base:v-1@sha256:aa",
  digest: "sha256:aa",
};
const rich = {
  dockerfile: { path: "docker/dev.Dockerfile", text: "FROM base\nCOPY --from=base:latest /x /y\n" },
  buildArgs: { VERSION: "1, 2", EMPTY: "" },
  target: "run",
  platforms: ["linux/amd64"],
  extraFlags: ["--label-like=x y"],
};

/** All of a plan, as `--dry-run` shows it: a change here is a change of what happens in clusters. */
describe("the whole plan", () => {
  it.each<[string, () => unknown]>([
    ["buildkit", () => buildkit({})],
    [
      "buildkit-rich",
      () => buildkit({ ...rich, secrets: { npm: { env: "NPM" }, key: { file: "/k,1" } } }, { siblings: [sibling] }),
    ],
    [
      "buildkit-rootless",
      () =>
        buildkit(
          {},
          {},
          localSetup((input) => {
            input.builders.modes["cluster-buildkit"].profile = "rootless";
            input.pullSecrets = [
              { namespace: "pergola-buildkit", name: "registry-login", hosts: ["172.30.0.11:30500"] },
            ];
          }),
        ),
    ],
    ["kaniko", () => kaniko({})],
    ["kaniko-rich", () => kaniko(rich, { siblings: [sibling] })],
    ["kaniko-ecr", () => kaniko({ name: "shop/api" }, {}, ecrSetup())],
  ])("%s", async (name, plan) => {
    await expect(stringify(plan(), { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(
      `golden/${name}.yaml`,
    );
  });

  it("is the same each time", () => {
    expect(buildkit(rich)).toEqual(buildkit(rich));
    expect(kaniko({})).toEqual(kaniko({}));
  });
});

/** Values after each of a flag. */
function valuesOf(argv: readonly string[], flag: string): string[] {
  return argv.flatMap((word, at) => (word === flag ? [argv[at + 1] ?? ""] : []));
}

describe("buildctl's arguments", () => {
  it("name all platforms in one option, as buildctl keeps only the last of several", () => {
    const setup = localSetup((input) => {
      Object.assign(input.builders.modes["cluster-buildkit"], { platforms: ["linux/amd64", "linux/arm64"] });
    });
    const { argv } = buildkit({ platforms: ["linux/amd64", "linux/arm64"] }, {}, setup);
    expect(valuesOf(argv, "--opt").filter((value) => value.startsWith("platform="))).toEqual([
      "platform=linux/amd64,linux/arm64",
    ]);
  });

  it("carry no secret, only where it comes from", () => {
    const { argv, secrets } = buildkit({ secrets: { npm: { env: "NPM_TOKEN" } } });
    expect(valuesOf(argv, "--secret")).toEqual(["id=npm,env=NPM_TOKEN"]);
    expect(secrets).toEqual({ npm: { env: "NPM_TOKEN" } });
  });

  it("give each image a slot of its own, which every checkout of it shares", () => {
    const slot = (name: string, contextSent: string): string | undefined =>
      valuesOf(buildkit({ name }, { contextSent }).argv, "--opt").find((value) => value.startsWith("local-sessionid:"));
    expect(slot("shop/api", "/a")).toBe(slot("shop/api", "/b"));
    expect(slot("shop/api", "/a")).not.toBe(slot("blog/api", "/a"));
  });

  it("are another request for each build, which buildkitd would else take for one with others that run", () => {
    const [one, two] = ["1", "2"].map((buildId) => buildkit({}, { buildId }).files);
    expect(Object.keys(two!)).toEqual(["dockerfile/Dockerfile", "dockerfile/Dockerfile.dockerignore"]);
    expect(two!["dockerfile/Dockerfile.dockerignore"]).not.toBe(one!["dockerfile/Dockerfile.dockerignore"]);
  });

  it("name the directories as they are when times are to be kept, as nothing is staged then", () => {
    const plan = buildkit({ context: "/app", dockerfile: { path: "../d/x", text: "" } }, { contextSent: "/app" });
    expect(valuesOf(plan.argv, "--local")).toEqual(["context=/app", "dockerfile=/d"]);
    expect(valuesOf(plan.argv, "--opt")).toContain("filename=x");
    expect(plan.files).toEqual({});
  });

  it("rewrite timestamps to SOURCE_DATE_EPOCH, where it is set, and say it once", () => {
    const { argv } = buildkit({}, { sourceDateEpoch: 1700000000 });
    expect(valuesOf(argv, "--opt")).toContain("build-arg:SOURCE_DATE_EPOCH=1700000000");
    expect(valuesOf(argv, "--output")[0]).toContain("rewrite-timestamp=true");
    const given = buildkit({ buildArgs: { SOURCE_DATE_EPOCH: "5" } }, { sourceDateEpoch: 1700000000 });
    expect(valuesOf(given.argv, "--opt").filter((value) => value.includes("EPOCH"))).toEqual([
      "build-arg:SOURCE_DATE_EPOCH=5",
    ]);
    expect(buildkit({}).argv.join(" ")).not.toMatch(/rewrite-timestamp|EPOCH/);
  });

  it.each<[string, object[], string[]]>([
    ["no cache entries", [], []],
    ["a cache that is only read", [{ tag: "main", export: false }], ["--import-cache main"]],
    [
      "two entries, in order",
      [{ tag: "branch" }, { tag: "main", export: false }],
      ["--import-cache branch", "--export-cache branch max", "--import-cache main"],
    ],
    ["min", [{ tag: "c", mode: "min" }], ["--import-cache c", "--export-cache c min"]],
    ["inline", [{ tag: "c", mode: "inline" }], ["--import-cache c", "--export-cache type=inline"]],
    ["inline that is only read", [{ tag: "c", mode: "inline", export: false }], ["--import-cache c"]],
  ])("cache: %s", (_, cache, expected) => {
    const { argv } = buildkit(
      {},
      {},
      localSetup((input) => {
        input.cache = cache;
      }),
    );
    const flags = argv.flatMap((word, at) => {
      if (!word.endsWith("-cache")) return [];
      const value = argv[at + 1] ?? "";
      const [tag, mode] = [/ref=[^,]*:([^,]+)/.exec(value)?.[1], /mode=(\w+)/.exec(value)?.[1]];
      return [[word, tag ?? value, mode].filter(Boolean).join(" ")];
    });
    expect(flags).toEqual(expected);
  });

  it("push an inline cache under its tag too, unless it is only read", () => {
    const references = (entry: object): readonly string[] =>
      buildkit(
        {},
        {},
        localSetup((input) => {
          input.cache = [entry];
        }),
      ).references;
    expect(references({ tag: "c", mode: "inline" })).toHaveLength(2);
    expect(references({ tag: "c", mode: "inline", export: false })).toHaveLength(1);
  });
});

describe("whose registry credentials a build has", () => {
  const client = { from: "client", dockerConfig: "/home/me/.docker" } as const;

  it("is in the plan: the builder's, or the client's with the directory", () => {
    expect(buildkit({}).auth).toEqual({ from: "builder" });
    expect(buildkit({}, { auth: client }).auth).toEqual(client);
  });

  it("changes nothing else", () => {
    expect({ ...buildkit({}, { auth: client }), auth: null }).toEqual({ ...buildkit({}), auth: null });
  });

  it("cannot be the client's in kaniko", () => {
    expect(errorOf(() => kaniko({}, { auth: client }))).toMatchObject({
      code: "mode-unsupported",
      message: expect.stringContaining("kaniko, which cannot use --auth client"),
      hint: expect.stringContaining("--mode cluster-buildkit"),
    });
    expect(kaniko({}, { auth: { from: "builder" } })).toEqual(kaniko({}));
  });
});

describe("buildkitd", () => {
  const template = (setup?: BuildSetup) =>
    (buildkit({}, {}, setup).builder.manifests[1] as { spec?: { template: { metadata: object } } }).spec?.template
      .metadata;

  it("starts anew when its configuration changes, as it reads it only then", () => {
    const changed = localSetup((input) => {
      input.registry.mirrors = {};
    });
    expect(template(changed)).not.toEqual(template());
  });

  it("bears a hash of all that it is made from, certificates too", () => {
    const plain = buildkit({}).builder;
    const trusting = buildkit(
      {},
      {},
      localSetup((input) => {
        Object.assign(input.registry, { caBundle: "pem" });
      }),
    ).builder;
    expect(plain.manifests[1]?.metadata.annotations).toEqual({ "pergola.dev/spec-hash": plain.specHash });
    expect(trusting.specHash).not.toBe(plain.specHash);
    expect(trusting.manifests[0]).toMatchObject({ data: { "registry-ca.pem": "pem" } });
    expect(template(localSetup())).toEqual(template());
  });

  it("is the same for all images of a namespace", () => {
    expect(buildkit({ name: "a" }).builder).toEqual(buildkit({ name: "b", target: "x" }).builder);
  });
});

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

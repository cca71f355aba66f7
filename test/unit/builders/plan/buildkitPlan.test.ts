import { describe, expect, it } from "vitest";
import type { BuildSetup } from "../../../../infra/setup.ts";
import { localSetup } from "../samples.ts";
import { buildkit } from "./clusterPlans.ts";

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

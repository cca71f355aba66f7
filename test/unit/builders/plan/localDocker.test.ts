import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Image } from "../../../../builders/images/image.ts";
import { NO_SETTINGS } from "../../../../builders/images/settings.ts";
import type { LocalDockerPlan } from "../../../../builders/plan/plan.ts";
import { errorOf, type PlanOptions, type SetupInput } from "../samples.ts";
import { type Docker, HOST, plan, settings, sibling } from "./localDockerPlan.ts";

/** Values after each of a flag, in one word or two. */
function valuesOf({ argv }: LocalDockerPlan, flag: string): string[] {
  return argv.flatMap((word, at) =>
    word === flag ? [argv[at + 1] ?? ""] : word.startsWith(`${flag}=`) ? [word.slice(flag.length + 1)] : [],
  );
}

const rich: Partial<Image> = {
  dockerfile: { path: "docker/dev.Dockerfile", text: "FROM base\nCOPY --from=base:latest /x /y\n" },
  buildArgs: { VERSION: "1, 2", EMPTY: "" },
  target: "run",
  platforms: ["linux/amd64"],
  secrets: { npm: { env: "NPM" }, key: { file: "/k,1" } },
  settings: {
    ...NO_SETTINGS,
    labels: { a: "b" },
    network: "host",
    addHosts: [{ name: "db", address: "::1" }],
    ssh: { default: ["/agent"] },
  },
  extraFlags: ["--pull", "--build-arg=VERSION=3"],
};

/** All of a plan, as `--dry-run` shows it. */
describe("the whole plan", () => {
  it.each<[string, () => LocalDockerPlan]>([
    ["docker-buildx", () => plan("buildx")],
    ["docker-buildx-rich", () => plan("buildx", rich, { siblings: [sibling] })],
    ["docker-builder-rich", () => plan("builder", rich, { siblings: [sibling], sourceDateEpoch: 7 })],
    ["docker-buildkit-rich", () => plan("buildkit", rich, { siblings: [sibling] })],
    ["docker-legacy", () => plan("legacy", { buildArgs: { A: "1" }, target: "t" }, { siblings: [sibling] })],
  ])("%s", async (name, made) => {
    await expect(stringify(made(), { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(
      `golden/${name}.yaml`,
    );
  });
});

describe("each option", () => {
  it.each<[string, Docker, Partial<Image>, Partial<PlanOptions>, string, string[]]>([
    ["tags", "buildx", {}, { tags: ["a", "b"] }, "--tag", [`${HOST}/examples/api:a`, `${HOST}/examples/api:b`]],
    ["a stage", "legacy", { target: "run" }, {}, "--target", ["run"]],
    ["arguments", "legacy", { buildArgs: { A: "1", B: "" } }, {}, "--build-arg", ["A=1", "B="]],
    ["one platform", "legacy", { platforms: ["linux/arm64"] }, {}, "--platform", ["linux/arm64"]],
    ["platforms", "containerd", { platforms: ["linux/a", "linux/b"] }, {}, "--platform", ["linux/a,linux/b"]],
    ["a secret", "buildkit", { secrets: { n: { env: "N" } } }, {}, "--secret", ["id=n,env=N"]],
    ["an agent", "buildkit", settings({ ssh: { default: ["/a", "/b"] } }), {}, "--ssh", ["default=/a,/b"]],
    ["labels", "legacy", settings({ labels: { a: "b c" } }), {}, "--label", ["a=b c"]],
    ["network none", "legacy", settings({ network: "none" }), {}, "--network", ["none"]],
    ["network host", "buildx", settings({ network: "host" }), {}, "--allow", ["network.host"]],
    [
      "network host of a step",
      "builder",
      { dockerfile: { path: "Dockerfile", text: "FROM a\nRUN --network=host b" } },
      {},
      "--allow",
      ["network.host"],
    ],
    ["hosts", "legacy", settings({ addHosts: [{ name: "a", address: "::1" }] }), {}, "--add-host", ["a:::1"]],
    [
      "annotations",
      "containerd",
      settings({ annotations: [{ level: "manifest", key: "a", value: "b" }] }),
      {},
      "--annotation",
      ["manifest:a=b"],
    ],
    ["no provenance, which buildx would attach", "builder", {}, {}, "--provenance", ["false"]],
    ["provenance", "containerd", settings({ provenance: "max" }), {}, "--provenance", ["mode=max"]],
    ["a list of contents", "containerd", settings({ sbom: "img" }), {}, "--sbom", ["generator=img"]],
    ["timestamps", "buildx", {}, { sourceDateEpoch: 7 }, "--build-arg", ["SOURCE_DATE_EPOCH=7"]],
    [
      "timestamps that the image sets",
      "buildx",
      { buildArgs: { SOURCE_DATE_EPOCH: "1" } },
      { sourceDateEpoch: 7 },
      "--build-arg",
      ["SOURCE_DATE_EPOCH=1"],
    ],
    ["no timestamps without BuildKit", "legacy", {}, { sourceDateEpoch: 7 }, "--build-arg", []],
    [
      "the Dockerfile where its ignore file is, when times are kept",
      "buildx",
      { context: "/a" },
      { contextSent: "/a" },
      "--file",
      ["/a/Dockerfile"],
    ],
    [
      "a sibling then",
      "buildx",
      { context: "/a" },
      { contextSent: "/a", siblings: [sibling] },
      "--build-context",
      [`base=docker-image://${sibling.reference}`],
    ],
  ])("%s (%s)", (_, docker, fields, more, flag, expected) => {
    expect(valuesOf(plan(docker, fields, more), flag)).toEqual(expected);
  });

  it("takes no cache for what is built without one", () => {
    expect(plan("legacy", {}, { noCache: true }).argv).toContain("--no-cache");
    expect(plan("buildx").argv).not.toContain("--no-cache");
  });

  it("puts an image's own flags in the place of the plan's, and refuses those that the plan stands on", () => {
    expect(valuesOf(plan("buildx", rich, {}), "--build-arg")).toEqual(["EMPTY=", "VERSION=3"]);
    for (const flag of ["-t", "--push", "--load", "-o=x", "--platform=a/b", "--builder=x", "--iidfile=x", "-q"]) {
      expect(errorOf(() => plan("buildx", { extraFlags: [flag, "x"] }))).toMatchObject({ code: "image-definition" });
    }
  });

  it("gives BuildKit another name of the context for each repository, as it keeps what it was sent under that", () => {
    expect(plan("buildx", { name: "shop/api" }).link).not.toBe(plan("buildx", { name: "blog/api" }).link);
  });
});

describe("a Dockerfile without BuildKit", () => {
  const entries = (...paths: string[]) => ({
    contextEntries: paths.map((path) => ({ path, type: "file" as const, size: 1 })),
  });

  it("is taken out of the context, as docker would change .dockerignore for one from elsewhere", () => {
    const made = plan("legacy", {}, entries("Dockerfile", ".dockerignore"));
    expect(made).toMatchObject({ files: {}, context: { sent: "/context" } });
    expect(valuesOf(made, "--file")).toEqual([`${made.link}/Dockerfile`]);
  });

  it("is taken out of the directory itself, where the context ignores it", () => {
    expect(plan("legacy", {}, entries(".dockerignore"))).toMatchObject({ files: {}, context: { sent: "/src/api" } });
  });

  it("is refused where it has to come from elsewhere, and there is an ignore file to change", () => {
    const outside = { dockerfile: { path: "../Dockerfile", text: "FROM scratch\n" } };
    for (const [fields, more] of [
      [outside, {}],
      [{}, { siblings: [sibling] }],
    ] as const) {
      const error = errorOf(() => plan("legacy", fields, { ...entries(".dockerignore"), ...more }));
      expect(error.message).toContain("it would change .dockerignore in the image.");
      expect(plan("legacy", fields, { ...entries(), ...more }).argv).toContain("--file");
    }
  });
});

describe("where the image goes", () => {
  it("is pushed by Docker out of its store, or by the builder that has none", () => {
    expect(plan("buildx", {}, { tags: ["a", "b"] })).toMatchObject({
      push: ["a", "b"].map((tag) => ["docker", "push", `${HOST}/examples/api:${tag}`]),
      metadataFile: null,
    });
    const built = plan("builder", settings({ annotations: [{ level: "manifest", key: "a", value: "b" }] }));
    expect(built).toMatchObject({ push: [], metadataFile: "metadata.json" });
    expect(valuesOf(built, "--output")).toEqual([
      `type=image,name=${HOST}/examples/api:v1,push=true,annotation.a=b,registry.insecure=true`,
    ]);
  });

  it("is in Docker anyway, where --load asks for it; another store gets it from there, or from the builder", () => {
    const containerd = { into: "containerd", address: "/s", namespace: "n" } as const;
    expect(plan("buildx", {}, { load: { into: "docker" } })).toMatchObject({ load: null, kept: { into: "docker" } });
    expect(plan("legacy", {}, { load: containerd })).toMatchObject({
      load: { target: containerd },
      save: {
        archive: ["docker", "save", `${HOST}/examples/api:v1`],
        identify: ["docker", "image", "inspect", "--format", "{{.Id}}", `${HOST}/examples/api:v1`],
      },
    });
    const built = plan("builder", {}, { load: { into: "docker" }, ociFile: "/o.tar" });
    expect(built).toMatchObject({ save: null, kept: null, oci: { written: "/o.tar.part", file: "/o.tar" } });
    expect(valuesOf(built, "--output").slice(1)).toEqual([
      `type=oci,dest=/o.tar.part,name=${HOST}/examples/api:v1`,
      `type=docker,oci-mediatypes=true,dest=-,name=${HOST}/examples/api:v1`,
    ]);
  });
});

describe("caches", () => {
  const repository = `${HOST}/examples/api`;
  const written = `type=registry,ref=${repository}:_buildcache,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true,registry.insecure=true`;
  const read = `type=registry,ref=${repository}:_buildcache,registry.insecure=true`;
  const inline = (input: SetupInput): void => {
    input.cache = [{ tag: "_buildcache", mode: "inline" }];
  };
  it.each<[string, Docker, Partial<PlanOptions>, (input: SetupInput) => void, [string[], string[], string[]]]>([
    ["are read and written by a builder", "builder", {}, () => {}, [[read], [written], []]],
    ["are read and written with containerd's store", "containerd", {}, () => {}, [[read], [written], []]],
    ["are only read by the daemon's own", "buildx", {}, () => {}, [[read], [], []]],
    ["are only read by docker build", "buildkit", {}, () => {}, [[`${repository}:_buildcache`], [], []]],
    ["are none without BuildKit", "legacy", {}, () => {}, [[], [], []]],
    ["are pushed with the image if inline", "buildx", {}, inline, [[read], ["type=inline"], []]],
    [
      "are pushed by docker build if inline",
      "buildkit",
      {},
      inline,
      [[`${repository}:_buildcache`], [], ["BUILDKIT_INLINE_CACHE=1"]],
    ],
  ])("%s (%s)", (_, docker, more, change, [from, to, args]) => {
    const made = plan(docker, {}, more, change);
    expect(valuesOf(made, "--cache-from")).toEqual(from);
    expect(valuesOf(made, "--cache-to")).toEqual(to);
    expect(valuesOf(made, "--build-arg")).toEqual(args);
    const pushed = change === inline ? [`${repository}:v1`, `${repository}:_buildcache`] : [`${repository}:v1`];
    expect(made.references).toEqual(pushed);
  });

  it("of the command line are inline where nothing else can be written", () => {
    const made = plan("buildx", {}, { cache: { to: [{ tag: "mine", mode: "auto" }], from: [] } });
    expect(valuesOf(made, "--cache-to")).toEqual(["type=inline"]);
    expect(made.references).toEqual([`${repository}:v1`, `${repository}:mine`]);
  });

  it("of the command line are where the environment writes its own, though Docker can only read these", () => {
    const registry = { kind: "inCluster", host: HOST, namespace: "layers", insecure: true };
    const request = { cache: { to: [{ tag: "mine", mode: "auto" }], from: [] } } as const;
    const made = plan("buildx", {}, request, (input) => {
      input.cache = [{ tag: "_buildcache", mode: "max", registry }];
    });
    expect(made.references).toEqual([`${repository}:v1`, `${HOST}/layers/api:mine`]);
  });
});

// What labels, annotations, network, hosts, attestations, several tags and an OCI layout become in each builder's command.
import { describe, expect, it } from "vitest";
import { contentHash } from "../../../../builders/images/contentHash.ts";
import type { Image } from "../../../../builders/images/image.ts";
import { type ImageSettings, NO_SETTINGS } from "../../../../builders/images/settings.ts";
import type { BuildkitPlan, KanikoPlan } from "../../../../builders/plan/plan.ts";
import { errorOf, image, localSetup, type PlanOptions, planBuild, planOptions } from "../samples.ts";

const options: PlanOptions = { ...planOptions, mode: "cluster-buildkit" };
const repository = "172.30.0.11:30500/examples/api";

const withSettings = (settings: Partial<ImageSettings>, more: Partial<Image> = {}): Image =>
  image({ settings: { ...NO_SETTINGS, ...settings }, ...more });
const buildkit = (one: Image, more: Partial<PlanOptions> = {}): BuildkitPlan =>
  planBuild(localSetup(), one, { ...options, ...more }) as BuildkitPlan;
const kaniko = (one: Image, more: Partial<PlanOptions> = {}): KanikoPlan =>
  planBuild(localSetup(), one, { ...options, mode: "kaniko", ...more }) as KanikoPlan;
const kanikoArguments = (plan: KanikoPlan): string[] =>
  (plan.pod.spec as { containers: { args: string[] }[] }).containers[0]?.args ?? [];

/** Words of a plan that one without settings does not have. */
function added(plan: BuildkitPlan, plain = buildkit(image())): string[] {
  return plan.argv.filter((word) => !plain.argv.includes(word));
}

describe("buildctl's arguments", () => {
  it.each<[string, Partial<ImageSettings>, string[]]>([
    ["labels", { labels: { a: "1", "b.c": "x=y, z" } }, ["label:a=1", "label:b.c=x=y, z"]],
    ["no network", { network: "none" }, ["force-network-mode=none"]],
    [
      "SSH agents",
      { ssh: { default: ["/run/agent"], git: ["/a/key", "/b/key"] } },
      ["--ssh", "default=/run/agent", "--ssh", "git=/a/key,/b/key"],
    ],
    [
      "hosts, in one option",
      {
        addHosts: [
          { name: "a", address: "10.0.0.1" },
          { name: "b", address: "::1" },
        ],
      },
      ["add-hosts=a=10.0.0.1,b=::1"],
    ],
  ])("%s", (_, settings, expected) => {
    expect(added(buildkit(withSettings(settings)))).toEqual(expected);
  });

  it.each<[string, Partial<ImageSettings>, Partial<Image>, string[]]>([
    ["nothing is attached", {}, {}, ["push=true", "registry.insecure=true"]],
    [
      "provenance",
      { provenance: "max" },
      {},
      ["push=true", "oci-artifact=false", "registry.insecure=true", "attest:provenance=mode=max"],
    ],
    [
      "an SBOM",
      { sbom: "host/scan:1" },
      {},
      ["push=true", "oci-artifact=false", "registry.insecure=true", "attest:sbom=generator=host/scan:1"],
    ],
    [
      "provenance by an extra flag",
      {},
      { extraFlags: ["--opt", "attest:provenance=mode=min"] },
      ["push=true", "oci-artifact=false", "registry.insecure=true", "attest:provenance=mode=min"],
    ],
    [
      "provenance by a build argument",
      {},
      { buildArgs: { BUILDKIT_ATTEST_PROVENANCE: "mode=min" } },
      ["push=true", "oci-artifact=false", "registry.insecure=true", "build-arg:BUILDKIT_ATTEST_PROVENANCE=mode=min"],
    ],
  ])("attestations, in the form that the registry takes: %s", (_, settings, more, expected) => {
    const { argv } = buildkit(withSettings(settings, more));
    const words = argv.flatMap((word) => (word.startsWith("type=image,") ? word.split(",").slice(2) : [word]));
    const asked = words.filter((word) => /^(push|oci-artifact|registry\.)|attest:|ATTEST/.test(word));
    expect(asked.sort()).toEqual([...expected].sort());
  });

  it("annotations, as fields of every output", () => {
    const annotations = [
      { level: "manifest", key: "a.b", value: 'say "x", y' },
      { level: "index", key: "c", value: "d" },
    ] as const;
    const plan = buildkit(withSettings({ annotations, provenance: "min" }), { ociFile: "/out/a,b.tar" });
    const fields = 'oci-artifact=false,"annotation.a.b=say ""x"", y",annotation-index.c=d';
    expect(plan.argv.filter((word) => word.startsWith("type=image,") || word.startsWith("type=oci,"))).toEqual([
      `type=image,name=${repository}:v1,push=true,${fields},registry.insecure=true`,
      `type=oci,"dest=/out/a,b.tar.part",name=${repository}:v1,${fields}`,
    ]);
    expect(plan.oci).toEqual({ written: "/out/a,b.tar.part", file: "/out/a,b.tar" });
  });

  it("an annotation of an index is refused where there will be none", () => {
    const annotations = [{ level: "index", key: "c", value: "d" }] as const;
    expect(errorOf(() => buildkit(withSettings({ annotations })))).toMatchObject({
      code: "usage",
      hint: "Annotate the manifest: --annotation c=d",
    });
  });

  it("all tags in one output; a cache of mode inline is no tag of the OCI layout", () => {
    const setup = localSetup((input) => {
      input.cache = [{ tag: "i", mode: "inline" }];
    });
    const more = { tags: ["v1", "latest"] as const, ociFile: "/x.tar" };
    const { argv, references } = planBuild(setup, image(), { ...options, ...more }) as BuildkitPlan;
    expect(references).toEqual([`${repository}:v1`, `${repository}:latest`, `${repository}:i`]);
    expect(argv).toContain(`type=image,"name=${references.join(",")}",push=true,registry.insecure=true`);
    expect(argv).toContain(`type=oci,dest=/x.tar.part,"name=${references.slice(0, 2).join(",")}"`);
  });

  it("an extra flag wins over an argument, and no word is there twice", () => {
    const plan = buildkit(image({ buildArgs: { A: "1" }, extraFlags: ["--opt", "build-arg:A=2", "--no-cache"] }), {
      noCache: true,
    });
    expect(plan.argv.filter((word) => /build-arg:A|no-cache/.test(word))).toEqual(["build-arg:A=2", "--no-cache"]);
  });

  it("an empty argument stays empty", () => {
    expect(buildkit(image({ buildArgs: { A: "" } })).argv).toContain("build-arg:A=");
  });
});

describe("kaniko", () => {
  it("takes tags, labels and annotations of the manifest", () => {
    const settings = { labels: { a: "1" }, annotations: [{ level: "manifest", key: "b", value: "2" }] as const };
    const plan = kaniko(withSettings(settings), { tags: ["v1", "latest"] });
    expect(plan.references).toEqual([`${repository}:v1`, `${repository}:latest`]);
    expect(kanikoArguments(plan).filter((word) => /^--(destination|label|annotation)=/.test(word))).toEqual([
      `--destination=${repository}:v1`,
      `--destination=${repository}:latest`,
      "--label=a=1",
      "--annotation=b=2",
    ]);
  });

  it.each<[string, Partial<ImageSettings>, Partial<PlanOptions>]>([
    ["--network none", { network: "none" }, {}],
    ["--add-host", { addHosts: [{ name: "a", address: "10.0.0.1" }] }, {}],
    ["--provenance", { provenance: "min" }, {}],
    ["--ssh", { ssh: { default: ["/run/agent"] } }, {}],
    ["--sbom", { sbom: "x" }, {}],
    ["annotation of the index", { annotations: [{ level: "index", key: "a", value: "b" }] }, {}],
    ["--cache-to", {}, { cache: { to: [{ tag: "a", mode: "auto" }], from: [] } }],
    ["--cache-from", {}, { cache: { to: [], from: ["a"] } }],
    ["--output-oci", {}, { ociFile: "/x.tar" }],
  ])("refuses %s by name", (name, settings, more) => {
    expect(errorOf(() => kaniko(withSettings(settings), more))).toMatchObject({
      code: "mode-unsupported",
      message: expect.stringContaining(name),
      hint: "Choose --mode cluster-buildkit.",
    });
  });
});

it("kaniko refuses a label that the Dockerfile sets too, by its line, as it would keep the Dockerfile's", () => {
  const dockerfile = { path: "Dockerfile", text: 'FROM a\nLABEL other=1 \\\n  "team"="x"\n' };
  const labelled = (key: string): Image => withSettings({ labels: { [key]: "1" } }, { dockerfile });
  expect(errorOf(() => kaniko(labelled("team")))).toMatchObject({
    code: "mode-unsupported",
    message: expect.stringContaining("--label team"),
    line: 3,
  });
  expect(() => kaniko(labelled("tea"))).not.toThrow();
  expect(() => buildkit(labelled("team"))).not.toThrow();
});

describe("the content tag", () => {
  const hash = (settings: Partial<ImageSettings>): string => contentHash(withSettings(settings), []);

  it("is another one for other labels, annotations, networks, hosts and attestations", () => {
    const all: Partial<ImageSettings>[] = [
      {},
      { labels: { a: "1" } },
      { labels: { a: "2" } },
      { annotations: [{ level: "manifest", key: "a", value: "1" }] },
      { annotations: [{ level: "index", key: "a", value: "1" }] },
      { network: "none" },
      { addHosts: [{ name: "a", address: "10.0.0.1" }] },
      { provenance: "min" },
      { provenance: "max" },
      { sbom: "x" },
    ];
    expect(new Set(all.map(hash)).size).toBe(all.length);
    expect(hash({ labels: { a: "1", b: "2" } })).toBe(hash({ labels: { b: "2", a: "1" } }));
  });
});

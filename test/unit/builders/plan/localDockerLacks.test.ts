import { describe, expect, it } from "vitest";
import type { Image } from "../../../../builders/images/image.ts";
import { errorOf, image, localSetup, type PlanOptions, planBuild, planOptions } from "../samples.ts";
import { type Docker, FACTS, plan, settings, sibling } from "./localDockerPlan.ts";

describe("what this Docker lacks", () => {
  const mounted = { path: "Dockerfile", text: "FROM a\nRUN --mount=type=cache,target=/c b\n" };
  const both = [".dockerignore", "Dockerfile.dockerignore"].map((path) => ({ path, type: "file" as const, size: 1 }));
  const annotations = [{ level: "manifest", key: "a", value: "b" }] as const;
  it.each<[string, string, Docker[], Partial<Image>, Partial<PlanOptions>]>([
    ["--secret", "no build secrets", ["legacy"], { secrets: { a: { env: "A" } } }, {}],
    ["--ssh", "no SSH agent", ["legacy"], settings({ ssh: { default: ["/a"] } }), {}],
    ["RUN with --mount=type=cache,target=/c", "Dockerfile language", ["legacy"], { dockerfile: mounted }, {}],
    ["platforms a/b and c/d", "one platform", ["buildx", "buildkit", "legacy"], { platforms: ["a/b", "c/d"] }, {}],
    ["attestations", "nothing beside it", ["buildx", "buildkit", "legacy"], settings({ sbom: "x" }), {}],
    ["--annotation", "leaves them out", ["buildx", "buildkit", "legacy"], settings({ annotations }), {}],
    ["--output-oci", "Docker's store only", ["buildx", "containerd", "buildkit", "legacy"], {}, { ociFile: "/o" }],
    [
      "--cache-to t,mode=max",
      "inline caches only",
      ["buildx", "buildkit", "legacy"],
      {},
      { cache: { to: [{ tag: "t", mode: "max" }], from: [] } },
    ],
    ["--cache-to or --cache-from", "no cache in registries", ["legacy"], {}, { cache: { to: [], from: ["t"] } }],
    [
      "--mtime keep",
      "only buildx",
      ["buildkit", "legacy"],
      { context: "/c" },
      { contextSent: "/c", siblings: [sibling] },
    ],
    ["Dockerfile.dockerignore", ".dockerignore alone", ["legacy"], {}, { contextEntries: both }],
  ])("%s is refused, and built elsewhere", (what, why, lacking, fields, more) => {
    for (const docker of Object.keys(FACTS) as Docker[]) {
      if (!lacking.includes(docker)) plan(docker, fields, more);
      else {
        const error = errorOf(() => plan(docker, fields, more));
        expect(error).toMatchObject({ code: "mode-unsupported", hint: expect.stringContaining("cluster-buildkit") });
        expect(error.message).toContain(what);
        expect(error.message).toContain(why);
      }
    }
  });

  it.each<[Docker, Partial<Image>, Partial<PlanOptions>, string]>([
    ["buildx", { platforms: ["a/b", "c/d"] }, {}, "Make a builder that can (docker buildx create --use), or choose"],
    [
      "legacy",
      { platforms: ["a/b", "c/d"] },
      {},
      "Install docker buildx (https://docs.docker.com/go/buildx/) and make a builder that can (docker buildx create --use), or choose",
    ],
    [
      "legacy",
      { secrets: { a: { env: "A" } } },
      {},
      "Install docker buildx (https://docs.docker.com/go/buildx/), or choose",
    ],
    [
      "buildkit",
      { context: "/c" },
      { contextSent: "/c", siblings: [sibling] },
      "Install docker buildx (https://docs.docker.com/go/buildx/), or choose",
    ],
  ])("is answered with what helps (%s, %o)", (docker, fields, more, hint) => {
    expect(errorOf(() => plan(docker, fields, more)).hint).toBe(`${hint} --mode cluster-buildkit.`);
  });

  it("is named with file and line where the Dockerfile asks for it", () => {
    expect(errorOf(() => plan("legacy", { dockerfile: mounted }))).toMatchObject({
      file: "/src/api/Dockerfile",
      line: 2,
    });
  });

  it("is a warning where two digests are all that comes of it", () => {
    expect(plan("buildx", {}, { sourceDateEpoch: 7 }).warnings).toEqual([expect.stringContaining("SOURCE_DATE_EPOCH")]);
    expect(plan("builder", {}, { sourceDateEpoch: 7 }).warnings).toEqual([]);
    expect(plan("buildx").warnings).toEqual([]);
  });

  it("is the mode itself, where the stack file does not allow it", () => {
    const setup = localSetup();
    const options = { ...planOptions, mode: "local-docker" as const, docker: FACTS.buildx };
    expect(errorOf(() => planBuild(setup, image(), options))).toMatchObject({
      code: "mode-not-provisioned",
      path: "pergola:builder.modes.local-docker",
    });
  });
});

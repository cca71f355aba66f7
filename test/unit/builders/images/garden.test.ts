import { describe, expect, it } from "vitest";
import { type GardenOptions, gardenImage } from "../../../../builders/images/garden.ts";
import { readActions } from "../../../../builders/images/gardenActions.ts";
import { NO_SETTINGS } from "../../../../builders/images/settings.ts";
import { errorOf, folder } from "../samples.ts";

function read(text: string, options: GardenOptions = {}) {
  const root = folder({ Dockerfile: "FROM scratch\n", "sub/Dockerfile": "FROM busybox\n" });
  const file = `${root}/garden.yml`;
  const { actions, notices } = readActions(file, text);
  return { root, notices, actions, images: actions.map((one) => gardenImage(file, one, options)) };
}

const action = (more: string): string => `kind: Build\ntype: container\nname: api\n${more}`;

describe("a Garden Build action", () => {
  it("with all fields becomes an image", () => {
    const { root, images } = read(
      action(`source: {path: sub}
dependencies: [build.base, deploy.db, {kind: Build, name: tools}]
timeout: 30
environments: [dev]
spec:
  buildArgs: {A: x, N: 1, B: true, FROM_ENV: null, UNSET: null, EMPTY: ""}
  targetStage: run
  platforms: [linux/amd64]
  extraFlags: ["--x=1"]
`),
      { environment: { FROM_ENV: "e" } },
    );
    expect(images).toEqual([
      {
        name: "api",
        actionName: "api",
        environments: ["dev"],
        context: `${root}/sub`,
        dockerfile: { path: "Dockerfile", text: "FROM busybox\n" },
        buildArgs: { A: "x", N: "1", B: "true", FROM_ENV: "e", EMPTY: "" },
        target: "run",
        platforms: ["linux/amd64"],
        secrets: {},
        settings: NO_SETTINGS,
        extraFlags: ["--x=1"],
        dependencies: ["base", "tools"],
        timeoutSeconds: 30,
        definedIn: `${root}/garden.yml`,
      },
    ]);
  });

  it("is found among several documents; other kinds are nobody's business", () => {
    const { images, notices } = read(
      `kind: Project\nname: "\${x}"\n---\n${action("")}\n---\nkind: Deploy\nname: d\n---\n`,
    );
    expect(images.map(({ name }) => name)).toEqual(["api"]);
    expect(notices).toEqual([]);
  });

  it("of another type, or disabled, is left out with a notice", () => {
    const project = "kind: Project\nname: p\nproviders:\n  - name: kubernetes\n    buildMode: cluster-docker\n";
    expect(errorOf(() => read(project))).toMatchObject({
      code: "image-definition",
      message: expect.stringContaining("buildMode: cluster-docker cannot be built by: it is gone since Garden 0.13"),
      hint: "Write buildMode: cluster-buildkit, or kaniko.",
      line: 5,
    });
    const { root, images, notices } = read(`kind: Build\ntype: exec\nname: x\n---\n${action("disabled: true")}`);
    expect(images).toEqual([]);
    expect(notices).toEqual([
      `Build action x in ${root}/garden.yml is of type exec, not container: left out.`,
      `Build action api in ${root}/garden.yml is disabled: left out.`,
    ]);
  });

  it.each<[string, string, string, string]>([
    ["a template string", "spec: {targetStage: '${var.stage}'}", "spec.targetStage", "which only Garden can fill in"],
    [
      "a template in an argument",
      "spec: {buildArgs: {A: '${actions.build.base.version}'}}",
      "spec.buildArgs.A",
      "which only Garden",
    ],
    ["an expression key", "spec: {buildArgs: {$merge: x}}", "spec.buildArgs.$merge", "only Garden can evaluate"],
    ["an unknown field", "specs: {}", "specs", "specs is not a field"],
    ["an unknown field of spec", "spec: {docker: x}", "spec.docker", "spec.docker is not a field"],
    ["include", "include: ['*.go']", "include", "include is not a field"],
    ["a wrong type", "timeout: soon", "timeout", "timeout: takes whole seconds"],
    ["half a second", "timeout: 0.5", "timeout", "timeout: takes whole seconds"],
    ["no time", "timeout: 0", "timeout", "timeout: takes whole seconds from 1"],
    ["more time than a timer can wait", "timeout: 3000000", "timeout", "timeout: takes at most 2147483 seconds"],
    ["a platform that is none", "spec: {platforms: [amd64]}", "spec.platforms.0", "is not os/architecture[/variant]"],
    ["an alias without its anchor", "description: *nowhere", "", "is not valid YAML: Unresolved alias"],
    ["a secret in the file", "spec: {secrets: {npm: hunter2}}", "spec.secrets.npm", "secrets by reference"],
  ])("with %s is refused by the field's name", (_, more, path, message) => {
    const error = errorOf(() => read(action(more)));
    expect(error).toMatchObject({ code: "image-definition", line: 1, message: expect.stringContaining(message) });
    expect(error.path ?? "").toBe(path);
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  it("with a localId names its image by that, and itself by its own name", () => {
    expect(read(action("spec: {localId: shop/api}")).images[0]).toMatchObject({ name: "shop/api", actionName: "api" });
  });

  it("may have secrets whose source the caller names", () => {
    const { images, actions } = read(action("spec: {secrets: {npm: hunter2}}"), { secretIds: new Set(["npm"]) });
    expect(images[0]?.secrets).toEqual({});
    // What was read is written down in the cache.
    expect(actions[0]?.spec.secrets).toEqual(["npm"]);
  });

  it("without its Dockerfile names the file", () => {
    expect(errorOf(() => read(action("spec: {dockerfile: missing}")))).toMatchObject({
      code: "dockerfile-missing",
      file: expect.stringMatching(/\/missing$/),
    });
  });

  it("in broken YAML is refused with the line", () => {
    expect(errorOf(() => read("kind: Build\nname: 'x\n"))).toMatchObject({
      code: "image-definition",
      line: expect.any(Number),
    });
  });
});

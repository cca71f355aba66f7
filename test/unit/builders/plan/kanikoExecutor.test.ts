import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../../../builders/images/dockerfile.ts";
import type { Image } from "../../../../builders/images/image.ts";
import { NO_SETTINGS } from "../../../../builders/images/settings.ts";
import { executorWith, kanikoExecutor } from "../../../../builders/plan/kanikoExecutor.ts";
import { kanikoFeatures } from "../../../../builders/plan/kanikoFeatures.ts";
import { errorOf, image, localSetup, type PlanOptions, planBuild, planOptions } from "../samples.ts";

const FORK = "ghcr.io/osscontainertools/kaniko";
const NEWEST = `${FORK}:v1.28.3-debug`;

describe("the executor that an image is", () => {
  it.each<[string, string, string[]]>([
    ["pergola.local/kaniko:1.25.5", "1.25.5", ["annotations", "fetchesAsRoot"]],
    ["cgr.test/chainguard-dev/kaniko:v1.25.6", "1.25.6", ["annotations", "fetchesAsRoot"]],
    ["gcr.io/kaniko-project/executor:v1.24.0-debug", "1.24.0", ["fetchesAsRoot"]],
    ["gcr.io/kaniko-project/executor:debug", "of an unknown version", ["fetchesAsRoot"]],
    [`${FORK}:v1.25.2-debug`, "1.25.2", []],
    [`${FORK}:v1.25.4`, "1.25.4", ["annotations", "heredocs"]],
    [`${FORK}:v1.26.0-debug`, "1.26.0", ["annotations", "heredocs", "cacheMounts"]],
    [
      "mirror.test:5000/team/osscontainertools/kaniko:v1.27.0-alpine",
      "1.27.0",
      ["annotations", "heredocs", "cacheMounts", "cacheMountOwners", "absentSecrets"],
    ],
    [
      `docker.io/martizih/kaniko:v1.27.10-debug@sha256:${"a".repeat(64)}`,
      "1.27.10",
      ["annotations", "heredocs", "cacheMounts", "cacheMountOwners", "absentSecrets", "ownArguments"],
    ],
    [
      NEWEST,
      "1.28.3",
      ["annotations", "heredocs", "cacheMounts", "cacheMountOwners", "absentSecrets", "ownArguments", "bindMounts"],
    ],
    [`${FORK}:debug`, "of an unknown version", []],
    [`${FORK}@sha256:${"a".repeat(64)}`, "of an unknown version", []],
    [`${FORK}:v2.0.0-debug`, "2.0.0", []],
    ["registry.test/tools/kaniko:v1.28.3", "of an unknown version", []],
    ["registry.test/notosscontainertools/kaniko:v1.28.3", "of an unknown version", []],
  ])("%s", (reference, version, abilities) => {
    const executor = kanikoExecutor(reference);
    expect(executor.title).toBe(`kaniko ${version} (${reference})`);
    expect([...executor.abilities].toSorted()).toEqual(abilities.toSorted());
  });

  it("builds as BuildKit does where its own default is another", () => {
    const pod = (executor: string) => planOf({}, executor).pod as { spec?: { containers: { env?: object[] }[] } };
    expect(pod(NEWEST).spec?.containers[0]?.env).toContainEqual({ name: "FF_KANIKO_COPY_AS_ROOT", value: "true" });
    expect(pod("pergola.local/kaniko:1.25.5").spec?.containers[0]?.env).toBeUndefined();
  });

  it("is in the documentation with the releases that have an ability", () => {
    const table = readFileSync(new URL("../../../../docs/kaniko.md", import.meta.url), "utf8");
    const releases = [...kanikoExecutor(NEWEST).abilities].map((one) =>
      executorWith(one)?.replace(/^.*:v(.*)-debug$/, "$1"),
    );
    expect(releases).toHaveLength(7);
    for (const release of releases) expect(table).toContain(`| ${release} |`);
  });

  it("is named for an ability by an image that has it", () => {
    for (const ability of kanikoExecutor(NEWEST).abilities)
      expect(kanikoExecutor(executorWith(ability) as string).abilities).toContain(ability);
    expect(executorWith("fetchesAsRoot")).toBeNull();
  });
});

const found = (text: string, executor: string): string[] =>
  kanikoFeatures(parseDockerfile(`FROM a\n${text}\n`), kanikoExecutor(executor).abilities).map(
    ({ line, what, why, needs }) =>
      `${line} ${what}${needs ? ` needs ${needs}` : why.startsWith("it does not have") ? " never" : " otherwise"}`,
  );

describe("mounts and heredocs", () => {
  const old = "pergola.local/kaniko:1.25.5";
  it.each<[string, string, string[], string[]]>([
    ["a cache", "--mount=type=cache,target=/c", ["needs cacheMounts"], []],
    ["an owned cache", "--mount=type=cache,target=/c,uid=1", ["needs cacheMountOwners"], []],
    ["a filled cache", "--mount=type=cache,target=/c,from=base", ["never"], ["otherwise"]],
    ["a cache from here", "--mount=type=cache,target=c", ["never"], ["otherwise"]],
    ["a cache at a variable", "--mount=type=cache,target=$HOME/c", ["never"], ["otherwise"]],
    ["a read-only cache", "--mount=type=cache,target=/c,ro", ["never"], ["otherwise"]],
    ["the context", "--mount=type=bind,target=/c", ["needs bindMounts"], []],
    ["the context without a type", "--mount=source=a,target=/c", ["needs bindMounts"], []],
    ["the context, to be written to", "--mount=type=bind,target=/c,rw", ["never"], ["otherwise"]],
    ["another stage", "--mount=from=base,target=/c", ["never"], ["otherwise"]],
    ["a secret", "--mount=type=secret,id=a", ["needs absentSecrets"], []],
    ["memory", "--mount=type=tmpfs,target=/c", ["never"], ["never"]],
    ["an agent", "--mount=type=ssh", ["never"], ["never"]],
  ])("a mount of %s", (_, flag, then, now) => {
    const shown = (ends: string[]) => ends.map((end) => `2 RUN with ${flag} ${end}`);
    expect(found(`RUN ${flag} true`, old)).toEqual(shown(then));
    expect(found(`RUN ${flag} true`, NEWEST)).toEqual(shown(now));
    expect(found(`ONBUILD RUN ${flag} true`, NEWEST)).toEqual(shown(now));
  });

  it.each<[string, string[], string[]]>([
    ["RUN <<EOF\nls\nEOF", ["2 The heredoc <<EOF never"], ["2 The heredoc <<EOF otherwise"]],
    ["RUN <<'EOF'\nls\nEOF", ["2 The heredoc <<EOF never"], ["2 The heredoc <<EOF otherwise"]],
    ["RUN sh -e <<'EOF'\nls $X\nEOF", ["2 The heredoc <<EOF needs heredocs"], []],
    ["RUN --mount=type=cache,target=/c cat <<X > /x\na\nX", ["2 RUN", "2 The heredoc <<X needs heredocs"], []],
    ["COPY <<X <<Y /d/\na\nX\nb\nY", ["2 The heredoc <<X needs heredocs", "2 The heredoc <<Y needs heredocs"], []],
    ["COPY <<X /x\na $b\nX", ["2 The heredoc <<X never"], ["2 The heredoc <<X otherwise"]],
    ["COPY <<-X /x\n\ta \\\n\tX", ["2 The heredoc <<X never"], ["2 The heredoc <<X otherwise"]],
    ['COPY <<"X" /x\na $b\nX', ["2 The heredoc <<X needs heredocs"], []],
    ["ADD <<X /x\na\nX", ["2 The heredoc <<X never"], ["2 The heredoc <<X otherwise"]],
    ["RUN true\nCOPY a <<X /d/\na\nX\nRUN true", ["3 The heredoc <<X needs heredocs"], []],
  ])("%j", (text, then, now) => {
    const start = (line: string) =>
      line === "2 RUN" ? expect.stringMatching(/^2 RUN with --mount.* needs cacheM/) : line;
    expect(found(text, old)).toEqual(then.map(start));
    expect(found(text, NEWEST)).toEqual(now);
  });
});

function planOf(fields: Parameters<typeof image>[0], executor: string, more: Partial<PlanOptions> = {}) {
  const setup = localSetup((input) => {
    input.builders.modes.kaniko.image = executor;
  });
  const plan = planBuild(setup, image(fields), { ...planOptions, ...more, mode: "kaniko" });
  if (!("pod" in plan)) throw new Error("another mode was planned");
  return plan;
}

describe("a refusal", () => {
  const refusal = (fields: Parameters<typeof image>[0], executor = "pergola.local/kaniko:1.25.5") =>
    errorOf(() => planOf(fields, executor));

  it("says where, who, why, and what helps", () => {
    expect(refusal({ from: "FROM a\nRUN --mount=type=cache,target=/c ls" })).toEqual({
      code: "mode-unsupported",
      message:
        "RUN with --mount=type=cache,target=/c (/src/api/Dockerfile, line 2) cannot be built by kaniko 1.25.5 " +
        "(pergola.local/kaniko:1.25.5): it does not have this part of the Dockerfile language.",
      hint: `Choose --mode cluster-buildkit, or set pergola:builder.modes.kaniko.image in stacks/Pulumi.local.yaml to ${FORK}:v1.26.0-debug or newer and run pulumi up.`,
      file: "/src/api/Dockerfile",
      line: 2,
    });
  });

  it.each<[string, Partial<Image> & { from?: string }, object]>([
    ["secrets", { secrets: { npm: { env: "NPM" } } }, { message: expect.stringContaining("with secret npm") }],
    [
      "a script of its own",
      { from: "FROM a\nRUN <<EOF\nls\nEOF" },
      { line: 2, message: expect.stringContaining("<<EOF") },
    ],
  ])("of %s offers the other mode alone, as no executor helps", (_, fields, expected) => {
    for (const executor of ["pergola.local/kaniko:1.25.5", NEWEST])
      expect(refusal(fields, executor)).toMatchObject({
        code: "mode-unsupported",
        hint: "Choose --mode cluster-buildkit.",
        ...expected,
      });
  });

  it("says where the other mode comes from, when the environment does not have it", () => {
    const setup = localSetup((input) => {
      Reflect.deleteProperty(input.builders.modes, "cluster-buildkit");
      input.builders.default = "kaniko";
    });
    const { hint } = errorOf(() => planBuild(setup, image({ secrets: { a: { env: "A" } } }), planOptions));
    expect(hint).toContain("pergola:builder.modes.cluster-buildkit is in stacks/Pulumi.local.yaml");
  });

  it("is for what an executor lacks, not for what it has", () => {
    const text = "FROM a AS x\nARG V=1\nFROM b\nRUN --mount=type=cache,target=/c echo $V\nCOPY <<E /e\n1\nE\n";
    expect(planOf({ from: text }, NEWEST).files.Dockerfile).toBe(
      "\n\nFROM b\nRUN --mount=type=cache,target=/c echo $V\nCOPY <<E /e\n1\nE\n",
    );
    expect(refusal({ from: "FROM a\nADD https://h/f /f" }, NEWEST)).toMatchObject({ line: 2 });
    expect(planOf({ from: "FROM a\nADD --chown=0:0 https://h/f /f" }, NEWEST).mode).toBe("kaniko");
    expect(planOf({ from: "FROM a\nADD https://h/f /f" }, "pergola.local/kaniko:1.25.5").mode).toBe("kaniko");
    const annotated = {
      settings: { ...NO_SETTINGS, annotations: [{ level: "manifest", platform: null, key: "a", value: "1" }] },
    };
    expect(refusal(annotated as Partial<Image>, "gcr.io/kaniko-project/executor:v1.24.0-debug")).toMatchObject({
      message: expect.stringContaining("--annotation"),
      hint: expect.stringContaining("v1.25.3-debug"),
    });
  });

  it("comes for what a heredoc's place loses", () => {
    expect(refusal({ from: "FROM a\nCOPY <<hosts /etc/\n1\nhosts\n" }, NEWEST)).toMatchObject({
      line: 2,
      message: expect.stringContaining("COPY to /etc/hosts"),
    });
    const between = "FROM a AS x\nARG V=1\nRUN true\nFROM b\nCOPY --from=x /a /a\nRUN echo $V";
    expect(refusal({ from: between })).toMatchObject({ line: 6, hint: expect.stringContaining("v1.27.3-debug") });
    expect(planOf({ from: between }, NEWEST).mode).toBe("kaniko");
  });
});

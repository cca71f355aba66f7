import { describe, expect, it } from "vitest";
import { type ImageFlags, requestImages } from "../../../../builders/cli/imageOptions.ts";
import { folder, rejectionOf } from "../samples.ts";

const none: ImageFlags = { buildArg: [], secret: [], platform: [] };
const pair = {
  "base/Dockerfile": "FROM scratch",
  "base/garden.yml": "kind: Build\ntype: container\nname: base\nspec: {buildArgs: {A: file, B: file}}\n",
  "app/Dockerfile": "FROM base",
  "app/garden.yml": "kind: Build\ntype: container\nname: app\n",
};

async function request(words: string[], flags: Partial<ImageFlags>, environment: Record<string, string> = {}) {
  const root = folder(pair);
  const found = await requestImages(words, { ...none, ...flags }, root, environment);
  return { root, ...(await found.enabledIn("local")) };
}
const only = async (flags: Partial<ImageFlags>, environment: Record<string, string> = {}) => {
  const { graph, root } = await request(["base"], flags, environment);
  return { root, image: graph.images.values().next().value };
};

describe("flags", () => {
  it("win over the file, argument by argument; one without a value takes the environment's", async () => {
    const { image } = await only({ buildArg: ["A=x=y", "C", "UNSET", "E="] }, { C: "c" });
    expect(image?.buildArgs).toEqual({ A: "x=y", B: "file", C: "c", E: "" });
  });

  it("name, target, platforms and time are those given", async () => {
    const { image } = await only({
      name: "other",
      target: "t",
      platform: ["linux/amd64,linux/arm64", "linux/s390x"],
      timeout: 5,
    });
    expect(image).toMatchObject({
      name: "other",
      target: "t",
      platforms: ["linux/amd64", "linux/arm64", "linux/s390x"],
      timeoutSeconds: 5,
    });
  });

  it("secrets are kept as references", async () => {
    const { image, root } = await only(
      { secret: ["id=a,env=TOKEN", "id=b,src=base/garden.yml"] },
      { TOKEN: "hunter2" },
    );
    expect(image?.secrets).toEqual({ a: { env: "TOKEN" }, b: { file: `${root}/base/garden.yml` } });
    expect(JSON.stringify(image)).not.toContain("hunter2");
  });

  it.each<[string, Partial<ImageFlags>, string]>([
    ["a secret without an id", { secret: ["env=X"] }, "usage"],
    ["a secret typed as a value", { secret: ["hunter2"] }, "usage"],
    ["a secret with two sources", { secret: ["id=a,env=X,src=y"] }, "usage"],
    ["a secret whose variable is not set", { secret: ["id=a,env=X"] }, "secret-missing"],
    ["a secret whose file is not there", { secret: ["id=a,src=none"] }, "secret-missing"],
    ["an empty platform", { platform: [""] }, "usage"],
    ["an architecture alone", { platform: ["linux/amd64,arm64"] }, "usage"],
    ["an argument without a name", { buildArg: ["=x"] }, "usage"],
  ])("%s is refused without repeating it", async (_, flags, code) => {
    const error = await rejectionOf(only(flags));
    expect(error.code).toBe(code);
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  it.each(["name", "target", "file"])("--%s for several images is refused", async (flag) => {
    expect(await rejectionOf(request(["."], { [flag]: "Dockerfile" }))).toMatchObject({
      code: "usage",
      message: `--${flag} Dockerfile is for one image, but 2 were found: app, base.`,
    });
  });
});

it("a name brings what it needs along; a directory of that name wins", async () => {
  const below = Object.fromEntries(Object.entries(pair).map(([name, text]) => [`services/${name}`, text]));
  const found = await requestImages(["app"], none, folder(below), {});
  expect((await found.enabledIn("local")).graph.waves).toEqual([["base"], ["app"]]);
  expect((await request(["app"], {})).graph.waves).toEqual([["app"]]);
});

describe("Garden actions for some environments", () => {
  const action = (name: string, more: string): string => `kind: Build\ntype: container\nname: ${name}\n${more}\n`;
  const variants = {
    "app/Dockerfile": "FROM api",
    "app/garden.yml": action("app", "dependencies: [build.api]"),
    "one/Dockerfile": "FROM scratch",
    "one/garden.yml": action("api", "environments: [local]"),
    "two/garden.yml": action("api", "environments: [ci]\ndependencies: [build.nowhere]"),
    "other/garden.yml": action("other", "environments: [ci]\ndependencies: [build.nowhere]"),
  };
  const ask = async (words: string[], environment: string, flags: Partial<ImageFlags> = {}) => {
    const root = folder(variants);
    const found = await requestImages(words, { ...none, ...flags }, root, {});
    return { root, ...(await found.enabledIn(environment)) };
  };

  it("do not count in others: not their names, not their Dockerfiles, not what they depend on", async () => {
    const { root, graph, notices } = await ask(["."], "local");
    expect(graph.waves).toEqual([["api"], ["app"]]);
    expect(graph.images.get("api")?.context).toBe(`${root}/one`);
    expect(notices).toEqual([`Image other in ${root}/other/garden.yml is for ci, not for local: left out.`]);
    expect(await ask(["api"], "local")).toMatchObject({ graph: { waves: [["api"]] }, notices: [] });
  });

  it("have to be right in their own", async () => {
    expect(await rejectionOf(ask(["."], "ci"))).toMatchObject({
      code: "dockerfile-missing",
      message: expect.stringContaining("/Dockerfile (ENOENT)"),
    });
  });

  it("do not count for flags that are for one image either, and get none of them", async () => {
    const { graph } = await ask(["one", "two"], "local", { target: "t", file: "Dockerfile" });
    expect(graph.images.get("api")).toMatchObject({ target: "t", dockerfile: { text: "FROM scratch" } });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { enabledIn, imageGraph, selectImages } from "../../../../builders/images/graph.ts";
import { errorOf, image } from "../samples.ts";

describe("the order of images", () => {
  it("follows FROM, COPY --from and what definitions say", () => {
    const graph = imageGraph([
      image({ name: "app", from: "FROM web\nCOPY --from=tools:latest /a /b" }),
      image({ name: "web", from: "ARG B=base\nFROM $B" }),
      image({ name: "tools", dependencies: ["lint"] }),
      image({ name: "base" }),
      image({ name: "lint" }),
    ]);
    expect(graph.waves).toEqual([["base", "lint"], ["web", "tools"], ["app"]]);
    expect(graph.siblings.get("app")).toEqual(["web", "tools"]);
    expect(graph.siblings.get("tools")).toEqual([]);
  });

  it("follows dependencies by the action's name, also where localId names the image otherwise", () => {
    const graph = imageGraph([
      image({ name: "api", actionName: "api", dependencies: ["base"] }),
      image({ name: "shop/base", actionName: "base" }),
    ]);
    expect(graph.dependencies.get("api")).toEqual(["shop/base"]);
    expect(graph.waves).toEqual([["shop/base"], ["api"]]);
    expect(selectImages(graph, ["base"]).waves).toEqual([["shop/base"]]);
    expect(selectImages(graph, ["shop/base"]).waves).toEqual([["shop/base"]]);
  });

  it("refuses two actions of one name, whatever their images are called", () => {
    const images = [image({ name: "a", actionName: "x" }), image({ name: "b", actionName: "x" })];
    expect(errorOf(() => imageGraph(images))).toMatchObject({
      code: "image-definition",
      message: expect.stringMatching(/^Two images are called x as actions: a in .*, b in /),
    });
  });

  it("takes a dependency's name for the action, also where a plain image has it too", () => {
    const graph = imageGraph([
      image({ name: "api" }),
      image({ name: "shop/api", actionName: "api" }),
      image({ name: "app", actionName: "app", dependencies: ["api"] }),
    ]);
    expect(graph.dependencies.get("app")).toEqual(["shop/api"]);
  });

  it("takes a name with another tag, or the image's own, for a public image", () => {
    const graph = imageGraph([
      image({ name: "busybox", from: "FROM busybox" }),
      image({ name: "a", from: "FROM busybox:1.36" }),
    ]);
    expect(graph.waves).toEqual([["busybox", "a"]]);
  });

  it("puts every image after all that it needs, whatever the graph", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 }), (needs) => {
        // Images only need earlier ones, so there is no cycle; the list itself is reversed.
        const images = needs.map((list, at) =>
          image({ name: `i${at}`, dependencies: at === 0 ? [] : list.map((n) => `i${n % at}`) }),
        );
        const order = imageGraph(images.toReversed()).waves.flat();
        expect(new Set(order).size).toBe(images.length);
        for (const { name, dependencies } of images) {
          for (const needed of dependencies) expect(order.indexOf(needed)).toBeLessThan(order.indexOf(name));
        }
      }),
    );
  });

  it("names the whole cycle", () => {
    const images = [
      image({ name: "entry", from: "FROM a" }),
      image({ name: "a", from: "FROM b" }),
      image({ name: "b", from: "FROM c" }),
      image({ name: "c", dependencies: ["a"] }),
    ];
    expect(errorOf(() => imageGraph(images))).toMatchObject({
      code: "image-cycle",
      message: "These images wait for each other: a -> b -> c -> a.",
    });
  });

  it("refuses two images of one name, naming both places", () => {
    const images = [image({ definedIn: "/x/garden.yml" }), image({ definedIn: "/y/garden.yml" })];
    expect(errorOf(() => imageGraph(images)).message).toBe(
      "Two images are called api: one in /x/garden.yml, one in /y/garden.yml.",
    );
  });

  it("refuses a dependency that is not there", () => {
    expect(errorOf(() => imageGraph([image({ dependencies: ["base"] })]))).toMatchObject({
      code: "image-definition",
      message: "Image api depends on build.base, which is not among the images to build.",
    });
  });
});

describe("images for some environments only", () => {
  const images = [
    image({ name: "everywhere", from: "FROM tools" }),
    image({ name: "tools", environments: ["ci"] }),
    image({ name: "preview", environments: ["preview", "test"], definedIn: "/p/garden.yml" }),
  ];
  const all = images.map(({ name }) => name);

  it("are left out of others with a notice, unless an enabled one needs them", () => {
    const { graph: left, notices } = enabledIn(images, "local", all);
    expect(left.waves).toEqual([["tools"], ["everywhere"]]);
    expect(notices).toEqual(["Image preview in /p/garden.yml is for preview, test, not for local: left out."]);
    expect(enabledIn(images, "test", all).graph.images.has("preview")).toBe(true);
  });

  it("are an error when nothing else is left", () => {
    expect(errorOf(() => enabledIn(images, "local", ["preview"]))).toMatchObject({
      code: "image-definition",
      message: "None of these images is for the environment local.",
      hint: expect.stringContaining("is for preview, test"),
    });
  });

  it("are needed through one another, and by the name of the action", () => {
    const chain = [
      image({ name: "shop/c", actionName: "c", environments: ["ci"] }),
      image({ name: "b", environments: ["ci"], dependencies: ["c"] }),
      image({ name: "a", from: "FROM b" }),
    ];
    expect(enabledIn(chain, "local", ["a"]).graph.waves).toEqual([["shop/c"], ["b"], ["a"]]);
  });

  it("are not chosen between: two of one name that are needed are refused", () => {
    const two = ["ci", "test"].map((name) => image({ name: "base", environments: [name], definedIn: `/${name}` }));
    const list = [image({ name: "a", from: "FROM base" }), ...two];
    expect(errorOf(() => enabledIn(list, "local", ["a"])).message).toBe(
      "Two images are called base: one in /ci, one in /test.",
    );
    expect(enabledIn(list, "ci", ["a"]).graph.images.get("base")?.definedIn).toBe("/ci");
  });
});

describe("choosing images by name", () => {
  const graph = imageGraph([
    image({ name: "base" }),
    image({ name: "app", from: "FROM base" }),
    image({ name: "other" }),
  ]);

  it("takes what they need along, and nothing else", () => {
    expect(selectImages(graph, ["app"]).waves).toEqual([["base"], ["app"]]);
  });

  it("lists the known ones for an unknown name", () => {
    expect(errorOf(() => selectImages(graph, ["ap"]))).toMatchObject({
      message: "There is no image ap here.",
      hint: "Found: base, app, other.",
    });
  });

  it("says what else could be named where there is none", () => {
    expect(errorOf(() => selectImages(imageGraph([]), ["api"]))).toMatchObject({
      hint: "Found: none. Name a directory that holds a Dockerfile by its path, such as . or ./api.",
    });
  });
});

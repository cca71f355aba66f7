import { expect, it } from "vitest";
import { ociFiles } from "../../../../builders/cli/ociOption.ts";
import { imageGraph } from "../../../../builders/images/graph.ts";
import { errorOf, folder, image } from "../samples.ts";

const one = imageGraph([image({ name: "shop/api" })]);
const two = imageGraph([image({ name: "a" }), image({ name: "b" })]);

it("is a file for one image, a file for each in a directory, and nothing when it is not asked for", () => {
  const root = folder({ "out/x": "" });
  expect(ociFiles(two, undefined, root)).toEqual(new Map());
  expect(ociFiles(one, "api.tar", root)).toEqual(new Map([["shop/api", `${root}/api.tar`]]));
  expect(ociFiles(one, "out/", root)).toEqual(new Map([["shop/api", `${root}/out/shop-api.tar`]]));
  expect(ociFiles(two, `${root}/out`, "/elsewhere")).toEqual(
    new Map([
      ["a", `${root}/out/a.tar`],
      ["b", `${root}/out/b.tar`],
    ]),
  );
});

it.each([
  ["one file for two images", two, "all.tar"],
  ["a directory that is not there", one, "none/"],
  ["a file in a directory that is not there", one, "none/api.tar"],
])("%s is refused", (_, graph, given) => {
  expect(errorOf(() => ociFiles(graph, given, folder({}))).code).toBe("usage");
});

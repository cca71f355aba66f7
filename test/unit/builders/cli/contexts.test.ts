import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { readContexts, type Times } from "../../../../builders/cli/contexts.ts";
import { imageGraph } from "../../../../builders/images/graph.ts";
import { folder, image } from "../samples.ts";

const context = () => folder({ Dockerfile: "FROM scratch\n", a: "a" });

/** Reads the contexts of images of these names and directories, with a cache of its own. */
function read(images: Readonly<Record<string, string>>, times: Times, dryRun = false) {
  const cache = path.join(folder({}), "cache");
  const graph = imageGraph(Object.entries(images).map(([name, directory]) => image({ name, context: directory })));
  const environment = { PERGOLA_CACHE: cache };
  return { cache, contexts: readContexts(graph, { times, dryRun, environment, note: () => {} }) };
}

it("images of one directory share one copy, and others have their own", async () => {
  const [one, two] = [context(), context()];
  const { cache, contexts } = read({ api: one, web: one, job: two }, "content");
  const { of, release } = await contexts;
  expect(of.get("api")?.sent).toBe(of.get("web")?.sent);
  expect(of.get("job")?.sent).not.toBe(of.get("api")?.sent);
  expect(readdirSync(of.get("job")!.sent).sort()).toEqual(["Dockerfile", "a"]);
  release();
  expect(
    readdirSync(path.join(cache, "contexts")).flatMap((name) => readdirSync(path.join(cache, "contexts", name))),
  ).not.toContain("lock");
});

it("a context whose times are kept is sent as it is, and nothing is copied", async () => {
  const one = context();
  const { cache, contexts } = read({ api: one }, "keep");
  expect((await contexts).of.get("api")?.sent).toBe(one);
  expect(existsSync(cache)).toBe(false);
});

it("a dry run names the copy and makes none, with the hashes that a build has", async () => {
  const one = context();
  const dry = read({ api: one }, "content", true);
  const { of } = await dry.contexts;
  expect(existsSync(dry.cache)).toBe(false);
  const built = await read({ api: one }, "content").contexts;
  const hashes = (found: typeof of) => found.get("api")?.entries.map(({ path: name, sha256 }) => [name, sha256]);
  expect(hashes(of)).toEqual(hashes(built.of));
  expect(of.get("api")?.sent).toBe(built.of.get("api")?.sent.replace(/^.*\/cache\//, `${dry.cache}/`));
  built.release();
});

it("what cannot be read leaves no copy locked", async () => {
  const one = context();
  const { cache, contexts } = read({ api: one, web: path.join(one, "missing") }, "content");
  await expect(contexts).rejects.toMatchObject({ data: { code: "context-missing" } });
  const [stage = ""] = readdirSync(path.join(cache, "contexts")).filter((name) =>
    existsSync(path.join(cache, "contexts", name, "tree")),
  );
  expect(existsSync(path.join(cache, "contexts", stage, "lock"))).toBe(false);
});

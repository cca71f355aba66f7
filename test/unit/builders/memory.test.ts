import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { remember } from "../../../builders/memory.ts";
import { folder } from "./samples.ts";

it("finds out once what has the same kind and key, over runs", async () => {
  const cache = folder({});
  let asked = 0;
  const find = async () => ({ answer: ++asked });
  for (const [kind, key] of [
    ["a", ["x", 1]],
    ["a", ["x", 1]],
    ["a", ["x", 2]],
    ["b", ["x", 1]],
    ["a", ["x", 1]],
  ] as const) {
    await remember(cache, kind, key, find);
  }
  expect(asked).toBe(3);
  expect(await remember(cache, "a", ["x", 1], find)).toEqual({ answer: 1 });
});

it("does not remember a failure", async () => {
  const cache = folder({});
  await expect(remember(cache, "a", [], () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await remember(cache, "a", [], async () => "yes")).toBe("yes");
});

it("finds out anew what a file no longer tells, and mends the file", async () => {
  const cache = folder({});
  const known = path.join(cache, "known");
  await remember(cache, "a", [], async () => ({ answer: 1 }));
  const [name = ""] = readdirSync(known);
  truncateSync(path.join(known, name), 5);
  expect(await remember(cache, "a", [], async () => ({ answer: 2 }))).toEqual({ answer: 2 });
  expect(await remember(cache, "a", [], async () => ({ answer: 3 }))).toEqual({ answer: 2 });
});

it("keeps one whole result of several that find out at once", async () => {
  const cache = folder({});
  const known = path.join(cache, "known");
  let asked = 0;
  const both = Promise.withResolvers<void>();
  const find = async () => {
    const answer = ++asked;
    if (answer === 2) both.resolve();
    await both.promise;
    return { answer, long: "x".repeat(100_000) };
  };
  const found = await Promise.all([remember(cache, "a", [], find), remember(cache, "a", [], find)]);
  expect(found.map(({ answer }) => answer)).toEqual([1, 2]);
  const names = readdirSync(known);
  expect(names).toHaveLength(1);
  const kept = JSON.parse(readFileSync(path.join(known, names[0] ?? ""), "utf8"));
  expect(found).toContainEqual(kept);
  expect(await remember(cache, "a", [], find)).toEqual(kept);
});

it("goes without a cache that cannot be written", async () => {
  for (const answer of ["one", "two"])
    expect(await remember("/dev/null/cache", "a", [], async () => answer)).toBe(answer);
});

it("leaves nothing of what could not be kept whole", async () => {
  const cache = folder({});
  const known = path.join(cache, "known");
  await remember(cache, "a", [], async () => 1);
  const [name = ""] = readdirSync(known);
  rmSync(path.join(known, name));
  // As on a full disk the last step fails, after the temporary file is there.
  mkdirSync(path.join(known, name, "in-the-way"), { recursive: true });
  expect(await remember(cache, "a", [], async () => 2)).toBe(2);
  expect(readdirSync(known)).toEqual([name]);
});

it("forgets what was found out long ago, when it learns something", async () => {
  const cache = folder({});
  const known = path.join(cache, "known");
  await remember(cache, "a", ["old"], async () => 1);
  for (const name of readdirSync(known)) utimesSync(path.join(known, name), 0, 0);
  await remember(cache, "a", ["new"], async () => 2);
  expect(readdirSync(known)).toHaveLength(1);
});

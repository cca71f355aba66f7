import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { pruneDaily, pruneStages } from "../../../../../builders/run/staging/prune.ts";
import { folder } from "../../samples.ts";

const DAYS = 24 * 3600 * 1000;

it("copies go that nobody used for a month, and those of processes that are gone; what somebody holds stays", () => {
  const root = folder({});
  const now = Date.now();
  const stage = (name: string, age: number, holder?: object) => {
    mkdirSync(path.join(root, name, "tree"), { recursive: true });
    if (holder) writeFileSync(path.join(root, name, "lock"), JSON.stringify(holder));
    utimesSync(path.join(root, name), (now - age) / 1000, (now - age) / 1000);
  };
  stage("aa", 31 * DAYS);
  stage("bb", 29 * DAYS);
  stage("cc", 31 * DAYS, { host: hostname(), pid: process.pid, started: null });
  stage("dd", 31 * DAYS, { host: hostname(), pid: 2 ** 30, started: null });
  stage(`ee.${process.pid}-12ab`, 0);
  stage(`ff.${2 ** 30}-12ab`, 0);
  pruneStages(root, now);
  expect(readdirSync(root).sort()).toEqual(["bb", "cc", `ee.${process.pid}-12ab`]);
});

it("the copies of contexts are looked through once a day", () => {
  const root = path.join(folder({}), "contexts");
  const old = path.join(root, "aa");
  const seenAfter = (time: number): boolean => {
    mkdirSync(old, { recursive: true });
    utimesSync(old, 0, 0);
    pruneDaily(root, time);
    return existsSync(old);
  };
  const now = Date.now();
  expect(seenAfter(now)).toBe(false);
  expect(seenAfter(now + DAYS - 60_000)).toBe(true);
  expect(seenAfter(now + DAYS + 60_000)).toBe(false);
});

it("a cache that is not there yet is no obstacle", () => {
  expect(() => pruneStages("/nonexistent/contexts")).not.toThrow();
});

import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { takeLock } from "../../../../../builders/run/staging/lock.ts";
import { folder } from "../../samples.ts";

const lockIn = () => path.join(folder({}), "lock");
const left = (file: string, more: object = {}) =>
  writeFileSync(file, JSON.stringify({ host: hostname(), pid: 2 ** 30, started: null, ...more }));

it("is held once, freed by its holder, and leaves no file", () => {
  const file = lockIn();
  const held = takeLock(file);
  expect(held).not.toBeNull();
  expect(takeLock(file)).toBeNull();
  held?.release();
  expect(takeLock(file)).not.toBeNull();
  expect(readdirSync(path.dirname(file))).toEqual(["lock"]);
});

it("of a process that is gone is taken over, and of another machine it is left", () => {
  const file = lockIn();
  left(file);
  expect(takeLock(file)).not.toBeNull();
  left(file, { host: "elsewhere" });
  expect(takeLock(file)).toBeNull();
});

it("of a process whose number another one has now is taken over", () => {
  const file = lockIn();
  left(file, { pid: process.pid, started: "1" });
  expect(takeLock(file)).not.toBeNull();
});

it("is taken over by one at a time, and the turn of one that was killed in it passes", () => {
  const file = lockIn();
  left(file);
  const turn = `${file}.turn`;
  writeFileSync(turn, "{}");
  expect(takeLock(file)).toBeNull();
  const old = statSync(turn).mtimeMs / 1000 - 120;
  utimesSync(turn, old, old);
  expect(takeLock(file)).not.toBeNull();
  expect(existsSync(turn)).toBe(false);
});

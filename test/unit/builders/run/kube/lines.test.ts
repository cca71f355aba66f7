import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { lines } from "../../../../../builders/run/kube/lines.ts";

async function read(unended?: boolean): Promise<string[]> {
  const seen: string[] = [];
  for await (const line of lines(Readable.from(["one\ntw", "o\n", "thr"]), unended)) seen.push(line);
  return seen;
}

it("puts lines together, and yields the last one without its end when it is wanted", async () => {
  expect(await read()).toEqual(["one", "two", "thr"]);
  expect(await read(false)).toEqual(["one", "two"]);
});

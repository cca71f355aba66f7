// A Dockerfile that pins an old version of its own language, whose frontend knows nothing of places for contexts.
import { createHash } from "node:crypto";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { Progress } from "../../local/progress.ts";
import { ensureToolchain } from "../../local/toolchain/index.ts";
import { build, context } from "./environment.ts";
import { imageFiles } from "./registry.ts";

const FILES = 100;
const SIZE = 4096;
/** Bytes that describe a file which is not sent, with room. */
const METADATA = 100;

async function built(folder: string, name: string) {
  const { result, stderr } = await build([folder, "--mode", "cluster-buildkit", "--name", name, "--tag", "latest"]);
  expect(result.images[0]?.error, stderr).toBeNull();
  return result.images[0]!;
}

let syntax: string;
beforeAll(async () => {
  const toolchain = await ensureToolchain(new Progress(), ["old-frontend"]);
  const folder = await context({ Dockerfile: 'FROM scratch\nCOPY frontend /\nENTRYPOINT ["/frontend"]\n' });
  await copyFile(toolchain.path("old-frontend"), join(folder, "frontend"));
  syntax = (await built(folder, "test-frontend")).reference;
});

it("builds what is there, also when two images take turns, and sends no file again to the one that was last", async () => {
  const project = (word: string) => {
    const files: Record<string, string> = {
      Dockerfile: `# syntax=${syntax}\nFROM scratch\nCOPY . /\n`,
      ".dockerignore": "*.log\n!keep.log\n",
      "no.log": "never in the image",
      "keep.log": "kept",
    };
    for (let index = 0; index < FILES; index++) files[`f${index}`] = `${word} ${index}`.padEnd(SIZE);
    return context(files);
  };
  const words = [`one ${Math.random()}`, `two ${Math.random()}`] as const;
  const folders = [await project(words[0]), await project(words[1])] as const;
  for (const turn of [0, 1, 0, 1] as const) {
    const { reference } = await built(folders[turn], `test-syntax-${turn}`);
    const files = await imageFiles(reference);
    expect([...files.keys()].filter((name) => name.endsWith(".log"))).toEqual(["keep.log"]);
    expect(files.size).toBe(FILES + 3);
    const sha256 = createHash("sha256").update(`${words[turn]} 7`.padEnd(SIZE)).digest("hex");
    expect(files.get("f7")?.sha256).toBe(sha256);
  }
  expect((await built(folders[1], "test-syntax-1")).bytesSent).toBeLessThan(FILES * METADATA);
});

import { describe, expect, it } from "vitest";
import { kanikoVolume } from "../../../../builders/plan/kanikoVolume.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** So many files of one size. */
const files = (count: number, size: number) => Array.from({ length: count }, () => ({ size }));
const limit = (memory: string) => ({ limits: { memory }, requests: {} });

describe("the context's volume", () => {
  it.each<[string, Parameters<typeof kanikoVolume>, boolean]>([
    ["a small context is in memory", [limit("4Gi"), "linux/amd64", files(10_000, 4096)], true],
    ["an empty one too", [limit("64Mi"), "linux/amd64", []], true],
    ["an eighth of the limit is the most", [limit("8Mi"), "linux/amd64", [{ size: MIB - 4 * KIB }]], true],
    ["and what the entry itself takes counts", [limit("8Mi"), "linux/amd64", [{ size: MIB - 4 * KIB + 1 }]], false],
    ["pages count, not bytes", [limit("8Mi"), "linux/amd64", files(205, 1)], false],
    ["as many as fit", [limit("8Mi"), "linux/amd64", files(204, 1)], true],
    ["empty files have no page", [limit("8Mi"), "linux/amd64", files(1024, 0)], true],
    ["but an entry", [limit("8Mi"), "linux/amd64", files(1025, 0)], false],
    ["other architectures may have large pages", [limit("8Mi"), "linux/arm64", files(15, 1)], true],
    ["which count", [limit("8Mi"), "linux/arm64", files(16, 1)], false],
    ["an unknown platform as well", [limit("8Mi"), "", files(16, 1)], false],
    [
      "the limit counts before the request",
      [{ limits: { memory: "8Mi" }, requests: { memory: "4Mi" } }, "linux/amd64", [{ size: MIB - 4 * KIB }]],
      true,
    ],
    [
      "without a limit the request does",
      [{ limits: { cpu: "1" }, requests: { memory: "8Mi" } }, "linux/amd64", [{ size: MIB - 4 * KIB }]],
      true,
    ],
    [
      "and no more than its share",
      [{ limits: {}, requests: { memory: "8Mi" } }, "linux/amd64", [{ size: MIB }]],
      false,
    ],
    ["with neither it is the disk", [{ limits: {}, requests: {} }, "linux/amd64", [{ size: 1 }]], false],
    ["and with a context that is not known", [limit("4Gi"), "linux/amd64", undefined], false],
  ])("%s", (_, input, inMemory) => {
    expect(kanikoVolume(...input)).toEqual({ emptyDir: inMemory ? { medium: "Memory" } : {} });
  });
});

import { describe, expect, it } from "vitest";
import { isTagTaken, keptDigest, type Refusal } from "../../../../builders/run/takenTag.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const SAID = (reference: string) =>
  `error pushing image: failed to push to destination ${reference}: PUT https://${ECR}/v2/shop/api/manifests/1: TAG_INVALID: The image tag '1' already exists in the 'shop/api' repository and cannot be overwritten because the`;

describe("isTagTaken", () => {
  it.each([
    [`${SAID("x")} repository is immutable.`, true],
    [`${SAID("x")} tag is immutable.`, true],
    ["denied: The repository has enabled tag immutability, so the tag cannot be moved", true],
    ["TAG_INVALID: manifest tag did not match URI", false],
  ])("%s", (text, taken) => {
    expect(isTagTaken(text)).toBe(taken);
  });
});

describe("keptDigest", () => {
  const tags = [`${ECR}/shop/api:1`, `${ECR}/shop/api:2`];
  const judge = async (held: string | null, more: Partial<Refusal> = {}) => {
    const warnings: string[] = [];
    const asked: string[] = [];
    const refusal: Refusal = {
      plan: { references: tags.slice(0, 1), tagOfContent: false },
      text: SAID(tags[0] as string),
      built: digest("b"),
      lookUp: async (reference) => {
        asked.push(reference);
        return held;
      },
      incomplete: false,
      emit: (event) => event.type === "warning" && warnings.push(event.text),
      ...more,
    };
    return keptDigest(refusal).then(
      (kept) => ({ kept, warnings, asked }),
      (error) => ({ error: error.data, warnings, asked }),
    );
  };
  const own = { plan: { references: tags.slice(0, 1), tagOfContent: true } };

  it.each<[string, string | null, Partial<Refusal>, object]>([
    ["the same image is there", digest("b"), {}, { kept: digest("b"), warnings: [] }],
    ["another one is there", digest("a"), {}, { error: { code: "tag-taken" } }],
    [
      "the tag is of the content",
      digest("a"),
      own,
      { kept: digest("a"), warnings: [expect.stringContaining(digest("b"))] },
    ],
    [
      "the tag is of the content, and a file was wanted too",
      digest("a"),
      { ...own, incomplete: true },
      { error: { code: "tag-taken", hint: expect.stringContaining("--skip-present") } },
    ],
    [
      "the registry does not tell",
      null,
      own,
      { error: { code: "tag-taken", message: expect.stringContaining("does not tell") } },
    ],
    [
      "the builder does not tell",
      digest("a"),
      { built: null },
      { error: { code: "tag-taken", message: expect.stringContaining("of unknown digest") } },
    ],
    [
      "the question fails",
      null,
      { lookUp: () => Promise.reject(new Error("no pod")) },
      { error: { code: "tag-taken", message: expect.stringContaining("could not be looked up (no pod)") } },
    ],
    [
      "the same image is there, and a later tag was missed",
      digest("b"),
      { plan: { references: tags, tagOfContent: false } },
      { error: { code: "tag-taken", message: expect.stringContaining(`${tags[1]} was not pushed`) } },
    ],
    [
      "the builder knows it by another name than its digest",
      digest("a"),
      { built: null, alias: "image x" },
      { error: { code: "tag-taken", message: expect.stringMatching(/what was built is image x\.$/) } },
    ],
    [
      "the same image is there, and later tags are pushed all the same",
      digest("b"),
      { plan: { references: tags, tagOfContent: false }, goesOn: true },
      { kept: digest("b"), warnings: [] },
    ],
    [
      "the last of several tags has the same image",
      digest("b"),
      { plan: { references: tags, tagOfContent: false }, text: SAID(tags[1] as string) },
      { kept: digest("b"), asked: [tags[1]] },
    ],
  ])("when %s", async (_, held, more, expected) => {
    expect(await judge(held, more)).toMatchObject(expected);
  });
});

// A pod that its node does not know yet, as on GKE in its first seconds.
import { describe, expect, it } from "vitest";
import type { CredentialPlace } from "../../../../../builders/run/buildkit/credentialPlaces.ts";
import { answerCredentials } from "../../../../../builders/run/buildkit/credentials.ts";

/** A pod whose helper fails so many times with these words before it answers. */
function lateHelper(
  helper: string,
  words: string,
  times: number,
  isPod = true,
): { place: CredentialPlace; asked: () => number } {
  let asked = 0;
  const place: CredentialPlace = {
    where: "in pod b",
    config: "/config.json",
    isPod,
    read: async () => JSON.stringify({ credHelpers: { r: helper } }),
    run: async () => {
      asked += 1;
      const late = asked <= times;
      const stdout = late ? words : JSON.stringify({ Username: "u", Secret: "p" });
      return { exitCode: late ? 1 : 0, message: "", stdout, stderr: "" };
    },
  };
  return { place, asked: () => asked };
}

const TOO_EARLY = 'cannot fetch token: Get "http://169.254.169.254/computeMetadata/v1/": EOF';

describe("a helper that asks the node who its pod is", () => {
  it("is asked again while the node does not know the pod yet", async () => {
    const { place, asked } = lateHelper("gcr", TOO_EARLY, 2);
    expect(await answerCredentials("r", place)).toEqual({ username: "u", secret: "p" });
    expect(asked()).toBe(3);
  });

  it.each([
    ["another helper", "ecr-login", TOO_EARLY, true],
    ["another reason", "gcr", "invalid_grant", true],
    ["whoever builds on a machine of their own", "gcr", TOO_EARLY, false],
  ])("is asked once with %s", async (_, helper, words, isPod) => {
    const { place, asked } = lateHelper(helper, words, 1, isPod);
    expect(await answerCredentials("r", place)).toMatchObject({ error: expect.stringContaining(words) });
    expect(asked()).toBe(1);
  });
});

// Adding an entry among others who write: which answers of the API server are a lost round, and which are the end.
import { describe, expect, it } from "vitest";
import { attachPullSecret } from "../../../../builders/run/attach.ts";
import { KubeStatusError } from "../../../../builders/run/kube/errors.ts";
import type { Kube } from "../../../../builders/run/kube/kube.ts";
import type { PatchOperation } from "../../../../builders/run/pullSecretList.ts";

const PLACE = { namespace: "shop", account: "default", secret: "own", wanted: "attached" } as const;

/** An API server with one account; before each of the first patches somebody else adds an entry of theirs. */
function server(others: readonly string[], refuse?: KubeStatusError) {
  const account = { metadata: { name: "default", resourceVersion: "1" }, imagePullSecrets: [{ name: "first" }] };
  const waiting = [...others];
  let patches = 0;
  const kube = {
    context: "test",
    get: async (kind: string) =>
      kind === "Secret" ? { type: "kubernetes.io/dockerconfigjson" } : structuredClone(account),
    patch: async (_kind: string, _namespace: string, _name: string, [test, change]: PatchOperation[]) => {
      patches++;
      if (refuse !== undefined) throw refuse;
      const other = waiting.shift();
      if (other !== undefined) {
        account.imagePullSecrets.push({ name: other });
        account.metadata.resourceVersion += "0";
      }
      if (test?.op !== "test" || test.value !== account.metadata.resourceVersion) throw status(422);
      if (change?.op !== "add" || change.path !== "/imagePullSecrets/-") throw new Error(JSON.stringify(change));
      account.imagePullSecrets.push(change.value as { name: string });
      return structuredClone(account);
    },
  };
  return { kube: kube as unknown as Kube, patches: () => patches };
}

const status = (code: number) => new KubeStatusError({ code: "builder-not-ready", message: `HTTP ${code}` }, code, "");

describe("an entry", () => {
  it.each([0, 1, 7])("is added once, after %i lost rounds, beside those of the winners", async (count) => {
    const others = Array.from({ length: count }, (_, index) => `other-${index}`);
    const { kube, patches } = server(others);
    expect(await attachPullSecret(kube, PLACE)).toEqual({
      changed: true,
      imagePullSecrets: ["first", ...others, "own"],
    });
    expect(patches()).toBe(count + 1);
  });

  it("that somebody else adds in a lost round is there already", async () => {
    const { kube, patches } = server(["own"]);
    expect(await attachPullSecret(kube, PLACE)).toEqual({ changed: false, imagePullSecrets: ["first", "own"] });
    expect(patches()).toBe(1);
  });

  it.each([403, 422, 409])("is given up at once by a status %i while nobody changes the account", async (code) => {
    const { kube, patches } = server([], status(code));
    await expect(attachPullSecret(kube, PLACE)).rejects.toThrow(`HTTP ${code}`);
    expect(patches()).toBe(1);
  });

  it("is given up after fifty rounds", async () => {
    const { kube, patches } = server(Array.from({ length: 99 }, (_, index) => `other-${index}`));
    await expect(attachPullSecret(kube, PLACE)).rejects.toThrow("HTTP 422");
    expect(patches()).toBe(50);
  });
});

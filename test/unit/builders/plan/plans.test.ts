import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { ecrSetup, errorOf, localSetup } from "../samples.ts";
import { buildkit, kaniko, rich, sibling } from "./clusterPlans.ts";

/** All of a plan, as `--dry-run` shows it: a change here is a change of what happens in clusters. */
describe("the whole plan", () => {
  it.each<[string, () => unknown]>([
    ["buildkit", () => buildkit({})],
    [
      "buildkit-rich",
      () => buildkit({ ...rich, secrets: { npm: { env: "NPM" }, key: { file: "/k,1" } } }, { siblings: [sibling] }),
    ],
    [
      "buildkit-rootless",
      () =>
        buildkit(
          {},
          {},
          localSetup((input) => {
            input.builders.modes["cluster-buildkit"].profile = "rootless";
            input.pullSecrets = [
              { namespace: "pergola-buildkit", name: "registry-login", hosts: ["172.30.0.11:30500"] },
            ];
          }),
        ),
    ],
    ["kaniko", () => kaniko({})],
    ["kaniko-rich", () => kaniko(rich, { siblings: [sibling] })],
    ["kaniko-ecr", () => kaniko({ name: "shop/api" }, {}, ecrSetup())],
  ])("%s", async (name, plan) => {
    await expect(stringify(plan(), { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(
      `golden/${name}.yaml`,
    );
  });

  it("is the same each time", () => {
    expect(buildkit(rich)).toEqual(buildkit(rich));
    expect(kaniko({})).toEqual(kaniko({}));
  });
});

describe("whose registry credentials a build has", () => {
  const client = { from: "client", dockerConfig: "/home/me/.docker" } as const;

  it("is in the plan: the builder's, or the client's with the directory", () => {
    expect(buildkit({}).auth).toEqual({ from: "builder" });
    expect(buildkit({}, { auth: client }).auth).toEqual(client);
  });

  it("changes nothing else", () => {
    expect({ ...buildkit({}, { auth: client }), auth: null }).toEqual({ ...buildkit({}), auth: null });
  });

  it("cannot be the client's in kaniko", () => {
    expect(errorOf(() => kaniko({}, { auth: client }))).toMatchObject({
      code: "mode-unsupported",
      message: expect.stringContaining("kaniko, which cannot use --auth client"),
      hint: expect.stringContaining("--mode cluster-buildkit"),
    });
    expect(kaniko({}, { auth: { from: "builder" } })).toEqual(kaniko({}));
  });
});

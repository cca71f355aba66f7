// Network host: only where the stack file permits it, and only for images that ask for it.
import { describe, expect, it } from "vitest";
import type { Image } from "../../../../builders/images/image.ts";
import { NO_SETTINGS } from "../../../../builders/images/settings.ts";
import type { BuildkitPlan } from "../../../../builders/plan/plan.ts";
import { errorOf, image, localSetup, planBuild, planOptions } from "../samples.ts";

function plan(one: Image, permitted: boolean, profile = "rootful"): BuildkitPlan {
  const setup = localSetup((input) => {
    const mode = input.builders.modes["cluster-buildkit"];
    Object.assign(mode, { profile }, permitted ? { allowHostNetwork: true } : {});
  });
  return planBuild(setup, one, { ...planOptions, mode: "cluster-buildkit", buildId: "1" }) as BuildkitPlan;
}
const asked = ({ argv }: BuildkitPlan): string[] => argv.filter((word) => /network|--allow/.test(word));

const flag = { settings: { ...NO_SETTINGS, network: "host" } } as const;
const step = { from: "FROM a\nRUN --network=none true\nRUN --network=host curl x\n" };

describe("network host", () => {
  it.each<[string, Parameters<typeof image>[0], string[]]>([
    ["by flag", flag, ["force-network-mode=host", "--allow", "network.host"]],
    ["by a step of the Dockerfile", step, ["--allow", "network.host"]],
    ["by extra flags, once", { extraFlags: ["--allow", "network.host"] }, ["--allow", "network.host"]],
    [
      "by flag and extra flags, once",
      { ...flag, extraFlags: ["--allow=network.host"] },
      ["force-network-mode=host", "--allow", "network.host", "--allow=network.host"].toSpliced(1, 2),
    ],
    ["not at all", { from: "FROM a\nRUN --network=none true\n# --network=host\n" }, []],
  ])("is asked for %s where it is permitted", (_, fields, expected) => {
    expect(asked(plan(image(fields), true))).toEqual(expected);
    expect(asked(plan(image(fields), true, "rootless"))).toEqual(expected);
  });

  it.each<[string, Parameters<typeof image>[0], string, object]>([
    ["by flag", flag, "--network host", {}],
    ["by a step", step, "RUN --network=host, Dockerfile:3", { file: "/src/api/Dockerfile", line: 3 }],
    ["by an extra flag", { extraFlags: ["--allow", "network.host"] }, "extra flag network.host", {}],
    [
      "by a frontend's option",
      { extraFlags: ["--opt=force-network-mode=host"] },
      "extra flag --opt=force-network-mode=host",
      {},
    ],
  ])("asked for %s is refused with the key where it is not permitted", (_, fields, how, place) => {
    expect(errorOf(() => plan(image(fields), false))).toMatchObject({
      code: "mode-unsupported",
      message: `Image api asks for network host (${how}), which the environment local does not permit.`,
      hint: expect.stringContaining("allowHostNetwork: true in stacks/Pulumi.local.yaml"),
      path: "pergola:builder.modes.cluster-buildkit.allowHostNetwork",
      ...place,
    });
  });

  it("is an entitlement of the daemon where it is permitted, before all tables, and changes nothing else", () => {
    const toml = (permitted: boolean): string =>
      (plan(image(), permitted).builder.manifests[0] as unknown as { data: Record<string, string> }).data[
        "buildkitd.toml"
      ] as string;
    expect(toml(true)).toBe(`insecure-entitlements = ["network.host"]\n${toml(false)}`);
    expect(asked(plan(image(), true))).toEqual(asked(plan(image(), false)));
  });
});

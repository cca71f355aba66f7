import { describe, expect, it } from "vitest";
import { destinationOf } from "../../../../builders/plan/destination.ts";
import { type PlacementOptions, placeBuild } from "../../../../builders/plan/placement.ts";
import {
  ecrSetup,
  errorOf,
  image,
  localSetup,
  planBuild,
  planOptions,
  type SetupInput,
  withPattern,
} from "../samples.ts";

describe("the destination", () => {
  it("is host, namespace and name where the registry makes repositories", () => {
    expect(destinationOf(localSetup(), "shop/api", ["dev", "1.0", "dev"])).toEqual({
      name: "shop/api",
      repository: "172.30.0.11:30500/examples/shop/api",
      references: ["172.30.0.11:30500/examples/shop/api:dev", "172.30.0.11:30500/examples/shop/api:1.0"],
      cacheTagRepository: "172.30.0.11:30500/examples/shop/api",
      cacheRepository: "172.30.0.11:30500/examples/shop/api/cache",
    });
  });

  it("is the provisioned repository where there is one", () => {
    expect(destinationOf(ecrSetup(), "shop/api", ["dev"]).references).toEqual([
      "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/api:dev",
    ]);
  });

  it("is refused where nobody provisioned it, with the stack line to add", () => {
    expect(errorOf(() => destinationOf(ecrSetup(), "web", ["dev"]))).toMatchObject({
      code: "repository-not-provisioned",
      hint: "Add it to pergola:registry in stacks/Pulumi.aws-dev.yaml and run pulumi up. Provisioned: shop/api.",
    });
  });

  it.each(["API", "a b", "a//b", "/a", "a/", "-a", "a.", "a..b", "a___b", ""])("is refused for the name %j", (name) => {
    expect(errorOf(() => destinationOf(localSetup(), name, ["dev"])).message).toContain(`"${name}" cannot be the name`);
  });

  it.each(["a", "a.b", "a_b", "a__b", "a---b", "0/1"])("takes the name %s", (name) => {
    expect(destinationOf(localSetup(), name, ["dev"]).repository).toMatch(new RegExp(`/${name}$`));
  });

  it.each(["", ".a", "-a", "a/b", "a:b", "a".repeat(129)])("is refused for the tag %j", (tag) => {
    expect(errorOf(() => destinationOf(localSetup(), "a", ["v1", tag])).message).toContain("cannot be a tag");
  });
});

describe("the place of a build", () => {
  const options: PlacementOptions = { namespace: null, contextNamespace: null };
  const place = (more: Partial<PlacementOptions>, change: (input: SetupInput) => void = () => {}) =>
    placeBuild(localSetup(change), "cluster-buildkit", "api", { ...options, ...more });
  const two = (input: SetupInput): void => {
    input.builders.modes["cluster-buildkit"].namespaces.push({
      name: "shop-dev",
      serviceAccount: "sa",
      images: ["web"],
    });
    withPattern(input);
    input.pullSecrets = [];
  };

  it("is the default mode and its only namespace", () => {
    expect(place({})).toMatchObject({
      modeName: "cluster-buildkit",
      namespace: { name: "pergola-buildkit" },
      pullSecret: null,
    });
  });

  it("is the context's namespace among several, else the one asked for", () => {
    expect(place({ contextNamespace: "pergola-buildkit" }, two).namespace.name).toBe("pergola-buildkit");
    expect(place({ namespace: "shop-preview-7" }, two).namespace).toMatchObject({
      name: "shop-preview-7",
      serviceAccount: "garden-in-cluster-builder",
    });
  });

  it.each<[string, Partial<PlacementOptions>, (input: SetupInput) => void, object]>([
    [
      "a mode that was not provisioned",
      {},
      (input) => Reflect.deleteProperty(input.builders.modes, "cluster-buildkit"),
      {
        code: "mode-not-provisioned",
        path: "pergola:builder.modes.cluster-buildkit",
        hint: expect.stringContaining("stacks/Pulumi.local.yaml"),
      },
    ],
    [
      "a namespace that was not",
      { namespace: "other" },
      two,
      {
        code: "namespace-not-provisioned",
        message: "Namespace other is not provisioned for the mode cluster-buildkit of the environment local.",
        hint: "Provisioned: pergola-buildkit, shop-dev; others have to match shop-preview-*.",
      },
    ],
    [
      "a namespace that was not, where there are no patterns",
      { namespace: "other" },
      () => {},
      { hint: "Provisioned: pergola-buildkit; there are no patterns for others." },
    ],
    ...(
      [
        ["kube-system", "it belongs to Kubernetes, and no pattern admits it."],
        ["shop-preview-registry", "it is kept from builders, and no pattern admits it."],
        ["pergola-kaniko", "it is provisioned for kaniko only."],
      ] as const
    ).map(([namespace, why]): [string, Partial<PlacementOptions>, (input: SetupInput) => void, object] => [
      `${namespace} although a pattern matches`,
      { namespace },
      (input) => {
        withPattern(input);
        input.builders.modes["cluster-buildkit"].namespacePatterns = ["*"];
      },
      { code: "namespace-not-provisioned", message: expect.stringContaining(`of the environment local: ${why}`) },
    ]),
    [
      "a choice that nobody made",
      {},
      two,
      { code: "namespace-not-provisioned", hint: "Choose one with --namespace: pergola-buildkit, shop-dev." },
    ],
    [
      "an image that another namespace builds",
      { namespace: "shop-dev" },
      two,
      { message: "Image api may not be built in namespace shop-dev (allowed: web)." },
    ],
    [
      "two pull secrets",
      {},
      (input) => {
        input.pullSecrets = ["a", "b"].map((name) => ({ namespace: "pergola-buildkit", name, hosts: [] }));
      },
      { code: "setup-invalid", message: expect.stringContaining("2 pull secrets (a, b)") },
    ],
  ])("refuses %s", (_, more, change, expected) => {
    expect(errorOf(() => place(more, change))).toMatchObject(expected);
  });

  it("refuses a platform without builders", () => {
    const plan = () =>
      planBuild(localSetup(), image({ platforms: ["linux/arm64"] }), {
        ...planOptions,
        ...options,
      });
    expect(errorOf(plan)).toMatchObject({
      code: "mode-unsupported",
      message: "Image api is for linux/arm64, but the builders of local build for linux/amd64.",
    });
  });
});

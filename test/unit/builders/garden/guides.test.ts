/**
 * What the guides that this kit comes from get wrong about Garden's configuration: each once as it stands there, judged to be wrong,
 * and once as `pergola garden` has it. Garden's own code judges more of it in the tier `garden`.
 */
import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { gardenBlocks } from "../../../../builders/garden/blocks.ts";
import { gardenYaml } from "../../../../builders/garden/yaml.ts";
import { TAG } from "../../../../builders/plan/destination.ts";
import { configKey, hostProblem } from "../../../../infra/documents/registryHost.ts";
import type { BuildSetup } from "../../../../infra/setup.ts";
import { localSetup } from "../samples.ts";
import { buildkit, kaniko, lacking, options } from "./oneBlock.ts";
import { gcpSetup, SETUPS, withSecret } from "./setups.ts";

const printed = (setup: BuildSetup, namespace: string | null): string =>
  gardenYaml(setup, gardenBlocks(setup, { ...options, namespace }).blocks);

/** Every block of every environment that these tests have. */
const BLOCKS = SETUPS.flatMap(([name, setup, namespace]) =>
  gardenBlocks(setup, { ...options, namespace }).blocks.map((block) => ({ name, setup, ...block })),
);

describe("buildMode: buildkit, beside buildMode: kaniko in one block", () => {
  test("is no YAML", () => {
    expect(() => parse("providers:\n  - name: kubernetes\n    buildMode: buildkit\n    buildMode: kaniko\n")).toThrow(
      "Map keys must be unique",
    );
  });

  test("is never written: there is a block for each mode, in an environment of its own", () => {
    const { blocks } = gardenBlocks(gcpSetup("gcp-central-registry"), options);
    expect(blocks.map(({ provider }) => [provider.buildMode, ...provider.environments])).toEqual([
      ["cluster-buildkit", "gcp-central-registry"],
      ["kaniko", "gcp-central-registry-kaniko"],
    ]);
  });
});

test("cluster-buildkit is recommended and kaniko configured: here the first block is the mode that the stack file chose", () => {
  for (const [, setup, namespace] of SETUPS) {
    const [first] = gardenBlocks(setup, { ...options, namespace }).blocks;
    expect(first?.mode).toBe(setup.builders.default);
  }
});

describe("a tag after a second colon, some-build:v:VERSION", () => {
  test("is no tag", () => {
    expect("v:1a2b3c4d5e").not.toMatch(TAG);
    expect("v-1a2b3c4d5e").toMatch(TAG);
  });

  it.each(SETUPS)("is in nothing that %s has", (_name, setup, namespace) => {
    expect(printed(setup, namespace)).not.toMatch(/:v:/);
  });
});

describe("a login for docker.pkg.dev, and images in REGION-docker.pkg.dev", () => {
  test("do not meet: clients look for exactly the registry's name", () => {
    expect(configKey("docker.pkg.dev")).not.toBe(configKey("europe-central2-docker.pkg.dev"));
    expect(hostProblem("docker.pkg.dev")).toBe(
      "names no location; Artifact Registry hosts are LOCATION-docker.pkg.dev",
    );
  });

  test("are one name in every block: the secret is for the registry that is pushed to, and for those of caches", () => {
    const withSecret = BLOCKS.filter(({ provider }) => provider.imagePullSecrets.length > 0);
    expect(withSecret.length).toBeGreaterThan(SETUPS.length / 2);
    for (const { name, setup, provider } of withSecret) {
      const { deploymentRegistry, clusterBuildkit, imagePullSecrets } = provider;
      const caches = (clusterBuildkit?.cache ?? []).flatMap(({ registry }) => registry ?? []);
      for (const secret of imagePullSecrets) {
        const { hosts = [] } = setup.pullSecrets.find((one) => one.namespace === secret.namespace) ?? {};
        for (const { hostname, port } of [deploymentRegistry, ...caches]) {
          expect(hosts, name).toContain(port === undefined ? hostname : `${hostname}:${port}`);
        }
      }
    }
  });
});

describe("hub.docker.com as the host of a registry, which is a website", () => {
  it.each(["hub.docker.com", "registry-1.docker.io", "https://index.docker.io/v1/"])(
    "as %s is Docker Hub's",
    (host) => {
      const setup = gcpSetup("dockerhub", (config) => {
        config["pergola:secrets"] = { hub: "token" };
        config["pergola:registry"].host = host;
      });
      expect(kaniko(setup).provider.deploymentRegistry).toEqual({ hostname: "docker.io", namespace: "shop" });
    },
  );

  test("is no host of a block, and the login of Docker Hub is where docker looks for it", () => {
    expect(BLOCKS.map(({ provider }) => provider.deploymentRegistry.hostname)).not.toContain("hub.docker.com");
    expect(configKey("docker.io")).toBe("https://index.docker.io/v1/");
  });
});

describe("tolerations with commas at the ends of their lines", () => {
  test("have the commas in their values", () => {
    expect(parse('- key: garden-build,\n  effect: "NoSchedule"\n')).toEqual([
      { key: "garden-build,", effect: "NoSchedule" },
    ]);
  });

  test("have none here", () => {
    for (const [, setup, namespace] of SETUPS) {
      for (const { clusterBuildkit, kaniko: section } of parse(printed(setup, namespace)).providers) {
        const { tolerations } = clusterBuildkit ?? section;
        expect(tolerations[0]).toEqual({
          key: "garden-build",
          operator: "Equal",
          value: "true",
          effect: "NoSchedule",
        });
        const values = tolerations.flatMap((one: object) => Object.values(one));
        expect(values.filter((value: string) => value.endsWith(","))).toEqual([]);
      }
    }
  });
});

test("a registry whose best cache Garden does not know: every block says the mode, and never auto", () => {
  const entries = BLOCKS.flatMap(({ provider }) => provider.clusterBuildkit?.cache ?? []);
  expect(entries.length).toBeGreaterThan(4);
  expect(new Set(entries.map(({ mode }) => mode))).toEqual(new Set(["max"]));
});

test("placeholders in several spellings: nothing in a block is left to fill in", () => {
  for (const [name, setup, namespace] of SETUPS) {
    const values = JSON.stringify(parse(printed(setup, namespace)));
    expect(values, name).not.toMatch(/[<>]|undefined|null|NaN/);
  }
});

describe("an annotation of Workload Identity without a credential helper", () => {
  test("leaves BuildKit without a login: it reads docker's config alone, so every such block has a secret that names the helper", () => {
    const annotated = BLOCKS.filter(({ provider: { clusterBuildkit, kaniko: section } }) =>
      Object.keys((clusterBuildkit ?? section)?.serviceAccountAnnotations ?? {}).includes(
        "iam.gke.io/gcp-service-account",
      ),
    );
    expect(new Set(annotated.map(({ name }) => name))).toEqual(
      new Set(["gcp-dev", "gcp-central-registry", "gcr-eu", "gcp-autopilot"]),
    );
    for (const { setup, provider } of annotated) {
      expect(provider.imagePullSecrets).toHaveLength(1);
      expect(setup.credHelpers[provider.deploymentRegistry.hostname]).toBe("gcr");
    }
  });

  test("a key needs neither, and is in no block", () => {
    const setup = gcpSetup("gcp-key");
    expect(setup.credHelpers).toEqual({});
    expect(buildkit(setup).provider.clusterBuildkit?.serviceAccountAnnotations).toEqual({});
  });
});

describe("what Garden cannot be told, is told to people", () => {
  test("a registry of caches, for kaniko: one repository for all images, as a provider has one", () => {
    const block = kaniko(gcpSetup("gcp-central-registry"));
    expect(block.provider.kaniko?.extraFlags).toEqual([
      "--cache=true",
      "--cache-repo=europe-docker.pkg.dev/shop-registry/shop-cache/cache",
      "--push-ignore-immutable-tag-errors",
    ]);
    expect(block.remarks.map(({ text }) => text).join()).toContain(
      "--cache-repo=europe-docker.pkg.dev/shop-registry/shop-cache/NAME/cache",
    );
    expect(lacking(block)).toEqual([]);
  });

  test("also where no repository is below another one", () => {
    const { provider, remarks } = kaniko(gcpSetup("dockerhub", withSecret("hub")));
    expect(provider.kaniko?.extraFlags).toEqual(["--cache=true", "--cache-repo=docker.io/shop/cache"]);
    expect(remarks.map(({ text }) => text).join()).toContain("--cache-repo=docker.io/shop/NAME-cache");
  });

  test("but for the one that the stack file names itself", () => {
    const { provider, remarks } = kaniko(
      gcpSetup("gcp-central-registry", (config) => {
        const own = "--cache-repo=europe-docker.pkg.dev/shop-registry/shop-cache/layers";
        config["pergola:builder"].modes.kaniko.extraFlags = [own];
      }),
    );
    expect(provider.kaniko?.extraFlags.filter((flag) => flag.startsWith("--cache-repo"))).toEqual([
      "--cache-repo=europe-docker.pkg.dev/shop-registry/shop-cache/layers",
    ]);
    expect(remarks.filter(({ text }) => text.includes("One for all images"))).toEqual([]);
  });

  it.each<[string, BuildSetup, RegExp[]]>([
    [
      "passwords, of which copies stay behind",
      gcpSetup("gcp-key"),
      [/It has passwords, for europe-west3-docker\.pkg\.dev\. .* removes none/],
    ],
    [
      "helpers, which nodes do not ask",
      gcpSetup("gcr-eu"),
      [/It has no password for eu\.gcr\.io, .* rights of their own/],
    ],
    ["no secret at all", localSetup(), []],
  ])("what the pull secrets have: %s", (_title, setup, expected) => {
    const texts = buildkit(setup).remarks.filter(({ at }) => at === "imagePullSecrets");
    expect(texts.map(({ text }) => text.split("\n").at(-1))).toEqual(expected.map((one) => expect.stringMatching(one)));
  });

  test("a registry in the cluster: who has to reach it, and that BuildKit takes no base images from it by plain http", () => {
    const texts = buildkit(localSetup())
      .remarks.map(({ text }) => text)
      .join("\n");
    expect(texts).toContain("It runs in the cluster.");
    expect(texts).toContain("plain http for base images in 172.30.0.11:30500");
    expect(kaniko(localSetup()).provider.kaniko?.extraFlags).toContain("--insecure-registry=172.30.0.11:30500");
  });
});

// The BuildSetup of a stack, from what its stack file says and what was provisioned.
import { describe, expect, test } from "vitest";
import { makeBuildSetup, type SetupFacts } from "../../../infra/buildSetup.ts";
import { existingBuilderNodes } from "../../../infra/cluster/builderNodes.ts";
import { configAfter } from "./config.ts";

const facts: SetupFacts = {
  stack: "local",
  registry: {
    kind: "inCluster",
    host: "172.30.0.11:30500",
    namespace: "examples",
    insecure: true,
    mirrors: {},
    createsRepositoriesOnPush: true,
  },
  images: [],
  registryLoginHosts: [],
  placement: existingBuilderNodes([{ kind: "existing", architecture: "amd64" }]),
  priorityClassName: "pergola-local-builder",
  clusterUid: "uid",
};

describe("makeBuildSetup", () => {
  test("says for each mode where it builds, as whom, with what", () => {
    const setup = makeBuildSetup(
      configAfter(() => {}),
      facts,
    );
    expect(setup.builders.default).toBe("cluster-buildkit");
    expect(setup.builders.modes.kaniko).toEqual({
      namespaces: [
        {
          name: "pergola-kaniko",
          team: null,
          serviceAccount: "garden-in-cluster-builder",
          annotations: {},
          images: "*",
        },
      ],
      namespacePatterns: [],
      image: "pergola.local/kaniko:1.25.5",
      podSecurity: "baseline",
      tolerations: [{ key: "garden-build", operator: "Equal", value: "true", effect: "NoSchedule" }],
      nodeSelector: { "garden-build": "true" },
      platforms: ["linux/amd64"],
      resources: {
        limits: { cpu: "4", memory: "8Gi", "ephemeral-storage": "20Gi" },
        requests: { cpu: "100m", memory: "256Mi", "ephemeral-storage": "1Gi" },
      },
      priorityClassName: "pergola-local-builder",
    });
    expect(setup.builders.modes["cluster-buildkit"]).toMatchObject({ profile: "rootful", podSecurity: "privileged" });
    expect(setup.builders.modes["local-docker"]).toBeUndefined();
    expect(setup.cluster).toEqual({ context: "pergola-local", uid: "uid" });
  });

  test("has one pull secret per builder namespace, for every host with a login; and the helpers", () => {
    const config = configAfter((it) => {
      it["pergola:cluster"].pullSecret = {
        name: "logins",
        logins: [
          { host: "hub.example", username: "reader", passwordSecret: "p" },
          { host: "public.ecr.aws", helper: "ecr-login" },
        ],
      };
      it["pergola:secrets"] = { p: "hush" };
    });
    const setup = makeBuildSetup(config, { ...facts, registryLoginHosts: ["172.30.0.11:30500"] });
    const hosts = ["172.30.0.11:30500", "hub.example", "public.ecr.aws"];
    expect(setup.pullSecrets).toEqual([
      { namespace: "pergola-buildkit", name: "logins", hosts },
      { namespace: "pergola-kaniko", name: "logins", hosts },
    ]);
    expect(setup.credHelpers).toEqual({ "public.ecr.aws": "ecr-login" });
    expect(JSON.stringify(setup)).not.toContain("hush");
  });

  test("has no pull secret where nothing asks for a login", () => {
    expect(
      makeBuildSetup(
        configAfter(() => {}),
        facts,
      ).pullSecrets,
    ).toEqual([]);
  });

  test("permits network host where the stack file does, and says nothing of it elsewhere", () => {
    const setup = (allowed: boolean) => {
      const config = configAfter((it) => {
        it["pergola:builder"].modes["cluster-buildkit"].allowHostNetwork = allowed;
      });
      return makeBuildSetup(config, facts);
    };
    expect(setup(true).builders.modes["cluster-buildkit"]).toMatchObject({ allowHostNetwork: true });
    expect(JSON.stringify(setup(false))).not.toContain("allowHostNetwork");
    expect(setup(true).builders.modes.kaniko).not.toHaveProperty("allowHostNetwork");
  });

  test("carries registries of caches, with the pull secret that lets builders in", () => {
    const registry = { kind: "dockerRegistry", host: "caches.example", namespace: "team", insecure: false } as const;
    const config = configAfter((it) => {
      it["pergola:cache"] = [{ tag: "_buildcache", mode: "auto", registry }];
      it["pergola:cluster"].pullSecret = {
        logins: [{ host: "caches.example", username: "builder", passwordSecret: "p" }],
      };
      it["pergola:secrets"] = { p: "hush" };
    });
    const setup = makeBuildSetup(config, facts);
    expect(setup.cache).toEqual([{ tag: "_buildcache", mode: "auto", export: true, registry }]);
    expect(setup.pullSecrets.map(({ hosts }) => hosts)).toEqual([["caches.example"], ["caches.example"]]);
  });

  test("carries annotations, teams and image lists of namespaces", () => {
    const config = configAfter((it) => {
      it["pergola:access"].annotations = { "example.com/role": "builder" };
      it["pergola:builder"].modes.kaniko.namespaces = [{ name: "shop", existing: true, team: "shop", images: ["api"] }];
    });
    expect(makeBuildSetup(config, facts).builders.modes.kaniko!.namespaces).toEqual([
      {
        name: "shop",
        team: "shop",
        serviceAccount: "garden-in-cluster-builder",
        annotations: { "example.com/role": "builder" },
        images: ["api"],
      },
    ]);
  });
});

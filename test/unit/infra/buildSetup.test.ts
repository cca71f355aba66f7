// The BuildSetup of a stack, from what its stack file says and what was provisioned.
import { describe, expect, test } from "vitest";
import { builderLabels } from "../../../builders/plan/labels.ts";
import { makeBuildSetup } from "../../../infra/buildSetup.ts";
import { builderAccount } from "../../../infra/documents/builderAccount.ts";
import { ciRole, ciRoleBinding } from "../../../infra/documents/ciRole.ts";
import { builderEgress } from "../../../infra/documents/networkPolicy.ts";
import { configAfter } from "./config.ts";

const facts = { stack: "local", clusterUid: "uid" };

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
      namespacePatterns: ["pergola-team-*"],
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

  test("lets people build by their own Docker where the stack file does, and has nothing else to say of it", () => {
    const config = configAfter((it) => {
      it["pergola:builder"].default = "local-docker";
      it["pergola:builder"].modes["local-docker"] = {};
    });
    const setup = makeBuildSetup(config, facts);
    expect(setup.builders.default).toBe("local-docker");
    expect(setup.builders.modes["local-docker"]).toEqual({});
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
      it["pergola:registry"].basicAuth = { username: "builder", passwordSecret: "p" };
      it["pergola:secrets"] = { p: "hush" };
    });
    const setup = makeBuildSetup(config, facts);
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

  test("has the maintained executor for kaniko unless the stack file names one, and its flags", () => {
    const config = configAfter((it) => {
      delete it["pergola:builder"].modes.kaniko.image;
      it["pergola:builder"].modes.kaniko.extraFlags = ["--snapshot-mode=redo"];
    });
    const { kaniko, "cluster-buildkit": buildkit } = makeBuildSetup(config, facts).builders.modes;
    expect(kaniko?.image).toMatch(/^ghcr\.io\/osscontainertools\/kaniko:v1\.\d+\.\d+-debug$/);
    expect(kaniko?.extraFlags).toEqual(["--snapshot-mode=redo"]);
    expect(buildkit).not.toHaveProperty("extraFlags");
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

  test("says what namespaces get that only a pattern admits: the same documents, for Pergola's builders alone", () => {
    const config = configAfter((it) => {
      it["pergola:access"].annotations = { "example.com/role": "builder" };
      it["pergola:access"].namespacePatterns = ["team-*", "preview-?"];
      it["pergola:cluster"].ci = { group: "builders", garden: true };
      it["pergola:cluster"].pullSecret = { name: "logins", logins: [{ host: "public.ecr.aws", helper: "ecr-login" }] };
    });
    const setup = makeBuildSetup(config, facts);
    for (const mode of Object.values(setup.builders.modes)) {
      expect(mode.namespacePatterns).toEqual(["team-*", "preview-?"]);
    }
    const { reserved, source, objects } = setup.freshNamespaces!;
    expect([reserved, source]).toEqual([["default", "pergola-registry"], "pergola-buildkit"]);
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      "ServiceAccount garden-in-cluster-builder",
      "NetworkPolicy pergola-deny-ingress",
      "NetworkPolicy pergola-egress",
      "Role pergola-ci",
      "RoleBinding pergola-ci",
    ]);
    const [account, ingress, egress, role, binding] = objects;
    expect(account).toEqual(builderAccount({ "example.com/role": "builder" }));
    const pods = builderLabels("kaniko", { image: "a", id: "1" });
    for (const policy of [ingress!, egress!]) {
      const { podSelector } = policy.spec as { podSelector: { matchLabels: Record<string, string> } };
      expect(Object.keys(podSelector.matchLabels)).not.toEqual([]);
      expect(pods).toMatchObject(podSelector.matchLabels);
      expect(builderLabels("buildkit")).toMatchObject(podSelector.matchLabels);
    }
    const hosts = ["172.30.0.11:30500", "public.ecr.aws"];
    const reach = {
      hosts,
      registryPods: { namespace: "pergola-registry", labels: { "app.kubernetes.io/name": "registry" } },
      internet: false,
      podIdentity: false,
      gkeMetadata: false,
      cloudDns: false,
    };
    expect(egress!.spec).toEqual({
      ...builderEgress(reach),
      podSelector: (ingress!.spec as object & { podSelector: object }).podSelector,
    });
    expect(role).toEqual(ciRole(["logins"], true));
    expect(binding).toEqual(ciRoleBinding("builders"));
  });

  test("has no policies for them where the stack wants none, and nothing at all without patterns", () => {
    const open = configAfter((it) => {
      it["pergola:cluster"].guardrails.networkPolicy = false;
    });
    const kinds = makeBuildSetup(open, facts).freshNamespaces!.objects.map(({ kind }) => kind);
    expect(kinds).toEqual(["ServiceAccount", "Role", "RoleBinding"]);
    const closed = configAfter((it) => delete it["pergola:access"].namespacePatterns);
    expect(makeBuildSetup(closed, facts).freshNamespaces).toBeNull();
  });
});

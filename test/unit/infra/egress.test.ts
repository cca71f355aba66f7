// What builders reach of what a stack file names, and what it cannot know.
import { describe, expect, test } from "vitest";
import { egressOf, unseenHostsText } from "../../../infra/cluster/egress.ts";
import { builderEgress } from "../../../infra/documents/networkPolicy.ts";
import { type Change, configAfter } from "./config.ts";
import { gcpConfig } from "./gcpConfig.ts";

const REGISTRY = "172.30.0.11:30500";

const guardrails =
  (more: object): Change =>
  (config) =>
    Object.assign(config["pergola:cluster"].guardrails, more);

/** Builders have the logins of this docker config. */
const dockerConfig =
  (auths: object): Change =>
  (config) => {
    config["pergola:secrets"] = { mirror: JSON.stringify({ auths }) };
    config["pergola:cluster"].pullSecret = { dockerConfigSecrets: ["mirror"] };
  };

const changed = (...changes: Change[]) =>
  configAfter((config) => {
    for (const change of changes) change(config);
  });

const LOGIN = { username: "builder", password: "canary" };

describe("builders reach", () => {
  test("hosts that guardrails name, by address alone and by name at every address", () => {
    const config = changed(guardrails({ hosts: ["10.0.4.7:8081", "npm.example", "apt.example:80"] }));
    expect(egressOf(config).hosts).toEqual([REGISTRY, "10.0.4.7:8081", "npm.example", "apt.example:80"]);
    const everywhere = { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] };
    const opened = builderEgress(egressOf(config)).egress!.flatMap(({ to = [], ports = [] }) =>
      to.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : ports.map(({ port }) => ({ ...ipBlock, port })))),
    );
    expect(opened).toEqual(
      expect.arrayContaining([
        { cidr: "10.0.4.7/32", port: 8081 },
        { ...everywhere, port: 443 },
        { ...everywhere, port: 80 },
      ]),
    );
  });

  test("a registry of caches whose login is in a docker config", () => {
    const host = "caches.example:5000";
    const caches: Change = (config) => {
      config["pergola:cache"] = [{ tag: "m", registry: { kind: "dockerRegistry", host } }];
    };
    expect(egressOf(changed(dockerConfig({ [host]: LOGIN }), caches)).hosts).toEqual([REGISTRY, host]);
  });

  test("what is reached by plain HTTP at its port, 80 where none is written", () => {
    const mirrors: Change = (config) => {
      Object.assign(config["pergola:registry"], {
        mirrors: { "docker.io": ["plain.example", "plain.example:5000", "mirror.example"] },
        insecureMirrors: ["plain.example", "plain.example:5000"],
      });
    };
    expect(egressOf(changed(mirrors)).hosts).toEqual([
      REGISTRY,
      "plain.example:80",
      "plain.example:5000",
      "mirror.example",
    ]);
  });

  test("a registry and one of caches by plain HTTP at port 80, and nothing of them at 443", () => {
    const plain: Change = (config) => {
      const { mirrors: _, ...registry } = config["pergola:registry"];
      config["pergola:registry"] = { kind: "dockerRegistry", host: "plain.example", insecure: true, product: "harbor" };
      Object.assign(config["pergola:registry"], { namespace: registry.namespace });
      config["pergola:cache"] = [
        { tag: "m", registry: { kind: "dockerRegistry", host: "caches.example", insecure: true } },
      ];
    };
    const auths = { "plain.example": LOGIN, "caches.example": LOGIN };
    expect(egressOf(changed(plain, dockerConfig(auths))).hosts).toEqual(["plain.example:80", "caches.example:80"]);
  });

  test("no host that only a docker config names", () => {
    const config = changed(dockerConfig({ "base.example:5000": LOGIN }));
    expect(JSON.stringify(egressOf(config))).not.toContain("base.example");
  });
});

describe("that a docker config names hosts which nobody sees", () => {
  const secret = dockerConfig({ "base.example:5000": LOGIN });

  test("is said where builders do not reach them", () => {
    const text = unseenHostsText(changed(secret));
    expect(text).toBe(
      "pergola:cluster.pullSecret.dockerConfigSecrets have logins for registries that nothing else names, and " +
        "pergola:cluster.guardrails.internet is false: builders do not reach those. Name the ones that they need in " +
        "pergola:cluster.guardrails.hosts; nobody sees there that they have a login",
    );
  });

  const byName: Change = (config) => {
    secret(config);
    config["pergola:cluster"].guardrails = { internet: false };
  };
  test.each([
    ["there is none", changed()],
    ["somebody thought of it", changed(secret, guardrails({ hosts: ["base.example:5000"] }))],
    ["the web is open", changed(secret, guardrails({ internet: true }))],
    ["nothing is closed", changed(secret, guardrails({ networkPolicy: false }))],
    ["port 443 is open to every address for a registry by name", gcpConfig(byName)],
  ])("is not said where %s", (_, config) => {
    expect(unseenHostsText(config)).toBeNull();
  });
});

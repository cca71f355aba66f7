// Bad stack files: mirrors that are reached by plain HTTP, with the exact message.
import { AUTHORITY } from "../certificates.ts";
import { type Change, cases } from "./config.ts";

/** Mirrors of Docker Hub, and those of them that are reached by plain HTTP. */
const mirrors =
  (insecureMirrors: unknown, ...changes: Change[]): Change =>
  (config) => {
    const all = { "docker.io": ["172.30.0.11:30500", "plain.example:5000"] };
    Object.assign(config["pergola:registry"], { mirrors: all, insecureMirrors });
    for (const change of changes) change(config);
  };

const caches =
  (more: object): Change =>
  (config) => {
    const host = "plain.example:5000";
    config["pergola:secrets"] = { caches: "password" };
    config["pergola:cluster"].pullSecret = { logins: [{ host, username: "builder", passwordSecret: "caches" }] };
    config["pergola:cache"] = [{ tag: "m", registry: { kind: "dockerRegistry", host, ...more } }];
  };

cases("mirrors by plain HTTP", [
  ["one", mirrors(["plain.example:5000"]), []],
  ["the registry itself, which is reached so, too", mirrors(["172.30.0.11:30500"]), []],
  ["one that keeps caches in the same way", mirrors(["plain.example:5000"], caches({ insecure: true })), []],
  ["all of them", mirrors(true), ["pergola:registry.insecureMirrors: is true; allowed is a list"]],
  [
    "one by its URL",
    mirrors(["http://plain.example:5000"]),
    ['pergola:registry.insecureMirrors[0]: "http://plain.example:5000" has a scheme; write host or host:port'],
  ],
  [
    "one by another name",
    mirrors(["plain.example"]),
    [
      'pergola:registry.insecureMirrors[0]: "plain.example" is no mirror of pergola:registry.mirrors; write it as it stands there, or remove it',
    ],
  ],
  [
    "one twice",
    mirrors(["plain.example:5000", "plain.example:5000"]),
    ['pergola:registry.insecureMirrors[1]: "plain.example:5000" is listed twice'],
  ],
  [
    "one that keeps caches by HTTPS",
    mirrors(["plain.example:5000"], caches({})),
    ['pergola:registry.insecureMirrors[0]: "plain.example:5000" is reached by HTTPS elsewhere in this file; remove it'],
  ],
  [
    "the registry itself, which is reached by HTTPS",
    mirrors(["plain.example:5000"], (config) => {
      const registry = { kind: "dockerRegistry", host: "plain.example:5000", product: "harbor", namespace: "shop" };
      const { mirrors: all, insecureMirrors } = config["pergola:registry"];
      config["pergola:registry"] = { ...registry, mirrors: all, insecureMirrors };
      config["pergola:registry"].login = { username: "builder", passwordSecret: "harbor" };
      config["pergola:secrets"] = { harbor: "password" };
    }),
    ['pergola:registry.insecureMirrors[0]: "plain.example:5000" is reached by HTTPS elsewhere in this file; remove it'],
  ],
  [
    "certificates that vouch for none",
    mirrors(["plain.example:5000"], (config) => (config["pergola:registry"].caBundle = AUTHORITY)),
    [
      "pergola:registry.caBundle: vouches for no registry: 172.30.0.11:30500, plain.example:5000 are reached by plain HTTP; remove it",
    ],
  ],
]);

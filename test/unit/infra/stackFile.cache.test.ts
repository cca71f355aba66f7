// Bad stack files: every field and rule of `cache`, and of the certificates for its registries, with the exact message.
import { expect, test } from "vitest";
import { AUTHORITY, OTHER_AUTHORITY, REGISTRY_KEY } from "../certificates.ts";
import { type Change, cases, configAfter, problemsAfter } from "./config.ts";

/** Another registry for caches, with a login. */
const caches = { kind: "dockerRegistry", host: "caches.example" };
const login = { host: "caches.example", username: "builder", passwordSecret: "caches" };

/** A file that is right, with one thing changed. */
const cache =
  // biome-ignore lint/suspicious/noExplicitAny: wrong values are written into it
    (change: (entries: any[], config: any) => void): Change =>
    (config) => {
      config["pergola:cache"] = [{ tag: "a", registry: { ...caches } }, { tag: "b" }];
      config["pergola:cluster"].pullSecret = { logins: [{ ...login }] };
      config["pergola:secrets"] = { caches: "hush" };
      change(config["pergola:cache"], config);
    };

cases("cache", [
  ["text", (config) => (config["pergola:cache"] = "max"), ['pergola:cache: is "max"; allowed is a list']],
  ["a tag that is none", cache((it) => (it[0].tag = "a:b")), ['pergola:cache[0].tag: "a:b" is not an image tag']],
  [
    "a misspelt mode",
    cache((it) => (it[0].mode = "mx")),
    ['pergola:cache[0].mode: is "mx"; allowed: min, max, inline, auto; did you mean max?'],
  ],
  [
    "an export that is text",
    cache((it) => (it[0].export = "x")),
    ['pergola:cache[0].export: is "x"; allowed is true or false'],
  ],
  ["a tag twice", cache((it) => it.push({ tag: "b" })), ['pergola:cache[2].tag: "b" is listed twice']],
  [
    "a tag twice in another registry",
    cache((it) => it.push({ tag: "a", registry: { ...caches } })),
    ['pergola:cache[2].tag: "a" is listed twice'],
  ],
  ["a tag in two registries, which is right", cache((it) => (it[1].tag = "a")), []],
  [
    "a registry without a host",
    cache((it) => delete it[0].registry.host),
    [
      "pergola:cache[0].registry.host: is missing (registry host or host:port, without scheme and path; Docker Hub is docker.io)",
    ],
  ],
  [
    "a registry with a scheme",
    cache((it) => (it[0].registry.host = "https://caches.example")),
    ['pergola:cache[0].registry.host: "https://caches.example" has a scheme; write host or host:port'],
  ],
  [
    "an unknown key of a registry",
    cache((it) => (it[0].registry.namspace = "a")),
    [
      'pergola:cache[0].registry: unknown key "namspace"; allowed: kind, host, product, namespace, insecure; did you mean namespace?',
    ],
  ],
  [
    "a namespace that is none",
    cache((it) => (it[0].registry.namespace = "/a")),
    [
      'pergola:cache[0].registry.namespace: "/a" is not a repository path: lower-case letters, digits and single separators, without leading or trailing slash',
    ],
  ],
  [
    "a registry without a login",
    cache((_, config) => (config["pergola:cluster"].pullSecret.logins[0].host = "other.example")),
    [
      'pergola:cache[0].registry.host: "caches.example" has no login: builders could not write there, and would cache nothing; add one for this host to pergola:cluster.pullSecret.logins',
    ],
  ],
  [
    "another namespace of the images' registry, which needs no login of its own",
    cache((it, config) => {
      it[0].registry = { ...caches, host: "172.30.0.11:30500", namespace: "caches", insecure: true };
      config["pergola:cluster"].pullSecret.logins = [];
    }),
    [],
  ],
  [
    "the images' registry by HTTPS",
    cache((it) => (it[0].registry.host = "172.30.0.11:30500")),
    [
      "pergola:cache[0].registry.insecure: is false, but 172.30.0.11:30500 is reached by plain HTTP elsewhere in this file",
    ],
  ],
  [
    "a registry by HTTPS and by plain HTTP",
    cache((it) => it.push({ tag: "c", registry: { ...caches, insecure: true } })),
    ["pergola:cache[2].registry.insecure: is true, but caches.example is reached by HTTPS elsewhere in this file"],
  ],
  [
    "an inline cache where images are not pushed to",
    cache((it) => (it[0].mode = "inline")),
    [
      'pergola:cache[0].mode: is "inline", which is pushed with the image: 172.30.0.11:30500 is reached by plain HTTP, caches.example by HTTPS; write max',
    ],
  ],
]);

cases("certificates", [
  [
    "a file's name",
    cache((_, config) => (config["pergola:registry"].caBundle = "/etc/ssl/ca.pem")),
    [
      "pergola:registry.caBundle: the value (not shown) holds no certificate in PEM form (-----BEGIN CERTIFICATE-----); put the text itself there, not a file's name",
    ],
  ],
  [
    "a private key, which is not shown",
    cache((_, config) => (config["pergola:registry"].caBundle = AUTHORITY + REGISTRY_KEY)),
    [
      "pergola:registry.caBundle: the value (not shown) holds a private key, which would be published: keep the certificates alone",
    ],
  ],
  [
    "a damaged certificate",
    cache((_, config) => (config["pergola:registry"].caBundle = AUTHORITY + OTHER_AUTHORITY.replace("MII", "AAA"))),
    ["pergola:registry.caBundle: the value (not shown) cannot be read: certificate 2 of 2 is damaged"],
  ],
  [
    "certificates where nothing has TLS",
    (config) => (config["pergola:registry"].caBundle = AUTHORITY),
    ["pergola:registry.caBundle: vouches for no registry: 172.30.0.11:30500 is reached by plain HTTP; remove it"],
  ],
  [
    "certificates for a mirror alone, which is right",
    (config) =>
      Object.assign(config["pergola:registry"], {
        caBundle: AUTHORITY,
        mirrors: { "docker.io": ["mirror.example"] },
      }),
    [],
  ],
]);

test("a right file says where caches are, and what vouches for their registry", () => {
  const change = cache((it, config) => {
    it[1].mode = "auto";
    config["pergola:registry"].caBundle = AUTHORITY + OTHER_AUTHORITY;
  });
  expect(problemsAfter(change)).toEqual([]);
  const config = configAfter(change);
  expect(config.cache).toEqual([
    { tag: "a", mode: "max", export: true, registry: { ...caches, namespace: "", insecure: false } },
    { tag: "b", mode: "auto", export: true },
  ]);
  expect(config.registry).toMatchObject({ caBundle: AUTHORITY + OTHER_AUTHORITY });
});

// Bad stack files: names of images that Docker Hub has no room for, with the exact message.
import { expect, test } from "vitest";
import { registrySupport } from "../../../builders/plan/cache.ts";
import { PRODUCT_NAMES, REGISTRY_PRODUCTS } from "../../../infra/documents/registryProducts.ts";
import { awsCases } from "./awsConfig.ts";
import { type Change, cases } from "./config.ts";
import { registry } from "./ecrChanges.ts";

const LOGIN = { username: "shopbuilder", passwordSecret: "hub" };

/** Caches are at Docker Hub. */
const caches =
  (...more: object[]): Change =>
  (config) => {
    config["pergola:secrets"] = { hub: "token" };
    config["pergola:cluster"].pullSecret = { logins: [{ host: "docker.io", ...LOGIN }] };
    const place = { kind: "dockerRegistry", host: "docker.io", namespace: "shop" };
    config["pergola:cache"] = [{ tag: "_buildcache", registry: place, ...more[0] }, ...more.slice(1)];
  };

const kanikoAlone: Change = (config) => {
  config["pergola:builder"] = { default: "kaniko", modes: { kaniko: { namespaces: ["shop-dev"] } } };
};

const both =
  (...changes: Change[]): Change =>
  (config) => {
    for (const change of changes) change(config);
  };

const PROBLEM =
  "pergola:cache[0].registry.host: would have the cache of shop/api (pergola:registry.repositories[0]), shop/web (pergola:registry.repositories[1]) in docker.io/shop/shop/api, but a repository of Docker Hub has at most 2 parts after its host; name another registry of caches, or images without a slash";

awsCases("caches at Docker Hub of images in ECR", [
  ["whose names have a slash", caches(), [PROBLEM]],
  ["whose names have a slash, by kaniko", both(caches(), kanikoAlone), [PROBLEM]],
  ["where kaniko keeps none", both(caches({ export: false }, { tag: "main" }), kanikoAlone), []],
  [
    "of which one has a slash",
    both(
      caches(),
      registry((it) => (it.repositories = ["api", "shop/web"])),
    ),
    [
      "pergola:cache[0].registry.host: would have the cache of shop/web (pergola:registry.repositories[1]) in docker.io/shop/shop/web, but a repository of Docker Hub has at most 2 parts after its host; name another registry of caches, or images without a slash",
    ],
  ],
  [
    "whose names have none",
    both(
      caches(),
      registry((it) => (it.repositories = ["api"])),
    ),
    [],
  ],
]);

/** Images are at Docker Hub, and these may be built in a namespace. */
const images =
  (...names: string[]): Change =>
  (config) => {
    config["pergola:secrets"] = { hub: "token" };
    config["pergola:registry"] = { kind: "dockerRegistry", host: "docker.io", namespace: "shop", login: LOGIN };
    config["pergola:builder"].modes.kaniko.namespaces = [{ name: "shop-dev", images: names }];
  };

cases("images at Docker Hub", [
  [
    "by a name with a slash",
    images("web", "team/api"),
    [
      'pergola:builder.modes.kaniko.namespaces[0].images[1]: "team/api" would be docker.io/shop/team/api, but a repository of Docker Hub has at most 2 parts after its host; write a name without a slash',
    ],
  ],
  ["by names without", images("web", "api"), []],
  [
    "in a namespace that is said to be wrong",
    both(images("team/api"), (config) => (config["pergola:registry"].namespace = "shop/dev")),
    ['pergola:registry.namespace: is "shop/dev", but images of Docker Hub are docker.io/ACCOUNT/IMAGE; write ACCOUNT'],
  ],
]);

cases("caches of images that only namespaces name", [
  [
    "at Docker Hub",
    both(caches(), (config) => {
      config["pergola:builder"].modes.kaniko.namespaces = [{ name: "shop-dev", images: ["team/api"] }];
    }),
    [
      "pergola:cache[0].registry.host: would have the cache of team/api (pergola:builder.modes.kaniko.namespaces[0].images[0]) in docker.io/shop/team/api, but a repository of Docker Hub has at most 2 parts after its host; name another registry of caches, or images without a slash",
    ],
  ],
]);

test("what a registry has room for is one thing in preview and for builds", () => {
  const rows = PRODUCT_NAMES.map((name) => [name, REGISTRY_PRODUCTS[name].mostParts]);
  expect(rows).toEqual(PRODUCT_NAMES.map((name) => [name, registrySupport(name).mostParts]));
});

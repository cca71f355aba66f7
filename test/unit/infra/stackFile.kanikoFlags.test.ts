// Bad stack files: flags of kaniko's executor that could do nothing good, with the exact message.
import { awsCases } from "./awsConfig.ts";
import { type Change, cases } from "./config.ts";
import { entry, registry } from "./ecrChanges.ts";
import { registry as garRegistry, gcr } from "./garChanges.ts";
import { gcpCases } from "./gcpConfig.ts";

const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const GAR = "europe-central2-docker.pkg.dev/shop-registry";

/** kaniko builds, with these flags. */
const flags =
  (...extraFlags: string[]): Change =>
  (config) => {
    config["pergola:builder"] = { default: "kaniko", modes: { kaniko: { namespaces: ["shop-dev"], extraFlags } } };
  };

const both =
  (...changes: Change[]): Change =>
  (config) => {
    for (const change of changes) change(config);
  };

awsCases("layers in a repository of images in ECR", [
  [
    "whose tags stay but for those of BuildKit's caches",
    flags("--compressed-caching=false", `--cache-repo=${ECR}/shop/api`),
    [
      `pergola:builder.modes.kaniko.extraFlags[1]: names ${ECR}/shop/api, the repository of images shop/api, whose tagMutability is immutableWithExclusion: kaniko could write each layer there once, and not anew after two weeks; remove it: layers are then in the cache repository of each image (pergola:registry.repositories[].cache)`,
    ],
  ],
  [
    "whose tags all stay, in two words",
    both(
      registry((it) => (it.tagMutability = "immutable")),
      flags("--cache-repo", `${ECR}/shop/api`),
    ),
    [
      `pergola:builder.modes.kaniko.extraFlags[0]: names ${ECR}/shop/api, the repository of images shop/api, whose tagMutability is immutable: kaniko could write each layer there once, and not anew after two weeks; remove it: layers are then in the cache repository of each image (pergola:registry.repositories[].cache)`,
    ],
  ],
  [
    "that exists, and is said to have tags that stay",
    both(entry({ existing: true, tagMutability: "immutable" }), flags(`--cache-repo=${ECR}/shop/api`)),
    [
      `pergola:builder.modes.kaniko.extraFlags[0]: names ${ECR}/shop/api, the repository of images shop/api, whose tagMutability is immutable: kaniko could write each layer there once, and not anew after two weeks; remove it: layers are then in the cache repository of each image (pergola:registry.repositories[].cache)`,
    ],
  ],
  [
    "whose tags stay, of an image that has no repository for layers",
    both(entry({ cache: false }), flags(`--cache-repo=${ECR}/shop/api`)),
    [
      `pergola:builder.modes.kaniko.extraFlags[0]: names ${ECR}/shop/api, the repository of images shop/api, whose tagMutability is immutableWithExclusion: kaniko could write each layer there once, and not anew after two weeks; remove it, and give the image a cache repository (pergola:registry.repositories[].cache)`,
    ],
  ],
  ["whose tags move", flags(`--cache-repo=${ECR}/shop/web`), []],
  ["that is for layers", flags(`--cache-repo=${ECR}/shop/api/cache`), []],
]);

const immutable = garRegistry((it) => (it.immutableTags = true));

gcpCases("layers in the repository of images in Artifact Registry", [
  [
    "whose tags stay",
    both(immutable, flags(`--cache-repo=${GAR}/shop/layers`)),
    [
      `pergola:builder.modes.kaniko.extraFlags[0]: names ${GAR}/shop/layers, which is in the repository of the images, where no tag moves (pergola:registry.immutableTags): kaniko could write each layer there once, and not anew after two weeks; remove it: layers are then in ${GAR}/shop-cache/IMAGE/cache`,
    ],
  ],
  [
    "behind gcr.io, whose tags stay",
    both(gcr({ host: "eu.gcr.io", immutableTags: true }), flags("--cache-repo=eu.gcr.io/shop-registry/layers")),
    [
      "pergola:builder.modes.kaniko.extraFlags[0]: names eu.gcr.io/shop-registry/layers, which is in the repository of the images, where no tag moves (pergola:registry.immutableTags): kaniko could write each layer there once, and not anew after two weeks; remove it: layers are then in europe-docker.pkg.dev/shop-registry/eu-gcr-io-cache/IMAGE/cache",
    ],
  ],
  ["that is for caches", both(immutable, flags(`--cache-repo=${GAR}/shop-cache/layers`)), []],
  ["whose tags move", flags(`--cache-repo=${GAR}/shop/layers`), []],
]);

cases("flags without a value", [
  [
    "is what the runner refuses",
    (config) => (config["pergola:builder"].modes.kaniko.extraFlags = ["--cache-repo"]),
    [],
  ],
]);

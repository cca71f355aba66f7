/** Changes of the registry of a stack file on Google Cloud, for the tests of its rules. */
import type { Change } from "./config.ts";

/** Changes the registry. */
export const registry =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:registry"]);

/** The registry is behind gcr.io, and says this, too. */
export const gcr =
  (more: object = {}): Change =>
  (config) => {
    config["pergola:registry"] = { kind: "gcr", project: "shop-registry", host: "gcr.io", ...more };
  };

/** Caches are in this repository. */
export const caches =
  (...more: object[]): Change =>
  (config) => {
    config["pergola:cache"] = more.map((one, at) => ({ tag: `cache-${at}`, registry: { ...CACHES, ...one } }));
  };

/** A separate repository of caches. */
export const CACHES = {
  kind: "artifactRegistry",
  project: "shop-caches",
  location: "europe-west3",
  repository: "layers",
} as const;

/** A key at a location. */
export const keyAt = (location: string): string =>
  `projects/shop-keys/locations/${location}/keyRings/images/cryptoKeys/images`;

/** Clean-up policies of the images' repository, really in force. */
export const cleanup = (policies: object): Change => registry((it) => (it.cleanup = { dryRun: false, policies }));

/** Labels, more than a repository takes. */
export const MANY_LABELS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 65 }, (_, at) => [`label-${at}`, "x"]),
);

/** BuildKit builds, too, in a namespace of its own. */
export const buildkitToo: Change = (config) => {
  config["pergola:builder"].modes["cluster-buildkit"] = {
    namespaces: ["shop-buildkit"],
    profile: "rootless",
    image: "docker.io/gardendev/buildkit:v0.23.2-rootless",
  };
  config["pergola:access"].namespaces.push("shop-buildkit");
};

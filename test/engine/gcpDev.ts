/** The stack like `gcp-dev`, which more than one test has: where it is, and what they change of it. */
import type { Change } from "./cloudStack.ts";
import { GcpStack } from "./gcpStack.ts";

/** Where this stack is. */
export const PLACES = {
  stack: "engine-gcp-dev",
  registry: "shop-registry",
  cluster: "shop-clusters",
  location: "europe-central2",
  shop: "engine-shop-dev",
  web: "engine-shop-web",
} as const;

/** Host of the stack's registry, as Docker configurations have it. */
export const HOST = `${PLACES.location}-docker.pkg.dev`;

/** Address of the builders' service account. */
export const BUILDERS = `gar-access@${PLACES.registry}.iam.gserviceaccount.com`;

/** Makes the stack. */
export function createGcpDev(): Promise<GcpStack> {
  return GcpStack.create({ example: "gcp-dev", stack: PLACES.stack });
}

/** One namespace more. */
export const withWeb: Change = (config) => {
  config["pergola:builder"].modes.kaniko.namespaces.push(PLACES.web);
  config["pergola:access"].namespaces?.push(PLACES.web);
};

/** That, and builders log in by the key of a number, where the example has Workload Identity. */
export const keyed =
  (rotation: number): Change =>
  (config) => {
    const { serviceAccount } = config["pergola:access"];
    config["pergola:access"] = { kind: "serviceAccountKey", serviceAccount, rotation };
    withWeb(config);
  };

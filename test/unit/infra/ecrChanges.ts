/** Changes of the registry of a stack file on AWS, for the tests of its rules. */
import type { Change } from "./config.ts";

/** Changes the registry. */
export const registry =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:registry"]);

/** One repository, written out. */
export const entry = (more: object): Change => registry((it) => (it.repositories = [{ name: "shop/api", ...more }]));

/** Another account than that of the registry. */
export const OTHER = "210987654321";

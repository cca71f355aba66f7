/** Changes of a stack file's `access`, for the tests of bad stack files. */
import type { Change } from "./config.ts";

export const ROLE = "arn:aws:iam::123456789012:role/builders";
export const PROVIDER = "arn:aws:iam::123456789012:oidc-provider";

/** A change of what stands under `pergola:access`. */
export const access =
  (change: Change): Change =>
  (config) =>
    change(config["pergola:access"]);

/** A role for each team instead of one for all. */
export const asTeams =
  (teams: object): Change =>
  (config) => {
    const it = config["pergola:access"];
    delete it.namespaces;
    it.namespacePatterns = [];
    it.teams = teams;
  };

/** Another kind of access. */
export const asKind =
  (kind: string, more: object = {}): Change =>
  (config) => {
    config["pergola:access"] = { kind, ...more };
  };

/** That many names. */
export const many = (count: number, name: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => name(index));

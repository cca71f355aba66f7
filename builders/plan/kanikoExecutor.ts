/**
 * Which kaniko an executor image is, and what it can: told from name and tag alone, as nobody asks an image before a pod starts.
 * What is not certain, it cannot.
 */

/** What only some executors do, and do as BuildKit does. */
export type Ability =
  /** RUN, COPY and ADD with here-documents, as far as kanikoFeatures.ts lets them through */
  | "heredocs"
  /** RUN --mount=type=cache */
  | "cacheMounts"
  /** its options uid, gid and mode */
  | "cacheMountOwners"
  /** RUN --mount=type=secret of a secret that nobody gave */
  | "absentSecrets"
  /** RUN --mount=type=bind, of the context */
  | "bindMounts"
  /** an ARG ends with its stage */
  | "ownArguments"
  /** `--annotation` */
  | "annotations"
  /** what ADD fetches belongs to root, whoever the USER is */
  | "fetchesAsRoot";

type Version = readonly [major: number, minor: number, patch: number];

export interface KanikoExecutor {
  /** for people: "kaniko 1.25.5 (pergola.local/kaniko:1.25.5)" */
  readonly title: string;
  readonly abilities: ReadonlySet<Ability>;
  /** environment variables that make it build as BuildKit does where its own default is another */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Releases of the maintained fork that have an ability without a feature flag of the user's: its CHANGELOG.md, for what became
 * the default pull requests 312 (1.26), 554 (1.27) and 802 (1.28) of osscontainertools/kaniko.
 */
const FORK_SINCE: Readonly<Partial<Record<Ability, Version>>> = {
  annotations: [1, 25, 3],
  heredocs: [1, 25, 4],
  cacheMounts: [1, 26, 0],
  cacheMountOwners: [1, 26, 3],
  absentSecrets: [1, 27, 0],
  ownArguments: [1, 27, 3],
  bindMounts: [1, 28, 0],
};

/** Images of the fork, of version 1 as far as it is known. */
const FORK = "ghcr.io/osscontainertools/kaniko";

/**
 * The fork gives what is copied from the context to the USER unless told otherwise, and takes layers of other steps out of its
 * cache when keys collide (feature flags in its README; releases that do not know one only say so in the log).
 */
const AS_BUILDKIT = {
  FF_KANIKO_COPY_AS_ROOT: "true",
  FF_KANIKO_ROLLING_CACHE_KEY: "true",
  FF_KANIKO_HASH_DIR_FRAMING: "true",
};

interface Family {
  /** end of the image's name, also below a mirror's */
  readonly name: RegExp;
  abilities(version: Version | null): Ability[];
  readonly environment: Readonly<Record<string, string>>;
}

const FAMILIES: readonly Family[] = [
  { name: /(?:^|\/)(?:osscontainertools|martizih)\/kaniko$/, abilities: forkAbilities, environment: AS_BUILDKIT },
  {
    // Google's last state with newer dependencies; run by the conformance suite.
    name: /(?:^|\/)(?:chainguard-dev|chainguard-forks)\/kaniko$|^pergola\.local\/kaniko$/,
    abilities: () => ["annotations", "fetchesAsRoot"],
    environment: {},
  },
  { name: /(?:^|\/)kaniko-project\/executor$/, abilities: () => ["fetchesAsRoot"], environment: {} },
];

/** It may be any of them. */
const UNKNOWN: Omit<Family, "name"> = { abilities: () => [], environment: AS_BUILDKIT };

/** The executor that an image reference names. */
export function kanikoExecutor(image: string): KanikoExecutor {
  const [, name = image, tag] = /^(.+?)(?::([\w][\w.-]*))?(?:@.*)?$/.exec(image) ?? [];
  const known = FAMILIES.find((family) => family.name.test(name));
  const { abilities, environment } = known ?? UNKNOWN;
  const version = versionOf(tag ?? "");
  const says = known === undefined || version === null ? "of an unknown version" : version.join(".");
  return { title: `kaniko ${says} (${image})`, abilities: new Set(abilities(version)), environment };
}

/** The oldest known image that has an ability; null when there is none. */
export function executorWith(ability: Ability): string | null {
  const since = FORK_SINCE[ability];
  // The plain image has no shell to wait for the context with.
  return since === undefined ? null : `${FORK}:v${since.join(".")}-debug`;
}

function forkAbilities(version: Version | null): Ability[] {
  if (version === null || version[0] !== 1) return [];
  return (Object.keys(FORK_SINCE) as Ability[]).filter((ability) => atLeast(version, FORK_SINCE[ability] as Version));
}

/** `v1.28.3-debug` */
function versionOf(tag: string): Version | null {
  const [, ...parts] = /^v?(\d+)\.(\d+)\.(\d+)(?:-[a-z]+)?$/.exec(tag) ?? [];
  return parts.length === 3 ? (parts.map(Number) as [number, number, number]) : null;
}

function atLeast(version: Version, since: Version): boolean {
  const at = version.findIndex((part, index) => part !== since[index]);
  return at === -1 || (version[at] as number) > (since[at] as number);
}

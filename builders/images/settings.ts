/** What the command line says about every image of a run, and no file of an image does. */

/** Where an annotation goes: the manifest of each platform, or the index over them. */
export type AnnotationLevel = "manifest" | "index";

export interface Annotation {
  readonly level: AnnotationLevel;
  readonly key: string;
  readonly value: string;
}

export interface ImageSettings {
  /** added to those of the Dockerfile; the same key wins over it */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: readonly Annotation[];
  /** network of RUN steps: as the builder has it, none, or BuildKit's `host` */
  readonly network: "default" | "none" | "host";
  /** lines of /etc/hosts that RUN steps see */
  readonly addHosts: readonly { readonly name: string; readonly address: string }[];
  /** how much the attached account of the build tells; null attaches none */
  readonly provenance: "min" | "max" | null;
  /** image of the program that lists what the image holds (docs/attestations/sbom.md of moby/buildkit); null lists nothing */
  readonly sbom: string | null;
  /** SSH agents that RUN steps may ask: id -> a socket, or files with keys; absolute paths */
  readonly ssh: Readonly<Record<string, readonly string[]>>;
}

export const NO_SETTINGS: ImageSettings = {
  labels: {},
  annotations: [],
  network: "default",
  addHosts: [],
  provenance: null,
  sbom: null,
  ssh: {},
};

/** What BuildKit takes when no other program is named (frontend/attestations/parse.go). */
export const SBOM_GENERATOR = "docker.io/docker/buildkit-syft-scanner:stable-1";

/** The settings that make an image another one, as fields for a hash; nothing for those that are not made use of. */
export function hashedSettings(settings: ImageSettings): string[][] {
  const labels = Object.entries(settings.labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...labels.map(([key, value]) => ["label", key, value]),
    ...settings.annotations.map(({ level, key, value }) => ["annotation", level, key, value]),
    ...(settings.network === "default" ? [] : [["network", settings.network]]),
    ...settings.addHosts.map(({ name, address }) => ["host", name, address]),
    ...(settings.provenance === null ? [] : [["provenance", settings.provenance]]),
    ...(settings.sbom === null ? [] : [["sbom", settings.sbom]]),
  ];
}

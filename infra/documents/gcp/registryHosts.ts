/** Hosts of Artifact Registry, and of gcr.io, which has been part of it since Container Registry was shut down. */

/**
 * Hosts of gcr.io -> location of the repository behind each, whose id is the host ("Transition to repositories with gcr.io domain
 * support").
 */
export const GCR_LOCATIONS = {
  "gcr.io": "us",
  "us.gcr.io": "us",
  "eu.gcr.io": "europe",
  "asia.gcr.io": "asia",
} as const;
export type GcrHost = keyof typeof GCR_LOCATIONS;

/** A repository of Artifact Registry. */
export interface GarRepository {
  readonly project: string;
  readonly location: string;
  readonly repository: string;
}

/** `LOCATION-docker.pkg.dev`. */
export function artifactRegistryHost(location: string): string {
  return `${location}-docker.pkg.dev`;
}

/** The location of a host of Artifact Registry, also of one of gcr.io; null for another host. */
export function locationOfHost(host: string): string | null {
  if (Object.hasOwn(GCR_LOCATIONS, host)) return GCR_LOCATIONS[host as GcrHost];
  return /^([a-z0-9-]+)-docker\.pkg\.dev$/.exec(host)?.[1] ?? null;
}

/** What stands between host and image name: `PROJECT/REPOSITORY`; a project of a domain is `DOMAIN/PROJECT`. */
export function artifactRegistryNamespace({
  project,
  repository,
}: Pick<GarRepository, "project" | "repository">): string {
  return `${projectPath(project)}/${repository}`;
}

/** A project as it stands in image references. */
export function projectPath(project: string): string {
  return project.replace(":", "/");
}

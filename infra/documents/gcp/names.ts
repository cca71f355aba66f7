/** Names in Google Cloud: projects, locations, service accounts, repositories. What is wrong with one ends a sentence that begins with it. */
import { GCR_LOCATIONS } from "./registryHosts.ts";

/** A project id (Resource Manager, "Creating and managing projects"): 6 to 30 characters, before them a domain where the project is of one. */
export function projectProblem(project: string): string | null {
  if (/^\d+$/.test(project)) return "is the number of a project; write its id";
  if (project.includes("/")) return "is a path; write the id alone, and DOMAIN:PROJECT for a project of a domain";
  const id = project.includes(":") ? project.slice(project.indexOf(":") + 1) : project;
  if (id.length < 6 || id.length > 30) {
    return `is not the id of a project: ${id.length} characters, where 6 to 30 are allowed`;
  }
  const domain = project.includes(":") ? project.slice(0, project.indexOf(":")) : null;
  if (domain !== null && !/^[a-z0-9.-]+\.[a-z]{2,}$/.test(domain)) return "is not DOMAIN:PROJECT";
  return /^[a-z][a-z0-9-]*[a-z0-9]$/.test(id)
    ? null
    : "is not the id of a project: a lower-case letter, then lower-case letters, digits and hyphens, no hyphen at the end";
}

/** Multi-regions of Artifact Registry ("Repository locations"). */
const MULTI_REGIONS = ["us", "europe", "asia"];

/** A location of Artifact Registry: a region or a multi-region. Whether there is such a region is Google's to say. */
export function registryLocationProblem(location: string): string | null {
  if (MULTI_REGIONS.includes(location)) return null;
  if (location.toLowerCase() === "eu") return "is no location; the multi-region is europe";
  return regionProblem(location);
}

/** A region of Compute Engine. */
export function regionProblem(region: string): string | null {
  if (zoneOf(region)) return `is a zone; its region is ${region.replace(/-[a-z]$/, "")}`;
  return /^[a-z]+-[a-z]+\d+$/.test(region) ? null : "is not the name of a region, such as europe-west3";
}

/** A region or zone that a GKE cluster is in. */
export function clusterLocationProblem(location: string): string | null {
  return zoneOf(location) || regionProblem(location) === null
    ? null
    : "is neither a region nor a zone, such as europe-west3 or europe-west3-a";
}

/** The name of a GKE cluster (GKE API, projects.locations.clusters). */
export const CLUSTER_NAME_PATTERN = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** What is wrong with the name of a GKE cluster; null when nothing is. */
export function clusterNameProblem(name: string): string | null {
  if (CLUSTER_NAME_PATTERN.test(name)) return null;
  // As gcloud container clusters get-credentials names them.
  const cluster = /^gke_[^_]+_[^_]+_([^_]+)$/.exec(name)?.[1];
  return cluster === undefined
    ? "is not the name of a GKE cluster: a lower-case letter, then lower-case letters, digits and hyphens, at most 40 characters, no hyphen at the end"
    : `is the name of a kubeconfig context; its cluster is ${cluster}`;
}

function zoneOf(location: string): boolean {
  return /^[a-z]+-[a-z]+\d+-[a-z]$/.test(location);
}

/** The id of a service account (IAM, "Create service accounts"): 6 to 30 characters. */
export function serviceAccountIdProblem(id: string): string | null {
  if (id.includes("@")) return "is an address; write { existing: ADDRESS } for a service account that is there";
  if (id.length < 6 || id.length > 30) return `has ${id.length} characters; ids of service accounts have 6 to 30`;
  return /^[a-z][a-z0-9-]*[a-z0-9]$/.test(id)
    ? null
    : "is not the id of a service account: a lower-case letter, then lower-case letters, digits and hyphens, no hyphen at the end";
}

/** Address of a service account: ID@PROJECT.iam.gserviceaccount.com, or one of Google's own forms. */
export function serviceAccountEmailProblem(email: string): string | null {
  if (email.startsWith("serviceAccount:")) return "is a member of a policy; write the address alone";
  return /^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/.test(email)
    ? null
    : "is not the address of a service account, such as builder@project.iam.gserviceaccount.com";
}

/** Address of a service account by its id. In projects of a domain it is ID@PROJECT.DOMAIN.iam.gserviceaccount.com. */
export function serviceAccountEmail(id: string, project: string): string {
  const [name, domain] = project.split(":").reverse();
  return `${id}@${name}${domain === undefined ? "" : `.${domain}`}.iam.gserviceaccount.com`;
}

/**
 * The id of a repository of Artifact Registry ("Create standard repositories"): at most 63 characters. Those with a dot are
 * Google's own, which are behind gcr.io.
 */
export function repositoryIdProblem(id: string): string | null {
  if (Object.hasOwn(GCR_LOCATIONS, id))
    return `is a host of Google's; for the repository behind it write kind: gcr, host: ${id}`;
  if (id.includes("/") || id.includes(".pkg.dev")) return "is a path; write the repository alone";
  if (id === "") return "is empty; write the id of a repository";
  if (id.length > 63) return `has ${id.length} characters, at most 63 are allowed`;
  const wrong = /[^a-z0-9-]+/.exec(id)?.[0];
  if (wrong !== undefined) {
    return `has ${JSON.stringify(wrong)}; ids of repositories are made of lower-case letters, digits and hyphens`;
  }
  if (!/^[a-z]/.test(id)) return `begins with ${JSON.stringify(id[0])}; ids of repositories begin with a letter`;
  return id.endsWith("-") ? "ends with a hyphen; ids of repositories end with a letter or digit" : null;
}

/** The project that the address of a service account tells; null for Google's own accounts, whose address has another form. */
export function projectOfServiceAccount(email: string): string | null {
  const [, name, domain] = /^[^@]+@([a-z0-9-]+)(?:\.([a-z0-9.-]+))?\.iam\.gserviceaccount\.com$/.exec(email) ?? [];
  if (name === undefined) return null;
  return domain === undefined ? name : `${domain}:${name}`;
}

/**
 * What everything in a project is that was told no account of its own (IAM, "Types of service accounts": default service accounts),
 * as a part of a sentence; null for another account.
 */
export function sharedAccount(email: string): string | null {
  if (/^\d+-compute@developer\.gserviceaccount\.com$/.test(email))
    return "the default account of Compute Engine, also of GKE's nodes";
  return email.endsWith("@appspot.gserviceaccount.com") ? "the default account of App Engine" : null;
}

/** The id of a pool of Workload Identity Federation (IAM API, workloadIdentityPools.create). */
export function identityPoolIdProblem(id: string): string | null {
  if (id.length < 4 || id.length > 32) return `has ${id.length} characters; ids of pools have 4 to 32`;
  if (id.startsWith("gcp-")) return "begins with gcp-, which Google keeps for itself";
  return /^[a-z0-9-]+$/.test(id) ? null : "is not the id of a pool: lower-case letters, digits and hyphens";
}

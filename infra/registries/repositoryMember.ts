/** Rights to repositories of Artifact Registry. */
import type { Repository } from "@pulumi/gcp/artifactregistry/repository.js";
import { RepositoryIamMember } from "@pulumi/gcp/artifactregistry/repositoryIamMember.js";
import type * as pulumi from "@pulumi/pulumi";
import type { GarRepository } from "../documents/gcp/registryHosts.ts";

/** A repository, and the one that is made where this stack makes it. */
export interface KnownRepository extends GarRepository {
  readonly made: Repository | undefined;
}

/** Adds one member to one role of a repository, and leaves all others. */
export function grantRepository(
  name: string,
  { project, location, repository, made }: KnownRepository,
  { role, member }: { readonly role: string; readonly member: string },
  opts: pulumi.CustomResourceOptions,
): void {
  // Policies go with their repository: where that is replaced, its id tells the engine that this is to be made again.
  const repositoryId = made?.repositoryId ?? repository;
  new RepositoryIamMember(name, { project, location, repository: repositoryId, role, member }, opts);
}

/** Google's Artifact Registry, also behind gcr.io. */
import { Repository, type RepositoryArgs } from "@pulumi/gcp/artifactregistry/repository.js";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../environment.ts";
import { enableApis } from "../gcpApis.ts";
import { gcpProvider } from "../gcpProviders.ts";
import { garKey, type PlannedGarRepository, plannedGarRegistries } from "./garPlan.ts";
import type { ProvisionedRegistry } from "./registry.ts";

export interface ArtifactRegistryArgs {
  readonly repositories: readonly PlannedGarRepository[];
  /** what has to be there before them: the API */
  readonly after: readonly pulumi.Resource[];
}

/** Repositories for images, for caches, and those that keep base images. */
export class ArtifactRegistry extends pulumi.ComponentResource {
  /** by `PROJECT/LOCATION/REPOSITORY` */
  readonly repositories: ReadonlyMap<string, Repository>;

  constructor(name: string, args: ArtifactRegistryArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:ArtifactRegistry", name, {}, opts);
    const made = args.repositories.map((planned) => {
      const repository = new Repository(`${name}-${planned.repository}`, argsOf(planned), {
        parent: this,
        protect: planned.protect,
        dependsOn: [...args.after],
        // Its id is that of the one it replaces, and an id is there once.
        deleteBeforeReplace: true,
        // A stack file has no word for it: one that is taken over keeps its own.
        ignoreChanges: ["description"],
        // In another place this imports what is there, and the engine deletes what it imported before without asking whether it is
        // protected (pulumi/pulumi, step_generator.go: import replacement).
        ...(planned.import ? { import: importId(planned), retainOnDelete: planned.protect } : {}),
      });
      return [garKey(planned), repository] as const;
    });
    this.repositories = new Map(made);
    this.registerOutputs({});
  }
}

/**
 * What is at its default is left out, where the provider would otherwise see a difference to what the API gives back: an empty
 * `dockerConfig`, no labels. `vulnerabilityScanningConfig` is the opposite: left out, it stays as it was.
 */
function argsOf(planned: PlannedGarRepository): RepositoryArgs {
  const { project, location, repository, immutableTags, scanning, remote, kmsKey, labels, cleanup } = planned;
  return {
    ...{ project, location, repositoryId: repository, format: "DOCKER" },
    ...(immutableTags ? { dockerConfig: { immutableTags } } : {}),
    ...(scanning === null ? {} : { vulnerabilityScanningConfig: { enablementConfig: scanning } }),
    ...(remote === null ? {} : { mode: "REMOTE_REPOSITORY", remoteRepositoryConfig: upstream(remote) }),
    ...(kmsKey === null ? {} : { kmsKeyName: kmsKey }),
    ...(Object.keys(labels).length > 0 ? { labels: { ...labels } } : {}),
    ...(cleanup.policies.length > 0
      ? { cleanupPolicies: [...cleanup.policies], cleanupPolicyDryRun: cleanup.dryRun }
      : {}),
  };
}

function upstream(remote: string): RepositoryArgs["remoteRepositoryConfig"] {
  return remote === "dockerHub"
    ? { dockerRepository: { publicRepository: "DOCKER_HUB" } }
    : { commonRepository: { uri: remote } };
}

function importId({ project, location, repository }: PlannedGarRepository): string {
  return `projects/${project}/locations/${location}/repositories/${repository}`;
}

/** Makes the repositories of a stack whose registry is Google's, also those of registries that only hold caches. */
export function provisionArtifactRegistry({ config }: Environment): ProvisionedRegistry {
  const repositories = new Map<string, Repository>();
  for (const { name, place, apis, repositories: planned } of plannedGarRegistries(config)) {
    const after = enableApis("registry", place, apis);
    const made = new ArtifactRegistry(name, { repositories: planned, after }, { providers: [gcpProvider(place)] });
    for (const [key, repository] of made.repositories) repositories.set(key, repository);
  }
  return { repositories };
}

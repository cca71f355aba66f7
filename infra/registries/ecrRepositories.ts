/** The repositories of a registry of kind `ecr`: pure, as the registry, the roles and the BuildSetup all go by them. */
import { ecrHost, partitionOf } from "../documents/aws/partition.ts";
import type { EcrRegistryConfig, EcrRepositoryConfig } from "../sections/ecrRegistry.ts";

/** What an entry says, with what holds for all repositories where it says nothing. */
export interface ImageRepository
  extends Required<Pick<EcrRepositoryConfig, "name" | "existing" | "import">>,
    Pick<
      EcrRegistryConfig,
      | "tagMutability"
      | "mutableTags"
      | "scanOnPush"
      | "lifecycle"
      | "pull"
      | "push"
      | "protect"
      | "forceDelete"
      | "tags"
    > {
  /** repository of kaniko's cache; null for none */
  readonly cacheRepository: string | null;
}

/** The image repositories, in the order of the file. */
export function imageRepositories(config: EcrRegistryConfig): ImageRepository[] {
  const { tagMutability, mutableTags, scanOnPush, lifecycle, pull, push, protect, forceDelete, tags } = config;
  const all = { tagMutability, mutableTags, scanOnPush, lifecycle, pull, push, protect, forceDelete };
  return config.repositories.map((entry) => {
    const {
      cache,
      tags: own,
      ...said
    } = typeof entry === "string" ? ({ name: entry } as Partial<EcrRepositoryConfig> & { name: string }) : entry;
    return {
      existing: false,
      import: false,
      ...all,
      ...said,
      tags: { ...tags, ...own },
      cacheRepository: cache === false ? null : (cache?.repository ?? `${said.name}/cache`),
    };
  });
}

/** The cache repositories with the image repositories that they are for, each once. */
export function cacheRepositories(
  config: EcrRegistryConfig,
): { readonly name: string; readonly of: ImageRepository[] }[] {
  const found = new Map<string, ImageRepository[]>();
  for (const image of imageRepositories(config)) {
    if (image.cacheRepository === null) continue;
    found.set(image.cacheRepository, [...(found.get(image.cacheRepository) ?? []), image]);
  }
  return [...found].map(([name, of]) => ({ name, of }));
}

/** Host of the registry. */
export function ecrHostOf({ account, region }: EcrRegistryConfig): string {
  return ecrHost(account, region);
}

/** ARN of a repository. */
export function repositoryArn({ account, region }: EcrRegistryConfig, name: string): string {
  return `arn:${partitionOf(region)}:ecr:${region}:${account}:repository/${name}`;
}

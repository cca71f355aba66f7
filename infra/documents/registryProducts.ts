/**
 * Registries that are somebody else's, as stack files name them: what is known of a product that is told by its host, or that the
 * stack file names because its host tells nothing. All of them make a repository when something is pushed to it; what has to be
 * there before is what stands in front of it, the namespace. What they take of BuildKit is in the runner's table (plan/cache.ts).
 */
import { AZURE_HOST, DOCKER_HUB, googleRegistryKind, isEcrHost } from "./registryHost.ts";

/** A product. */
export interface RegistryProduct {
  /** as messages call it */
  readonly title: string;
  /** hosts that are always it; null for what runs wherever somebody puts it */
  readonly hosts: RegExp | null;
  /** what stands between host and image name, and how many parts that has */
  readonly namespace: { readonly form: string; readonly least: number; readonly most: number };
  /** parts that the path of a repository has at most, with the name of the image; the runner's table says the same */
  readonly mostParts: number;
}

const ANY = Number.POSITIVE_INFINITY;

/**
 * By the name that stack files use. Sources: "Repository names" of Docker Hub's documentation (ACCOUNT/IMAGE and no more:
 * GoogleContainerTools/kaniko issue 524); "Working with the Container registry" of GitHub's (ghcr.io/NAMESPACE/IMAGE); "Naming
 * convention for your container images" of GitLab's (below a project, which has to be there); Quay's of organizations; "Create
 * projects" of Harbor's (images are pushed to a project, which has to be there); "Registry service concepts" of Azure's
 * (namespaces are optional).
 */
export const REGISTRY_PRODUCTS = {
  dockerHub: {
    title: "Docker Hub",
    hosts: new RegExp(`^${DOCKER_HUB.replace(".", "\\.")}$`),
    namespace: { form: "ACCOUNT", least: 1, most: 1 },
    mostParts: 2,
  },
  ghcr: {
    title: "GitHub's registry",
    hosts: /^ghcr\.io$/,
    namespace: { form: "OWNER", least: 1, most: ANY },
    mostParts: ANY,
  },
  gitlab: {
    title: "GitLab's registry",
    hosts: /^registry\.gitlab\.com$/,
    namespace: { form: "GROUP/PROJECT", least: 2, most: ANY },
    mostParts: ANY,
  },
  quay: {
    title: "Quay",
    hosts: /^quay\.io$/,
    namespace: { form: "ORGANIZATION", least: 1, most: ANY },
    mostParts: ANY,
  },
  harbor: { title: "Harbor", hosts: null, namespace: { form: "PROJECT", least: 1, most: ANY }, mostParts: ANY },
  acr: {
    title: "Azure Container Registry",
    hosts: AZURE_HOST,
    namespace: { form: "NAMESPACE", least: 0, most: ANY },
    mostParts: ANY,
  },
} as const satisfies Record<string, RegistryProduct>;

export type ProductName = keyof typeof REGISTRY_PRODUCTS;
export const PRODUCT_NAMES = Object.keys(REGISTRY_PRODUCTS) as [ProductName, ...ProductName[]];

/** The product that a host always is; null where the host does not tell. */
export function productOfHost(host: string): ProductName | null {
  return PRODUCT_NAMES.find((name) => REGISTRY_PRODUCTS[name].hosts?.test(host)) ?? null;
}

/** A registry that is there, of which host and, where that does not tell, product are known. */
export interface GivenRegistry {
  readonly host: string;
  readonly product?: ProductName | undefined;
}

/** The product of a registry; null for one that is not known. */
export function productOf({ host, product }: GivenRegistry): ProductName | null {
  return productOfHost(host) ?? product ?? null;
}

/**
 * The kind of such a registry in the BuildSetup, by which the runner knows what it takes: the product, or the cloud whose host it
 * is, or `dockerRegistry`.
 */
export function givenRegistryKind(registry: GivenRegistry): string {
  const { host } = registry;
  return productOf(registry) ?? (isEcrHost(host) ? "ecr" : googleRegistryKind(host)) ?? "dockerRegistry";
}

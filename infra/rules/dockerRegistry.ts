/** Rules of a stack file about registries that are somebody else's: the registry of images, and those that only hold caches. */
import type { ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { googleRegistryKind, helperProblem, isEcrHost } from "../documents/registryHost.ts";
import { type GivenRegistry, productOf, productOfHost, REGISTRY_PRODUCTS } from "../documents/registryProducts.ts";
import { hasListedLogin } from "../registries/givenLogins.ts";
import type { DockerRegistryConfig } from "../sections/dockerRegistry.ts";

type Path = readonly (string | number)[];

/** All violations: of the registry, then of registries of caches in the order of their entries. */
export function dockerRegistryProblems(config: ParsedSections): Problem[] {
  const { registry, cache } = config;
  const caches = (cache ?? []).flatMap(({ registry: place }, index) =>
    place?.kind === "dockerRegistry" ? placeProblems(["cache", index, "registry"], place) : [],
  );
  if (registry?.kind !== "dockerRegistry") return caches;
  return [...placeProblems(["registry"], registry), ...loginProblems(config, registry), ...caches];
}

/** Whether a registry is the product that is named, and its namespace one that the product has. */
function placeProblems(
  path: Path,
  registry: GivenRegistry & Pick<DockerRegistryConfig, "namespace" | "insecure">,
): Problem[] {
  const { host, namespace, insecure } = registry;
  const named = registry.product;
  const told = productOfHost(host);
  const problems: Problem[] = [];
  if (named !== undefined && told !== null && named !== told) {
    const message = `is ${JSON.stringify(named)}, but ${host} is ${REGISTRY_PRODUCTS[told].title}; remove it`;
    problems.push(problem([...path, "product"], message));
  } else if (named === "dockerHub" && told === null) {
    const message = `is "dockerHub", but ${host} is not Docker Hub; write host: docker.io, or remove it`;
    problems.push(problem([...path, "product"], message));
  }
  if (insecure && told !== null) {
    const message = `is true, but ${host} is reached by HTTPS only; remove it`;
    problems.push(problem([...path, "insecure"], message));
  }
  if (namespace === host || namespace.startsWith(`${host}/`)) {
    const message = `is ${JSON.stringify(namespace)}, which begins with the host again; write what comes after it`;
    return [...problems, problem([...path, "namespace"], message)];
  }
  const product = productOf(registry);
  if (product === null) return problems;
  const { title, namespace: wanted } = REGISTRY_PRODUCTS[product];
  const parts = namespace === "" ? 0 : namespace.split("/").length;
  if (parts < wanted.least || parts > wanted.most) {
    const message = `is ${JSON.stringify(namespace)}, but images of ${title} are ${host}/${wanted.form}/IMAGE; write ${wanted.form}`;
    problems.push(problem([...path, "namespace"], message));
  }
  return problems;
}

/** Whether builders can log in as the file says, for longer than a few hours. */
function loginProblems(config: ParsedSections, { host, login, product }: DockerRegistryConfig): Problem[] {
  const path = ["registry", "login"];
  const google = googleRegistryKind(host);
  if (login !== undefined && "helper" in login) {
    const unfit = helperProblem(login.helper, host);
    return unfit === null ? [] : [problem([...path, "helper"], `${JSON.stringify(login.helper)} ${unfit}`)];
  }
  if (login !== undefined) {
    if (isEcrHost(host)) {
      const message =
        `is a password, but those of Amazon ECR end after 12 hours (GetAuthorizationToken): write kind: ecr, by which builders have a ` +
        "role, or login: { helper: ecr-login } where they have one already";
      return [problem(path, message)];
    }
    if (google !== null && login.username === "oauth2accesstoken") {
      const message =
        `is "oauth2accesstoken", whose password ends after an hour: write kind: ${google} with an access of kind workloadIdentity, ` +
        "or the key of a service account as _json_key_base64";
      return [problem([...path, "username"], message)];
    }
    return [];
  }
  if (hasListedLogin(config, host)) return [];
  if (isEcrHost(host) || google !== null) {
    const kind = google ?? "ecr";
    const whose = google === null ? "Amazon ECR takes" : "Google's registries take";
    const helper = google === null ? "ecr-login" : "gcr";
    const message =
      `is missing, and ${whose} no push without one: write kind: ${kind}, by which builders have an identity, or login: ` +
      `{ helper: ${helper} } where they have one already`;
    return [problem(path, message)];
  }
  const known = productOf({ host, product });
  if (known === null) return [];
  const message = `is missing, and ${REGISTRY_PRODUCTS[known].title} takes no push without one; add login: { username, passwordSecret }`;
  return [problem(path, message)];
}

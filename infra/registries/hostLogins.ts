/** How builders log in to the registries of a stack, beside the logins that its file lists: pure. */
import type { ParsedSections } from "../config.ts";
import { GOOGLE_HELPER } from "../setupNames.ts";
import { cachePlaceOf } from "./cacheRegistries.ts";
import { isGar, registryOfCaches, registryPlace } from "./registryPlace.ts";

/** A login that follows from the kinds of registry and access. */
export type HostLogin = {
  readonly host: string;
  /** what of the stack file it follows from */
  readonly path: readonly (string | number)[];
} & (
  | { readonly by: "helper"; readonly helper: string }
  | {
      readonly by: "password";
      readonly username: string;
      readonly passwordSecret: string;
      readonly secretPath: readonly string[];
    }
  /** the key of the service account that the stack makes */
  | { readonly by: "key"; readonly username: string }
);

/** The credential helper of ECR, without `docker-credential-`. */
const ECR_HELPER = "ecr-login";

/** The logins, each host once. Of a file that is partly wrong, those that it tells. */
export function hostLogins(config: ParsedSections): HostLogin[] {
  const found: HostLogin[] = [];
  for (const login of everyLogin(config)) {
    if (!found.some(({ host }) => host === login.host)) found.push(login);
  }
  return found;
}

/** Logins for a host that already has another one, which goes before. Rules refuse them. */
export function clashingLogins(config: ParsedSections): { readonly login: HostLogin; readonly before: HostLogin }[] {
  const first = hostLogins(config);
  return everyLogin(config).flatMap((login) => {
    const before = first.find(({ host }) => host === login.host);
    return before === undefined || isSameLogin(login, before) ? [] : [{ login, before }];
  });
}

/** Whether two logins for one host are the same to whoever uses them. */
function isSameLogin(one: HostLogin, other: HostLogin): boolean {
  const what = ({ path: _, ...login }: HostLogin) => JSON.stringify(login);
  return what(one) === what(other);
}

/** Every login, whether or not its host already has one; what goes before comes first. */
function everyLogin({ registry, access, cache }: ParsedSections): HostLogin[] {
  const found: HostLogin[] = [];
  const google = (host: string, path: HostLogin["path"]): void => {
    if (access?.kind === "workloadIdentity") found.push({ host, path, by: "helper", helper: GOOGLE_HELPER });
    if (access?.kind === "serviceAccountKey") found.push({ host, path, by: "key", username: access.username });
  };
  if (registry !== undefined) {
    const { host } = registryPlace(registry);
    const path = ["registry"];
    if (registry.kind === "ecr") found.push({ host, path, by: "helper", helper: ECR_HELPER });
    if (registry.kind === "inCluster" && registry.basicAuth) {
      const secretPath = ["registry", "basicAuth", "passwordSecret"];
      found.push({ host, path: ["registry", "basicAuth"], by: "password", ...registry.basicAuth, secretPath });
    }
    if (registry.kind === "dockerRegistry" && registry.login) {
      const { login } = registry;
      const at = { host, path: ["registry", "login"] };
      if ("helper" in login) found.push({ ...at, by: "helper", helper: login.helper });
      else found.push({ ...at, by: "password", ...login, secretPath: ["registry", "login", "passwordSecret"] });
    }
    if (isGar(registry)) {
      google(host, path);
      const caches = registryOfCaches({ registry });
      if (caches !== null) google(caches.host, path);
    }
    if (registry.kind === "artifactRegistry" && registry.remotes.length > 0) google(host, [...path, "remotes"]);
  }
  for (const [index, { registry: place }] of (cache ?? []).entries()) {
    if (place === undefined) continue;
    const path = ["cache", index, "registry"];
    const { host } = cachePlaceOf(place);
    if (place.kind === "ecr") found.push({ host, path, by: "helper", helper: ECR_HELPER });
    if (place.kind === "artifactRegistry") google(host, path);
  }
  return found;
}

/** Rules of a stack file about logins: those of builders (`cluster.pullSecret`) and of workloads (`cluster.pullSecrets`). */
import { builderNamespaceNames, namespacePatternsOf } from "../access/builderRoles.ts";
import type { ParsedSections } from "../config.ts";
import { listedTwice, type Problem, pathText, problem } from "../configProblems.ts";
import { authEntry, type DockerConfig } from "../documents/dockerConfig.ts";
import { hostOfKey, widerKeys } from "../documents/givenDockerConfig.ts";
import { matchesPattern } from "../documents/namespacePattern.ts";
import { configKey, helperProblem } from "../documents/registryHost.ts";
import { givenDockerConfig, secretOf } from "../registries/givenLogins.ts";
import { clashingLogins, type HostLogin, hostLogins } from "../registries/hostLogins.ts";
import type { LoginConfig, WorkloadSecretConfig } from "../sections/pullSecrets.ts";

type Path = readonly (string | number)[];

/** The logins of one Secret, and where they stand. */
interface ListedPullSecret {
  readonly path: Path;
  readonly logins: readonly LoginConfig[];
  readonly dockerConfigSecrets: readonly string[];
}

/** What is known of the login for a registry: what and where it is, in words, and its entry where that can be told. */
interface Seen {
  readonly what: string;
  readonly entry: string | null;
}

/** Every list of logins of a stack file. */
export function listedPullSecrets(cluster: ParsedSections["cluster"]): ListedPullSecret[] {
  if (cluster === undefined) return [];
  const workloads = cluster.pullSecrets.map((one, index) => ({ path: ["cluster", "pullSecrets", index], ...one }));
  return [{ path: ["cluster", "pullSecret"], ...cluster.pullSecret }, ...workloads];
}

/** All violations. */
export function pullSecretProblems(config: ParsedSections): Problem[] {
  const { cluster } = config;
  if (cluster === undefined) return [];
  const [builders, ...workloads] = listedPullSecrets(cluster) as [ListedPullSecret, ...ListedPullSecret[]];
  const own = new Map(
    hostLogins(config).map((login) => [configKey(login.host), { what: ownLoginText(login), entry: null }]),
  );
  return [
    ...clashes(config),
    ...oneEach(config, builders, own),
    ...builders.dockerConfigSecrets.flatMap((name, index) => exactHosts(config, builders, name, index)),
    ...workloads.flatMap((one) => [...oneEach(config, one, new Map()), ...forKubelet(config, one)]),
    ...cluster.pullSecrets.flatMap((entry, index) => places(config, entry, index)),
  ];
}

/** A login that follows from the file, and where it does. */
function ownLoginText(login: HostLogin): string {
  const at = pathText(login.path);
  return login.by === "helper" ? `the credential helper ${login.helper}, of ${at}` : `a login, at ${at}`;
}

/** Of the logins that follow from registry, caches and access, too, a host has one. */
function clashes(config: ParsedSections): Problem[] {
  return clashingLogins(config).map(({ login, before }) => {
    const what = login.by === "key" ? "the key of the builders' service account" : "a credential helper";
    const message =
      `is at ${login.host}, where builders log in with ${what}, but that host already has ` +
      `${ownLoginText(before)}; only one can be used. Let both be of one kind, so that they have one login, or keep this one at another host`;
    return problem(login.path, message);
  });
}

/** One login per registry, helpers only for hosts that they know, and docker configs that are some. */
function oneEach(
  { secrets }: ParsedSections,
  { path, logins, dockerConfigSecrets }: ListedPullSecret,
  before: ReadonlyMap<string, Seen>,
): Problem[] {
  const seen = new Map(before);
  const listed = logins.flatMap((login, index) => {
    const at = [...path, "logins", index];
    const problems: Problem[] = [];
    const key = configKey(login.host);
    const other = seen.get(key);
    const what = "helper" in login ? `the credential helper ${login.helper}` : "a login";
    if (other !== undefined) {
      problems.push(
        problem(
          at,
          `is ${what} for ${login.host}, which already has ${other.what}; only one can be used: remove one of them`,
        ),
      );
    } else seen.set(key, { what: `${what}, at ${pathText(at)}`, entry: entryOf(login, secrets) });
    const unfit = "helper" in login ? helperProblem(login.helper, login.host) : null;
    if (unfit !== null && "helper" in login) {
      problems.push(problem([...at, "helper"], `${JSON.stringify(login.helper)} ${unfit}`));
    }
    return problems;
  });
  const twice = listedTwice([...path, "dockerConfigSecrets"], dockerConfigSecrets);
  const configs = dockerConfigSecrets.flatMap((name, index) => {
    const at = [...path, "dockerConfigSecrets", index];
    const given = givenDockerConfig(secrets, name);
    if (given === null || dockerConfigSecrets.indexOf(name) !== index) return [];
    if ("wrong" in given) return [problem(at, `the secret ${JSON.stringify(name)} ${given.wrong}`)];
    return Object.entries(entriesOf(given.config)).flatMap(([key, entry]) => {
      const other = seen.get(key);
      if (other === undefined) seen.set(key, { what: `a login, at ${pathText(at)}`, entry });
      if (other === undefined || other.entry === entry) return [];
      const message = `the secret ${JSON.stringify(name)} has a login for ${hostOfKey(key)}, which already has ${other.what}; only one can be used: remove one of them`;
      return [problem(at, message)];
    });
  });
  return [...listed, ...twice, ...configs];
}

/** An entry as text, so that equal ones are equal; null where it cannot be told. */
function entryOf(login: LoginConfig, secrets: ParsedSections["secrets"]): string | null {
  if ("helper" in login) return JSON.stringify(login.helper);
  const password = secretOf(secrets, login.passwordSecret);
  return password === undefined ? null : JSON.stringify(authEntry(login.username, password));
}

function entriesOf({ auths, credHelpers }: DockerConfig): Record<string, string> {
  const entries = [...Object.entries(auths), ...Object.entries(credHelpers)];
  return Object.fromEntries(entries.map(([key, entry]) => [key, JSON.stringify(entry)]));
}

/** Builders find a login by the host alone. */
function exactHosts({ secrets }: ParsedSections, { path }: ListedPullSecret, name: string, index: number): Problem[] {
  const given = givenDockerConfig(secrets, name);
  if (given === null || "wrong" in given) return [];
  return widerKeys(given.config).map((key) => {
    const message =
      `the secret ${JSON.stringify(name)} has a login for ${JSON.stringify(key)}, which is not host or host:port: builders match ` +
      "hosts exactly and would not find it; name the host alone";
    return problem([...path, "dockerConfigSecrets", index], message);
  });
}

/** Why a Secret of workloads has no helpers: the end of a sentence that begins with one. */
const NO_HELPERS =
  'is a credential helper, and of a pull secret the kubelet reads "auths" only (Kubernetes, "Images"): nodes log in by their own ' +
  "identity, or by a credential provider that is set up on them; remove it, or write a user and a password";

/** What the kubelet, which pulls for workloads, makes nothing of. */
function forKubelet({ secrets }: ParsedSections, { path, logins, dockerConfigSecrets }: ListedPullSecret): Problem[] {
  const listed = logins.flatMap((login, index) =>
    "helper" in login
      ? [problem([...path, "logins", index, "helper"], `${JSON.stringify(login.helper)} ${NO_HELPERS}`)]
      : [],
  );
  const given = dockerConfigSecrets.flatMap((name, index) => {
    const read = givenDockerConfig(secrets, name);
    if (read === null || "wrong" in read) return [];
    return Object.entries(read.config.credHelpers).map(([key, helper]) => {
      const what = `the secret ${JSON.stringify(name)} has ${JSON.stringify(helper)} for ${hostOfKey(key)}, which`;
      return problem([...path, "dockerConfigSecrets", index], `${what} ${NO_HELPERS}`);
    });
  });
  return [...listed, ...given];
}

/** A Secret that holds something, once in a namespace, and beside the builders' own. */
function places(config: ParsedSections, entry: WorkloadSecretConfig, index: number): Problem[] {
  const { access, builder, cluster } = config;
  const path = ["cluster", "pullSecrets", index];
  const { name, namespaces, logins, dockerConfigSecrets } = entry;
  const problems = listedTwice([...path, "namespaces"], namespaces);
  if (logins.length === 0 && dockerConfigSecrets.length === 0) {
    problems.push(
      problem(path, "has neither logins nor dockerConfigSecrets, so nobody could pull with it; add one, or remove it"),
    );
  }
  const own = cluster?.pullSecret.name;
  const building = builder === undefined ? [] : builderNamespaceNames({ builder });
  const patterns = access === undefined ? [] : namespacePatternsOf({ access });
  for (const [at, namespace] of namespaces.entries()) {
    if (namespaces.indexOf(namespace) !== at) continue;
    const fresh = patterns.find((pattern) => matchesPattern(pattern, namespace));
    if (name === own && (building.includes(namespace) || fresh !== undefined)) {
      const which = building.includes(namespace)
        ? "is a builder namespace"
        : `matches ${JSON.stringify(fresh)} of pergola:access.namespacePatterns`;
      const message =
        `${JSON.stringify(namespace)} ${which}, where ${JSON.stringify(name)} is the Secret of the builders ` +
        "(pergola:cluster.pullSecret.name); give one of the two another name";
      problems.push(problem([...path, "namespaces", at], message));
    }
    const other = (cluster?.pullSecrets ?? [])
      .slice(0, index)
      .findIndex((before) => before.name === name && before.namespaces.includes(namespace));
    if (other >= 0) {
      const message =
        `${JSON.stringify(namespace)} already gets a Secret ${JSON.stringify(name)}, by pergola:cluster.pullSecrets[${other}]; ` +
        "merge the two, or give one of them another name";
      problems.push(problem([...path, "namespaces", at], message));
    }
  }
  return problems;
}

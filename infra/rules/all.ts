/** Rules of a stack file that span fields. Each gets what could be parsed, so that all problems are seen at once. */
import { clusterHome } from "../access/builderRoles.ts";
import { type InClusterMode, modesOf, namespacesOf, type ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { parseArn } from "../documents/aws/partition.ts";
import { BCRYPT_PASSWORD_BYTES } from "../documents/htpasswd.ts";
import { matchesAnything } from "../documents/namespacePattern.ts";
import { nearest } from "../documents/nearest.ts";
import { MODE_POD_SECURITY } from "../documents/podSecurity.ts";
import { NODE_PORTS, splitHost } from "../documents/registryHost.ts";
import { hostLogins } from "../registries/hostLogins.ts";
import { amountProblems } from "./amounts.ts";
import { autopilotProblems } from "./autopilot.ts";
import { awsAccessProblems } from "./awsAccess.ts";
import { awsNodeProblems } from "./awsNodes.ts";
import { awsRoleProblems } from "./awsRoles.ts";
import { builderImageProblems } from "./builderImages.ts";
import { cacheProblems } from "./caches.ts";
import { dockerRegistryProblems } from "./dockerRegistry.ts";
import { ecrProblems } from "./ecr.ts";
import { ecrCacheProblems } from "./ecrCaches.ts";
import { garProblems } from "./gar.ts";
import { garCacheProblems } from "./garCaches.ts";
import { gcpAccessProblems } from "./gcpAccess.ts";
import { gkeNodeProblems } from "./gkeNodes.ts";
import { guardrailProblems } from "./guardrails.ts";
import { imagePathProblems } from "./imagePaths.ts";
import { kanikoFlagProblems } from "./kanikoFlags.ts";
import { mirrorProblems } from "./mirrors.ts";
import { nodeProblems } from "./nodes.ts";
import { listedPullSecrets, pullSecretProblems } from "./pullSecrets.ts";

/** Why the seeds of this kit keep builders out of production; the end of the message. */
const PRODUCTION_REASONS =
  "in-cluster building belongs in development and testing clusters. Builders take memory and disk from services, a rootful " +
  "BuildKit container is root on its node, and whoever can run code beside a builder can use its push rights: not for " +
  "clusters where deployed code or tenants are not trusted. If that is accepted, add pergola:allowProduction: true";

/** All violations, in the order of the rules. @param stack name of the stack, of which names are made */
export function ruleProblems(config: ParsedSections, stack: string): Problem[] {
  return [
    purpose,
    registry,
    secrets,
    pullSecretProblems,
    clusterChoice,
    clusterRole,
    defaultMode,
    nodeProblems,
    awsNodeProblems,
    gkeNodeProblems,
    autopilotProblems,
    namespaces,
    namespacePatterns,
    amountProblems,
    guardrailProblems,
    cacheProblems,
    mirrorProblems,
    dockerRegistryProblems,
    imagePathProblems,
    ecrProblems,
    ecrCacheProblems,
    garProblems,
    garCacheProblems,
    builderImageProblems,
    kanikoFlagProblems,
    awsAccessProblems,
    gcpAccessProblems,
    awsRoleProblems,
  ].flatMap((rule) => rule(config, stack));
}

function purpose({ purpose, allowProduction }: ParsedSections): Problem[] {
  if (purpose === "production" && !allowProduction) {
    return [problem(["purpose"], `is "production": ${PRODUCTION_REASONS}`)];
  }
  if (allowProduction && purpose !== undefined && purpose !== "production") {
    return [problem(["allowProduction"], `is true, but pergola:purpose is ${JSON.stringify(purpose)}; remove it`)];
  }
  return [];
}

function registry({ registry, builder }: ParsedSections): Problem[] {
  if (registry?.kind !== "inCluster") return [];
  const problems: Problem[] = [];
  const { name, port } = splitHost(registry.host);
  const at = ["registry", "host"];
  const range = `${NODE_PORTS.first} to ${NODE_PORTS.last}`;
  if (port === null) {
    problems.push(
      problem(at, `${JSON.stringify(registry.host)} has no port; add the node port that it shall have (${range})`),
    );
  } else if (port < NODE_PORTS.first || port > NODE_PORTS.last) {
    problems.push(problem(at, `${JSON.stringify(registry.host)} has port ${port}, which is no node port (${range})`));
  }
  if (name === "localhost" || name.startsWith("127.")) {
    const message = `${JSON.stringify(registry.host)} is a different place on every node and in every pod; write a node's address`;
    problems.push(problem(at, message));
  }
  if (!registry.insecure) {
    problems.push(
      problem(["registry", "insecure"], "is false, but a registry of kind inCluster serves plain HTTP; write true"),
    );
  }
  const builders = builder === undefined ? [] : modesOf({ builder }).flatMap(([, mode]) => namespacesOf(mode));
  if (builders.some((namespace) => namespace.name === registry.clusterNamespace)) {
    const message = `${JSON.stringify(registry.clusterNamespace)} is a builder namespace; give the registry one of its own`;
    problems.push(problem(["registry", "clusterNamespace"], message));
  }
  return problems;
}

/** Every secret that is named exists, and fits where it is used. */
function secrets({ registry, cluster, secrets }: ParsedSections): Problem[] {
  if (secrets === undefined) return [];
  const used: { path: readonly (string | number)[]; name: string; limit?: number }[] = [];
  for (const login of hostLogins({ registry })) {
    if (login.by !== "password") continue;
    const limit = registry?.kind === "inCluster" ? { limit: BCRYPT_PASSWORD_BYTES } : {};
    used.push({ path: login.secretPath, name: login.passwordSecret, ...limit });
  }
  if (cluster?.kubeconfigSecret) used.push({ path: ["cluster", "kubeconfigSecret"], name: cluster.kubeconfigSecret });
  for (const { path, logins, dockerConfigSecrets } of listedPullSecrets(cluster)) {
    for (const [index, login] of logins.entries()) {
      if (!("passwordSecret" in login)) continue;
      used.push({ path: [...path, "logins", index, "passwordSecret"], name: login.passwordSecret });
    }
    for (const [index, name] of dockerConfigSecrets.entries()) {
      used.push({ path: [...path, "dockerConfigSecrets", index], name });
    }
  }
  return used.flatMap(({ path, name, limit }) => {
    // The names are the stack file's, also "constructor".
    const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    if (value === undefined) {
      const there = Object.keys(secrets);
      const meant = nearest(name, there);
      const known = there.length === 0 ? "there are none" : `there are: ${there.join(", ")}`;
      const next = meant ? `did you mean ${meant}?` : "pulumi config set --secret --path 'pergola:secrets.NAME'";
      // Not the name that was found: it may be the password itself, where its name belongs.
      return [problem(path, `names no secret in pergola:secrets (${known}); ${next}`)];
    }
    if (limit !== undefined && Buffer.byteLength(value) > limit) {
      return [
        problem(path, `the secret ${JSON.stringify(name)} is longer than ${limit} bytes, the most that bcrypt reads`),
      ];
    }
    return [];
  });
}

function clusterChoice({ cluster }: ParsedSections): Problem[] {
  if (cluster === undefined) return [];
  if (cluster.context !== undefined && cluster.kubeconfigSecret !== undefined) {
    return [problem(["cluster"], "has both context and kubeconfigSecret; keep one")];
  }
  if (cluster.context === undefined && cluster.kubeconfigSecret === undefined) {
    return [problem(["cluster"], "names no cluster; add context (of the ambient kubeconfig) or kubeconfigSecret")];
  }
  if (cluster.kubeconfigSecret !== undefined && cluster.name === undefined) {
    const message =
      "has kubeconfigSecret, but no name; add name, a lasting name of the cluster: by it everything stays in place when the " +
      "secret or the kubeconfig changes";
    return [problem(["cluster"], message)];
  }
  return [];
}

/** A provider refuses credentials of any other account than its own. */
function clusterRole({ registry, cluster }: ParsedSections): Problem[] {
  const role = cluster?.eks?.assumeRole?.role;
  if (cluster === undefined || registry === undefined || role === undefined) return [];
  const [found, home] = [parseArn(role)?.account, clusterHome({ registry, cluster })?.account];
  if (home === undefined || found === home) return [];
  const message = `is a role of the account ${found}, but the cluster is in ${home}; name a role of that account, or write account: "${found}"`;
  return [problem(["cluster", "eks", "assumeRole", "role"], message)];
}

/** The default mode is provisioned. */
function defaultMode({ builder }: ParsedSections): Problem[] {
  if (builder === undefined) return [];
  const names: string[] = modesOf({ builder }).map(([name]) => name);
  if (builder.modes["local-docker"]) names.push("local-docker");
  if (names.includes(builder.default)) return [];
  const there = names.length === 0 ? "there is none" : `there: ${names.join(", ")}`;
  const message = `is ${JSON.stringify(builder.default)}, which is not in pergola:builder.modes (${there})`;
  return [problem(["builder", "default"], message)];
}

/** A namespace has one Pod Security level, so modes that need different ones do not share it; and is listed once. */
function namespaces({ builder }: ParsedSections): Problem[] {
  if (builder === undefined) return [];
  const owners = new Map<string, InClusterMode>();
  const problems: Problem[] = [];
  for (const [name, mode] of modesOf({ builder })) {
    const own = new Set<string>();
    for (const [index, { name: namespace }] of namespacesOf(mode).entries()) {
      const path = ["builder", "modes", name, "namespaces", index];
      const owner = owners.get(namespace);
      if (own.has(namespace)) {
        problems.push(problem(path, `${JSON.stringify(namespace)} is listed twice`));
      } else if (owner !== undefined && MODE_POD_SECURITY[owner] !== MODE_POD_SECURITY[name]) {
        const levels = `${owner} needs the Pod Security level ${MODE_POD_SECURITY[owner]}, ${name} needs ${MODE_POD_SECURITY[name]}`;
        problems.push(
          problem(
            path,
            `${JSON.stringify(namespace)} is also a namespace of ${owner}: ${levels}; give each mode its own`,
          ),
        );
      }
      own.add(namespace);
      owners.set(namespace, name);
    }
  }
  return problems;
}

/** A pattern that every namespace matches is a choice that somebody makes in so many words; and is listed once. */
function namespacePatterns({ access, builder }: ParsedSections): Problem[] {
  if (access === undefined || access.kind === "podIdentity" || access.kind === "workloadIdentity") return [];
  const { namespacePatterns: patterns, allowAnyNamespace } = access;
  if (patterns.length > 0 && builder?.modes["local-docker"] && modesOf({ builder }).length === 0) {
    const message = "admit namespaces, but no mode of pergola:builder.modes builds in one; remove them";
    return [problem(["access", "namespacePatterns"], message)];
  }
  const problems = patterns.flatMap((pattern, index) => {
    const path = ["access", "namespacePatterns", index];
    if (patterns.indexOf(pattern) !== index) return [problem(path, `${JSON.stringify(pattern)} is listed twice`)];
    if (!matchesAnything(pattern) || allowAnyNamespace) return [];
    const message =
      `${JSON.stringify(pattern)} has no letter or digit: whoever has a namespace could push images. Name a common part ` +
      '("team-*"); if any namespace is meant, add allowAnyNamespace: true';
    return [problem(path, message)];
  });
  if (allowAnyNamespace && !patterns.some(matchesAnything)) {
    const message = "is true, but no entry of namespacePatterns is without letters and digits; remove it";
    problems.push(problem(["access", "allowAnyNamespace"], message));
  }
  return problems;
}

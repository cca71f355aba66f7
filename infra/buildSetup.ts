/** The BuildSetup of a stack: a pure function of what its stack file says and what was provisioned. */

import { builderAnnotations, imagesOf, namespacePatternsOf, teamOf } from "./access/builderRoles.ts";
import { ciUser } from "./access/gcpCi.ts";
import { egressOf } from "./cluster/egress.ts";
import { builderPlacement, modePlacement } from "./cluster/nodeUse.ts";
import { modesOf, namespacesOf, type StackConfig } from "./config.ts";
import { priorityClassName } from "./documents/builderPriority.ts";
import { ciGroup } from "./documents/ciRole.ts";
import { freshNamespaceObjects } from "./documents/freshNamespace.ts";
import { MODE_POD_SECURITY } from "./documents/podSecurity.ts";
import { cachePlaceOf } from "./registries/cacheRegistries.ts";
import { hostLogins } from "./registries/hostLogins.ts";
import { registryImages, registryOfCaches, registryPlace, registryPods } from "./registries/registryPlace.ts";
import { BUILDER_SERVICE_ACCOUNT, type BuildSetup, SETUP_VERSION, buildSetup as schema } from "./setup.ts";

/** What the stack file does not say. */
export interface SetupFacts {
  readonly stack: string;
  /** uid of kube-system; null where a preview does not know it */
  readonly clusterUid: string | null;
}

/**
 * What the environment promises its builders. Takes the stack file without its secrets, so that none can get in. The result
 * is parsed by the schema that readers use; throws when it would not be accepted, which is a defect of this program.
 */
export function makeBuildSetup(config: Omit<StackConfig, "secrets">, facts: SetupFacts): BuildSetup {
  const { builder, cluster } = config;
  const patterns = namespacePatternsOf(config);
  const modes = modesOf(config).map(([name, mode]) => {
    const namespaces = namespacesOf(mode).map((namespace) => ({
      name: namespace.name,
      team: teamOf(config, namespace),
      serviceAccount: BUILDER_SERVICE_ACCOUNT,
      annotations: builderAnnotations(config, facts.stack, namespace.name),
      images: imagesOf(config, namespace),
    }));
    const placement = modePlacement(builderPlacement(cluster.builderNodes), mode.platforms);
    const entry = {
      namespaces,
      namespacePatterns: patterns,
      ...(mode.profile === undefined ? {} : { profile: mode.profile }),
      ...(mode.allowHostNetwork ? { allowHostNetwork: true } : {}),
      image: mode.image,
      ...(mode.extraFlags?.length ? { extraFlags: mode.extraFlags } : {}),
      podSecurity: MODE_POD_SECURITY[name],
      ...placement,
      resources: mode.resources,
      priorityClassName: priorityClassName(facts.stack),
    };
    return [name, entry] as const;
  });
  const local = builder.modes["local-docker"] ? { "local-docker": {} } : {};
  const logins = [...hostLogins(config), ...cluster.pullSecret.logins];
  const hosts = logins.map((login) => login.host);
  const pods = registryPods(config.registry);
  const builderNamespaces = [
    ...new Set(modes.flatMap(([, mode]) => mode.namespaces.map((namespace) => namespace.name))),
  ];
  const helpers = logins.flatMap((login) => ("helper" in login ? [[login.host, login.helper] as const] : []));
  const given = cluster.pullSecret.dockerConfigSecrets;
  const pullSecretNames = hosts.length + given.length === 0 ? [] : [cluster.pullSecret.name];
  const freshNamespaces = () => ({
    reserved: ["default", ...(pods === null ? [] : [pods.namespace])],
    source: builderNamespaces[0],
    objects: freshNamespaceObjects({
      annotations: builderAnnotations(config, facts.stack, null),
      group: ciGroup(cluster.ci.group, facts.stack),
      user: ciUser(config, facts.stack),
      garden: cluster.ci.garden,
      secrets: pullSecretNames,
      egress: cluster.guardrails.networkPolicy ? egressOf(config) : null,
    }),
  });
  return schema.parse({
    version: SETUP_VERSION,
    environment: facts.stack,
    purpose: config.purpose,
    registry: registryPlace(config.registry),
    images: registryImages(config.registry),
    builders: { default: builder.default, modes: { ...Object.fromEntries(modes), ...local } },
    freshNamespaces: patterns.length === 0 ? null : freshNamespaces(),
    pullSecrets: builderNamespaces.flatMap((namespace) => pullSecretNames.map((name) => ({ namespace, name, hosts }))),
    credHelpers: Object.fromEntries(helpers),
    cache: cachesOf(config),
    cluster: { context: cluster.context ?? null, uid: facts.clusterUid },
  });
}

/**
 * The caches with their registries: that of the images has a second repository for them where its tags never move.
 *
 * That place is in `registry.caches`, too, from which caches have it that no entry is of, and stays in both as long as the version of the
 * BuildSetup does: to a reader an entry without a registry is a cache in the repository of the images (of Garden's provider it is
 * one still), so one from before would write it where it could be written only once.
 */
function cachesOf({ registry, cache }: Pick<StackConfig, "registry" | "cache">): BuildSetup["cache"] {
  const own = registryOfCaches({ registry });
  const place = own && { kind: "artifactRegistry", host: own.host, namespace: own.namespace, insecure: false };
  return cache.map(({ registry: separate, ...entry }) => {
    if (separate !== undefined) return { ...entry, registry: cachePlaceOf(separate) };
    return place === null ? entry : { ...entry, registry: place };
  });
}

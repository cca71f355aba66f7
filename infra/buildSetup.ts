/** The BuildSetup of a stack: a pure function of what its stack file says and what was provisioned. */

import { builderAnnotations, imagesOf, namespacePatternsOf, teamOf } from "./access/builderRoles.ts";
import { egressOf } from "./cluster/egress.ts";
import { modesOf, namespacesOf, type StackConfig } from "./config.ts";
import { ciGroup } from "./documents/ciRole.ts";
import { freshNamespaceObjects } from "./documents/freshNamespace.ts";
import { MODE_POD_SECURITY } from "./documents/podSecurity.ts";
import { type BuilderPlacement, modePlacement } from "./nodeUse.ts";
import { cachePlaceOf } from "./registries/cacheRegistries.ts";
import type { ProvisionedRegistry } from "./registries/provisioned.ts";
import { BUILDER_SERVICE_ACCOUNT, type BuildSetup, SETUP_VERSION, buildSetup as schema } from "./setup.ts";

/** What the stack file does not say. */
export interface SetupFacts {
  readonly stack: string;
  readonly registry: BuildSetup["registry"];
  readonly images: BuildSetup["images"];
  /** the registry's pods, where it is in the same cluster */
  readonly registryPods: ProvisionedRegistry["pods"];
  /** hosts that the registry itself wants a login for */
  readonly registryLoginHosts: readonly string[];
  /** those of them that a credential helper knows -> its name */
  readonly registryHelpers: ProvisionedRegistry["helpers"];
  readonly placement: BuilderPlacement;
  readonly priorityClassName: string;
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
    const placement = modePlacement(facts.placement, mode.platforms);
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
      priorityClassName: facts.priorityClassName,
    };
    return [name, entry] as const;
  });
  const local = builder.modes["local-docker"] ? { "local-docker": {} } : {};
  const hosts = [...facts.registryLoginHosts, ...cluster.pullSecret.logins.map((login) => login.host)];
  const builderNamespaces = [
    ...new Set(modes.flatMap(([, mode]) => mode.namespaces.map((namespace) => namespace.name))),
  ];
  const helpers = cluster.pullSecret.logins.flatMap((login) =>
    "helper" in login ? [[login.host, login.helper] as const] : [],
  );
  const pullSecretNames = hosts.length === 0 ? [] : [cluster.pullSecret.name];
  const freshNamespaces = () => ({
    reserved: ["default", ...(facts.registryPods === null ? [] : [facts.registryPods.namespace])],
    source: builderNamespaces[0],
    objects: freshNamespaceObjects({
      annotations: builderAnnotations(config, facts.stack, null),
      group: ciGroup(cluster.ci.group, facts.stack),
      garden: cluster.ci.garden,
      secrets: pullSecretNames,
      egress: cluster.guardrails.networkPolicy
        ? egressOf(config, { setup: facts.registry, pods: facts.registryPods })
        : null,
    }),
  });
  return schema.parse({
    version: SETUP_VERSION,
    environment: facts.stack,
    purpose: config.purpose,
    registry: facts.registry,
    images: facts.images,
    builders: { default: builder.default, modes: { ...Object.fromEntries(modes), ...local } },
    freshNamespaces: patterns.length === 0 ? null : freshNamespaces(),
    pullSecrets: builderNamespaces.flatMap((namespace) => pullSecretNames.map((name) => ({ namespace, name, hosts }))),
    credHelpers: { ...facts.registryHelpers, ...Object.fromEntries(helpers) },
    cache: config.cache.map(({ registry, ...entry }) =>
      registry === undefined ? entry : { ...entry, registry: cachePlaceOf(registry) },
    ),
    cluster: { context: cluster.context ?? null, uid: facts.clusterUid },
  });
}

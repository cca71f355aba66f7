/** The namespaces that builds run in, with everything that builds find there. */
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import type { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { builderAnnotations } from "../access/builderRoles.ts";
import { ciUser } from "../access/gcpCi.ts";
import { modesOf, type NamespaceConfig, namespacesOf } from "../config.ts";
import { ciGroup } from "../documents/ciRole.ts";
import type { DockerConfig } from "../documents/dockerConfig.ts";
import type { BuilderEgress } from "../documents/networkPolicy.ts";
import {
  ENFORCE_LABEL,
  MODE_POD_SECURITY,
  type PodSecurityLevel,
  podSecurityAllows,
} from "../documents/podSecurity.ts";
import type { Environment } from "../environment.ts";
import type { BuildSetup } from "../setup.ts";
import { BuilderAccount } from "./builderAccount.ts";
import { CiAccess } from "./ciAccess.ts";
import type { ClusterConnection } from "./connection.ts";
import { Guardrails } from "./guardrails.ts";
import { liveValue } from "./live.ts";
import { PullSecret } from "./pullSecret.ts";
import { SetupConfigMap } from "./setupConfigMap.ts";

/** A builder namespace of the stack file, with the Pod Security level that its modes need. */
export interface BuilderNamespaceConfig extends NamespaceConfig {
  readonly podSecurity: PodSecurityLevel;
}

/** The builder namespaces of all modes, once each. */
export function builderNamespaces(environment: Environment): BuilderNamespaceConfig[] {
  const found = new Map<string, BuilderNamespaceConfig>();
  for (const [name, mode] of modesOf(environment.config)) {
    for (const namespace of namespacesOf(mode)) {
      found.set(namespace.name, { ...namespace, podSecurity: MODE_POD_SECURITY[name] });
    }
  }
  return [...found.values()];
}

/**
 * Refuses (RunError) existing namespaces that would not admit their builders, before anything is registered. They are never
 * relabelled: a weaker level would hold for everything else in them, too.
 */
export async function checkExistingNamespaces(environment: Environment, cluster: ClusterConnection): Promise<void> {
  if (!cluster.reachable) return;
  const existing = builderNamespaces(environment).filter((namespace) => namespace.existing);
  const problems = await Promise.all(
    existing.map(async ({ name, podSecurity }) => {
      const live = Namespace.get(`${name}-existing`, name, { provider: cluster.provider });
      const label = (await liveValue(live.metadata, `the namespace ${name}`)).labels?.[ENFORCE_LABEL] ?? null;
      if (podSecurityAllows(label, podSecurity)) return [];
      return [
        `the namespace ${name} enforces the Pod Security level ${label}, but its builders need ${podSecurity}: ` +
          `give them a namespace of their own, or run kubectl label namespace ${name} --overwrite ${ENFORCE_LABEL}=${podSecurity}`,
      ];
    }),
  );
  if (problems.flat().length > 0) throw new pulumi.RunError(`${problems.flat().join("\n")}\nnothing was changed`);
}

export interface BuilderNamespaceArgs {
  readonly namespace: BuilderNamespaceConfig;
  readonly environment: Environment;
  readonly setup: BuildSetup;
  /** all logins of the builders */
  readonly dockerConfig: pulumi.Output<DockerConfig>;
  readonly egress: BuilderEgress;
  /** provider for what a namespace that exists already may have, too */
  readonly adopting: Provider | null;
}

/**
 * A namespace for builders: the namespace itself with its Pod Security label, the service account, the pull secret, the
 * guardrails, the role of those who build, and the BuildSetup. A namespace that exists already gets no guardrails, which
 * would hold for whatever else runs in it.
 */
export class BuilderNamespace extends pulumi.ComponentResource {
  constructor(name: string, args: BuilderNamespaceArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:BuilderNamespace", name, {}, opts);
    const { namespace: wanted, environment, setup } = args;
    const { cluster } = environment.config;
    const group = ciGroup(cluster.ci.group, environment.stack);
    const user = ciUser(environment.config, environment.stack);
    const child = { parent: this };
    const labels = { [ENFORCE_LABEL]: wanted.podSecurity };
    const namespace = wanted.existing
      ? wanted.name
      : new Namespace(name, { metadata: { name: wanted.name, labels } }, child).metadata.name;

    const adopting = wanted.existing && args.adopting ? { providers: [args.adopting] } : {};
    const account = {
      namespace,
      annotations: builderAnnotations(environment.config, environment.stack, wanted.name),
      existing: wanted.existing,
    };
    new BuilderAccount(`${name}-account`, account, { ...child, ...adopting });
    const secrets = setup.pullSecrets.filter((secret) => secret.namespace === wanted.name).map((secret) => secret.name);
    for (const secretName of secrets) {
      new PullSecret(`${name}-pull-secret`, { namespace, secretName, dockerConfig: args.dockerConfig }, child);
    }
    if (!wanted.existing) {
      new Guardrails(`${name}-guardrails`, { namespace, config: cluster.guardrails, egress: args.egress }, child);
    }
    new CiAccess(`${name}-ci`, { namespace, group, user, garden: cluster.ci.garden, secrets }, child);
    new SetupConfigMap(`${name}-setup`, { namespace, setup }, child);
    this.registerOutputs({});
  }
}

/** What keeps builders within bounds: network, amounts. */
import { LimitRange } from "@pulumi/kubernetes/core/v1/limitRange.js";
import { ResourceQuota } from "@pulumi/kubernetes/core/v1/resourceQuota.js";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy.js";
import * as pulumi from "@pulumi/pulumi";
import type { GuardrailsConfig } from "../config.ts";
import { type BuilderEgress, namespacePolicies } from "../documents/networkPolicy.ts";

export interface GuardrailsArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: GuardrailsConfig;
  readonly egress: BuilderEgress;
}

/**
 * NetworkPolicies (which hold where the cluster's network plugin enforces them), a ResourceQuota, and a LimitRange whose
 * defaults let containers into the quota that say nothing about resources: Garden's init container is one.
 */
export class Guardrails extends pulumi.ComponentResource {
  constructor(name: string, args: GuardrailsArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:Guardrails", name, {}, opts);
    const { namespace, config } = args;
    const child = { parent: this };
    const metadata = (suffix: string) => ({ name: `pergola-${suffix}`, namespace });

    if (config.networkPolicy) {
      for (const policy of namespacePolicies(args.egress)) {
        const suffix = policy.metadata.name.replace(/^pergola-/, "");
        new NetworkPolicy(`${name}-${suffix}`, { ...policy, metadata: { ...policy.metadata, namespace } }, child);
      }
    }
    if (Object.keys(config.quota).length > 0) {
      new ResourceQuota(`${name}-quota`, { metadata: metadata("quota"), spec: { hard: config.quota } }, child);
    }
    const { limits, requests } = config.containerDefaults;
    new LimitRange(
      `${name}-defaults`,
      {
        metadata: metadata("defaults"),
        spec: { limits: [{ type: "Container", default: limits, defaultRequest: requests }] },
      },
      child,
    );
    this.registerOutputs({});
  }
}

/** The BuildSetup where builds are run from: whoever has access to the cluster needs neither Pulumi nor its backend. */
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import * as pulumi from "@pulumi/pulumi";
import { type BuildSetup, SETUP_CONFIG_MAP, SETUP_KEY, SETUP_LABEL } from "../setup.ts";

export interface SetupConfigMapArgs {
  readonly namespace: pulumi.Input<string>;
  readonly setup: BuildSetup;
}

/**
 * ConfigMap `pergola-setup`. The kubeconfig context is left out (null is the reader's current one): contexts have other
 * names elsewhere, and whoever reads this already is at the right cluster, which the uid confirms.
 */
export class SetupConfigMap extends pulumi.ComponentResource {
  constructor(name: string, args: SetupConfigMapArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:SetupConfigMap", name, {}, opts);
    const setup: BuildSetup = { ...args.setup, cluster: { ...args.setup.cluster, context: null } };
    new ConfigMap(
      name,
      {
        metadata: {
          name: SETUP_CONFIG_MAP,
          namespace: args.namespace,
          labels: { [SETUP_LABEL.key]: SETUP_LABEL.value },
        },
        data: { [SETUP_KEY]: `${JSON.stringify(setup, null, 2)}\n` },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

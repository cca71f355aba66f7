/** A docker config in a namespace: that which its builders mount, or one that its workloads pull by. */
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import * as pulumi from "@pulumi/pulumi";
import { type DockerConfig, dockerConfigText } from "../documents/dockerConfig.ts";

export interface PullSecretArgs {
  readonly namespace: pulumi.Input<string>;
  /** name of the Secret */
  readonly secretName: string;
  /** secret where a password is in it */
  readonly dockerConfig: pulumi.Output<DockerConfig>;
}

/**
 * Secret of type kubernetes.io/dockerconfigjson with all logins merged. Garden takes that of builders as an entry of imagePullSecrets.
 * `data` and not `stringData`: the API server never returns the latter, which a refresh would take for a change.
 */
export class PullSecret extends pulumi.ComponentResource {
  readonly secretName: pulumi.Output<string>;

  constructor(name: string, args: PullSecretArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:PullSecret", name, {}, opts);
    const text = args.dockerConfig.apply(dockerConfigText);
    const secret = new Secret(
      name,
      {
        metadata: { name: args.secretName, namespace: args.namespace },
        type: "kubernetes.io/dockerconfigjson",
        data: {
          ".dockerconfigjson": pulumi.secret(text.apply((json) => Buffer.from(json, "utf8").toString("base64"))),
        },
      },
      { parent: this },
    );
    this.secretName = secret.metadata.name;
    this.registerOutputs({ secretName: this.secretName });
  }
}

/** The service account that builders run as. */
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import * as pulumi from "@pulumi/pulumi";
import { builderAccount } from "../documents/builderAccount.ts";

export interface BuilderAccountArgs {
  readonly namespace: pulumi.Input<string>;
  readonly annotations: Readonly<Record<string, string>>;
  /** the namespace existed before: so may the account, which then is nobody's to delete; `opts` have an adopting provider */
  readonly existing: boolean;
}

/**
 * ServiceAccount `garden-in-cluster-builder` with exactly the given annotations and nothing else: no label, no further field.
 *
 * Garden keeps the same account: it reads it before a build, and when the annotations are not exactly the ones in its own
 * configuration it writes the whole object by PUT and restarts the builder (garden-io/garden, kubernetes plugin, build/common).
 * With server-side apply the engine only looks at fields that it set itself. So a PUT that leaves the annotations as they
 * are changes nothing that is ours, and `up` stays quiet; one that changes them is a disagreement between the stack file and
 * project.garden.yml, which `pulumi refresh` rightly shows. Ignoring changes instead would hide new annotations of the stack
 * file, too.
 *
 * In a namespace that existed before, Garden may have made the account already: it is taken over, so that both have it, and
 * stays when the stack goes. An annotation that says something else there is a conflict, which names its owner.
 */
export class BuilderAccount extends pulumi.ComponentResource {
  readonly accountName: pulumi.Output<string>;

  constructor(name: string, args: BuilderAccountArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:BuilderAccount", name, {}, opts);
    const wanted = builderAccount(args.annotations);
    const account = new ServiceAccount(
      name,
      { ...wanted, metadata: { ...wanted.metadata, namespace: args.namespace } },
      { parent: this, retainOnDelete: args.existing },
    );
    this.accountName = account.metadata.name;
    this.registerOutputs({ accountName: this.accountName });
  }
}

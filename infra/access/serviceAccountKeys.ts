/** Keys of a service account of Google Cloud. */
import { Key } from "@pulumi/gcp/serviceaccount/key.js";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceAccountPlan } from "./gcpGrants.ts";

export interface ServiceAccountKeysArgs {
  readonly account: ServiceAccountPlan;
  /** the present one first */
  readonly numbers: readonly number[];
  /** what the account and its rights wait for */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The keys by their numbers, each a resource of its own: with the next number the engine makes a new key, then changes the Secrets
 * that it is in, and at its end deletes the key whose number is no longer there. Changing `keepers` of one key would
 * replace it, too, but then there is never a second one that works.
 */
export class ServiceAccountKeys extends pulumi.ComponentResource {
  /** the present key: base64 of its JSON, secret */
  readonly present: pulumi.Output<string>;

  constructor(name: string, args: ServiceAccountKeysArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:ServiceAccountKeys", name, {}, opts);
    const keys = args.numbers.map(
      (number) =>
        new Key(
          `${name}-${number}`,
          { serviceAccountId: args.account.name },
          { parent: this, dependsOn: [...args.after] },
        ),
    );
    const [present] = keys;
    if (present === undefined) throw new pulumi.RunError("a service account without a key has none to log in with");
    this.present = pulumi.secret(present.privateKey);
    this.registerOutputs({});
  }
}

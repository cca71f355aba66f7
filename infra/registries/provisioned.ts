/** What every kind of registry gives to the rest of the program. */
import type * as pulumi from "@pulumi/pulumi";
import type { RegistryLogin } from "../documents/dockerConfig.ts";
import type { BuildSetup } from "../setup.ts";

/** A registry, ready to be pushed to. */
export interface ProvisionedRegistry {
  /** the part of the BuildSetup that is about it */
  readonly setup: BuildSetup["registry"];
  /** repositories that were made; none where a push makes them */
  readonly images: BuildSetup["images"];
  /** how builders log in; secret where there is a password */
  readonly logins: pulumi.Output<readonly RegistryLogin[]>;
  /** hosts that `logins` is about */
  readonly loginHosts: readonly string[];
  /** those of them that a credential helper knows -> its name without `docker-credential-` */
  readonly helpers: Readonly<Record<string, string>>;
  /** its pods, where it runs in the same cluster */
  readonly pods: { readonly namespace: string; readonly labels: Record<string, string> } | null;
}

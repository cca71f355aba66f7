/**
 * The providers of Google Cloud: one for each project that a stack has to do with. Nothing else in the program makes one, and
 * default providers are disabled, so nothing is made in a project that the stack file does not name.
 */
import { Provider } from "@pulumi/gcp/provider.js";
import type { ResourceTransformation } from "@pulumi/pulumi";
import { providerFinder } from "./cloudProviders.ts";

/** Where a provider works. */
export interface GcpPlace {
  readonly project: string;
  /** service account that it acts as; undefined for the ambient identity */
  readonly impersonate?: string | undefined;
}

const find = providerFinder<Provider>();

/**
 * Region and zone, which the SDK takes from the environment (GOOGLE_REGION, CLOUDSDK_COMPUTE_ZONE and others). Nothing is made by them,
 * and each machine has its own: a provider would change whenever the stack is run on another one.
 */
const withoutAmbient: ResourceTransformation = ({ props: { region: _, zone: __, ...props }, opts }) => ({
  props,
  opts,
});

/**
 * The provider of a project, made at the first call. Everything that is made by it says its project itself, or is by an address or a full
 * name that has it: what moves to another project differs there, as it does not by its provider.
 */
export function gcpProvider({ project, impersonate }: GcpPlace): Provider {
  const actor = impersonate === undefined ? {} : { impersonateServiceAccount: impersonate };
  return find(
    `gcp-${project}`,
    impersonate ?? "",
    (name) => new Provider(name, { project, ...actor }, { transformations: [withoutAmbient] }),
  );
}

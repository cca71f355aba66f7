/**
 * The providers of Google Cloud: one for each project that a stack has to do with. Nothing else in the program makes one, and
 * default providers are disabled, so nothing is made in a project that the stack file does not name.
 */
import { Provider } from "@pulumi/gcp/provider.js";
import { providerFinder } from "./cloudProviders.ts";

/** Where a provider works. */
export interface GcpPlace {
  readonly project: string;
  /** service account that it acts as; undefined for the ambient identity */
  readonly impersonate?: string | undefined;
}

const find = providerFinder<Provider>();

/**
 * The provider of a project, made at the first call. Everything that is made by it says its project itself, or is by an address or a full
 * name that has it: what moves to another project differs there, as it does not by its provider.
 */
export function gcpProvider({ project, impersonate }: GcpPlace): Provider {
  const actor = impersonate === undefined ? {} : { impersonateServiceAccount: impersonate };
  return find(`gcp-${project}`, impersonate ?? "", (name) => new Provider(name, { project, ...actor }));
}

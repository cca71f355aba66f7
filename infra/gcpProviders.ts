/**
 * The providers of Google Cloud: one for each project that a stack has to do with. Nothing else in the program makes one, and
 * default providers are disabled, so nothing is made in a project that the stack file does not name.
 */
import { Provider } from "@pulumi/gcp/provider.js";

/** Where a provider works. */
export interface GcpPlace {
  readonly project: string;
  /** service account that it acts as; undefined for the ambient identity */
  readonly impersonate?: string | undefined;
}

/** Project -> its providers, by whom they act as. */
const providers = new Map<string, Map<string, Provider>>();

/** The provider of a project, made at the first call. */
export function gcpProvider({ project, impersonate }: GcpPlace): Provider {
  const there = providers.get(project) ?? new Map<string, Provider>();
  providers.set(project, there);
  const actor = impersonate ?? "";
  const known = there.get(actor);
  if (known !== undefined) return known;
  // Who it acts as is no part of the name of the first. What moves to a provider of another name stays as it is, though: the engine
  // replaces only what the new provider says it has to (pulumi/pulumi, step_generator.go, providerChanged). So everything says its
  // project itself, or is by an address or a full name that has it: what moves to another project differs there.
  const place = `gcp-${project}`;
  const provider = new Provider(there.size === 0 ? place : `${place}-${there.size + 1}`, {
    project,
    ...(impersonate === undefined ? {} : { impersonateServiceAccount: impersonate }),
  });
  there.set(actor, provider);
  return provider;
}

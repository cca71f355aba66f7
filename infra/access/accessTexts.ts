/** What whoever runs `up` should know of an access and cannot see in its resources. Pure. */
import { matchesAnything } from "../documents/namespacePattern.ts";
import { existingRoleDocuments } from "./accessDocuments.ts";
import { type AccessParts, builderRoles } from "./builderRoles.ts";

/** What is given away when any namespace may push; null where that is not so, or no role of AWS has to do with it. */
export function givenAwayText(config: AccessParts, stack: string): string | null {
  const { access } = config;
  if (access.kind !== "irsa" && access.kind !== "existing") return null;
  if (!access.namespacePatterns.some(matchesAnything)) return null;
  const role = access.kind === "existing" ? access.role : builderRoles(config, stack)[0]?.arn;
  return (
    "any namespace of the cluster may push images (pergola:access.allowAnyNamespace): whoever may make service accounts and pods in " +
    `one, as Kubernetes' own role edit allows, can become ${role}. That gives them: overwriting tags that may be moved, writing ` +
    "caches that other builds import, pulling every repository of this stack, and a login to the registry that lasts 12 hours, also " +
    'outside of the cluster. A common part ("team-*") or a list of namespaces gives away less'
  );
}

/** What a role that is not this stack's has to allow and to trust; null where there is none. */
export function documentsText(config: AccessParts): string | null {
  const documents = existingRoleDocuments(config);
  if (documents === null || config.access.kind !== "existing") return null;
  const { role, oidcProviders } = config.access;
  const where =
    oidcProviders.length > 0
      ? ""
      : "\nISSUER is the cluster's (aws eks describe-cluster --query cluster.identity.oidc.issuer, without https://); with " +
        "pergola:access.oidcProviders it is written in here";
  const text = (document: unknown) => JSON.stringify(document, null, 2);
  return (
    `${role} is not this stack's. For builders to push it has to allow\n${text(documents.allow)}\n` +
    `and to trust\n${text(documents.trust)}${where}`
  );
}

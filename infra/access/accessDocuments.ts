/** The documents of the roles that a stack makes or names: pure, so that they are checked before anything is made. */
import { builderPolicy } from "../documents/aws/builderPolicy.ts";
import { irsaTrust, podIdentityTrust } from "../documents/aws/builderTrust.ts";
import { ciTrust } from "../documents/aws/ciTrust.ts";
import { parseArn, partitionOf } from "../documents/aws/partition.ts";
import type { IdentityDocument, TrustDocument } from "../documents/aws/policyDocument.ts";
import { roleArnOf } from "../documents/aws/roleNames.ts";
import { oidcProviderArnOf } from "../documents/aws/webIdentity.ts";
import { GITHUB_ISSUER, githubSubjects, gitlabSubjects } from "../documents/ciSubjects.ts";
import { builderRights } from "../registries/ecrRepositories.ts";
import type { CiIdentityConfig, RoleOptions } from "../sections/access.ts";
import { type AccessParts, type BuilderRole, builderNamespaceNames, clusterHome, isAwsAccess } from "./builderRoles.ts";

/** An OIDC provider that a stack makes or names. */
export interface OidcProvider {
  readonly arn: string;
  /** URL, where this stack makes it */
  readonly create: string | null;
}

/** Account and partition of the cluster, in which all roles are made. */
function placeOf(config: AccessParts): { account: string; region: string; partition: string } {
  const home = clusterHome(config);
  if (home === null)
    throw new Error("the cluster has neither account nor region, which the rules of a stack file refuse");
  return { ...home, partition: partitionOf(home.region) };
}

/** The OIDC providers of the clusters whose builders have the role. */
export function clusterOidcProviders(config: AccessParts): OidcProvider[] {
  if (config.access.kind !== "irsa") return [];
  return config.access.oidcProviders.map((provider) =>
    typeof provider === "string"
      ? { arn: provider, create: null }
      : { arn: oidcProviderArnOf(provider.issuer, placeOf(config)), create: provider.issuer },
  );
}

/** Who may become a role of builders. */
export function builderTrust(
  config: AccessParts,
  role: Pick<BuilderRole, "namespaces" | "namespacePatterns">,
): TrustDocument {
  if (config.access.kind !== "podIdentity") {
    return irsaTrust({ ...role, providers: clusterOidcProviders(config).map(({ arn }) => arn) });
  }
  const { account, region, partition } = placeOf(config);
  const cluster = `arn:${partition}:eks:${region}:${account}:cluster/${config.cluster.eks?.name}`;
  return podIdentityTrust({ cluster, namespaces: role.namespaces });
}

/** What a role of builders may do. @param repositories names of image repositories; all of the registry by default */
export function builderRolePolicy(config: AccessParts, repositories?: readonly string[]): IdentityDocument {
  return builderPolicy(builderRights(config, repositories));
}

/** What a role that is not this stack's has to allow and to trust, for builders to push. */
export function existingRoleDocuments(
  config: AccessParts,
): { readonly allow: IdentityDocument; readonly trust: TrustDocument } | null {
  const { access } = config;
  if (access.kind !== "existing") return null;
  const { partition = "", account = "" } = parseArn(access.role) ?? {};
  const providers =
    access.oidcProviders.length > 0 ? access.oidcProviders : [oidcProviderArnOf("ISSUER", { partition, account })];
  const namespaces = access.namespaces ?? builderNamespaceNames(config);
  const { namespacePatterns } = access;
  return { allow: builderRolePolicy(config), trust: irsaTrust({ providers, namespaces, namespacePatterns }) };
}

/** A role of CI jobs that this stack makes. */
export interface CiRole {
  readonly name: string;
  readonly arn: string;
  readonly options: RoleOptions;
  readonly provider: OidcProvider;
  readonly audience: string;
  readonly trust: TrustDocument;
}

/** The role of CI jobs; null where none is made. */
export function ciJobRole(config: AccessParts, stack: string): CiRole | null {
  const ci = ciOf(config);
  if (ci === null || !("github" in ci || "gitlab" in ci)) return null;
  const name = ci.role.name ?? `${stack}-ci`;
  const { issuer, audience, subjects, given } =
    "github" in ci
      ? {
          issuer: GITHUB_ISSUER,
          audience: ci.github.audience,
          subjects: githubSubjects(ci.github),
          given: ci.github.oidcProvider,
        }
      : {
          issuer: ci.gitlab.url,
          audience: ci.gitlab.audience ?? ci.gitlab.url,
          subjects: gitlabSubjects(ci.gitlab),
          given: ci.gitlab.oidcProvider,
        };
  const provider =
    typeof given === "string"
      ? { arn: given, create: null }
      : { arn: oidcProviderArnOf(issuer, placeOf(config)), create: issuer };
  const { account, partition } = placeOf(config);
  const arn = roleArnOf({ partition, account, path: ci.role.path, name });
  return { name, arn, options: ci.role, provider, audience, trust: ciTrust(provider.arn, audience, subjects) };
}

/** The identity of CI jobs, where a stack file has one. */
export function ciOf({ access }: Pick<AccessParts, "access">): CiIdentityConfig | null {
  return isAwsAccess(access) ? (access.ci ?? null) : null;
}

/** Rules of a stack file about ARNs in IAM, and about the identity of CI jobs. */
import { ciJobRole, ciOf, clusterOidcProviders } from "../access/accessDocuments.ts";
import { type AccessParts, clusterHome } from "../access/builderRoles.ts";
import type { ParsedSections, StackConfig } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { parseArn, partitionOf } from "../documents/aws/partition.ts";
import { POLICY_LIMITS, policySize } from "../documents/aws/policyDocument.ts";
import { issuerOf, oidcProviderArnOf } from "../documents/aws/webIdentity.ts";
import type { CiIdentityConfig } from "../sections/access.ts";

type Access = Exclude<StackConfig["access"], { kind: "none" }>;
type Path = readonly (string | number)[];
interface Home {
  readonly account: string;
  readonly region: string;
}

/** All violations. @param stack its name, which is part of the names of roles */
export function awsIdentityProblems(config: ParsedSections, access: Access, stack: string): Problem[] {
  const { registry, cluster, builder, cache } = config;
  const ci = ciOf({ access });
  const problems = ci === null ? [] : [...ciSelection(ci), ...gitlabProvider(ci)];
  if (registry === undefined || cluster === undefined) return problems;
  const home = clusterHome({ registry, cluster });
  if (home === null) return problems;
  problems.push(...providers(access, home), ...givenRoles(access, ci, home));
  if (builder === undefined || cache === undefined) return problems;
  return [...problems, ...ciTrustProblems({ registry, access, cluster, builder, cache }, stack)];
}

/**
 * Why an ARN is not one of the cluster's account and partition, as the end of a sentence; null when it is. AWS's own policies are
 * of any account. @param what what has to be there
 */
export function elsewhere(arn: string, home: Home, what: string): string | null {
  const { partition, account } = parseArn(arn) ?? { partition: "", account: "" };
  const wanted = partitionOf(home.region);
  if (partition !== wanted)
    return `is of the partition ${partition}, but the cluster is in ${home.region}, so in ${wanted}`;
  return account === home.account || account === "aws" ? null : `is of account ${account}, but ${what}`;
}

/** A role trusts OIDC providers of its own account only, and each has its statements once. */
function providers(access: Access, home: Home): Problem[] {
  if (access.kind === "existing") return existingProviders(access.role, access.oidcProviders);
  if (access.kind !== "irsa") return [];
  const place = { account: home.account, partition: partitionOf(home.region) };
  const arns = access.oidcProviders.map((entry) =>
    typeof entry === "string" ? entry : oidcProviderArnOf(entry.issuer, place),
  );
  return access.oidcProviders.flatMap((entry, index) => {
    const path = ["access", "oidcProviders", index];
    const arn = arns[index] as string;
    if (arns.indexOf(arn) !== index) return [problem(path, `${issuerOf(arn)} is listed twice`)];
    if (typeof entry !== "string") return [];
    const wrong = elsewhere(
      entry,
      home,
      `the role of builders is made in ${home.account}, the account of the cluster (pergola:cluster.eks.account), and a role can only ` +
        "trust OIDC providers of its own account: make one there for the same issuer (create: true)",
    );
    return wrong === null ? [] : [problem(path, `${JSON.stringify(entry)} ${wrong}`)];
  });
}

function existingProviders(role: string, arns: readonly string[]): Problem[] {
  const { account } = parseArn(role) ?? { account: "" };
  return arns.flatMap((arn, index) => {
    const own = parseArn(arn)?.account;
    if (own === account) return [];
    const message =
      `${JSON.stringify(arn)} is of account ${own}, but the role of pergola:access.role is of ${account}: a role can only trust OIDC ` +
      "providers of its own account";
    return [problem(["access", "oidcProviders", index], message)];
  });
}

/** Roles that are there are of the cluster's partition, beyond which nothing is trusted. */
function givenRoles(access: Access, ci: CiIdentityConfig | null, home: Home): Problem[] {
  const given: [Path, string][] = [];
  if (access.kind === "existing") given.push([["access", "role"], access.role]);
  if (ci !== null && typeof ci.role === "string") given.push([["access", "ci", "role"], ci.role]);
  const wanted = partitionOf(home.region);
  return given.flatMap(([path, arn]) => {
    const partition = parseArn(arn)?.partition;
    if (partition === wanted) return [];
    return [problem(path, `is of the partition ${partition}, but the cluster is in ${home.region}, so in ${wanted}`)];
  });
}

/** A job has to be told from others. */
function ciSelection(ci: CiIdentityConfig): Problem[] {
  if ("github" in ci) {
    const { branches, tags, environments, pullRequests } = ci.github;
    if (branches.length + tags.length + environments.length > 0 || pullRequests) return [];
    const message = "admits no job: name branches, tags or environments (branches: [main]), or set pullRequests";
    return [problem(["access", "ci", "github"], message)];
  }
  if (!("gitlab" in ci) || ci.gitlab.branches.length + ci.gitlab.tags.length > 0) return [];
  return [problem(["access", "ci", "gitlab"], "admits no job: name branches or tags (branches: [main])")];
}

/** The provider that is given is the one of this GitLab. */
function gitlabProvider(ci: CiIdentityConfig): Problem[] {
  if (!("gitlab" in ci) || typeof ci.gitlab.oidcProvider !== "string") return [];
  const [found, wanted] = [issuerOf(ci.gitlab.oidcProvider), ci.gitlab.url.replace(/^https:\/\//, "")];
  if (found === wanted) return [];
  return [
    problem(
      ["access", "ci", "gitlab", "oidcProvider"],
      `is the provider of ${found}, but pergola:access.ci.gitlab.url is that of ${wanted}`,
    ),
  ];
}

/** The provider is one that the role can trust, is made once, and the trust in its jobs fits. */
function ciTrustProblems(parts: AccessParts, stack: string): Problem[] {
  const role = ciJobRole(parts, stack);
  const ci = ciOf(parts);
  const home = clusterHome(parts);
  if (role === null || ci === null || home === null) return [];
  const at: Path = ["access", "ci", "github" in ci ? "github" : "gitlab"];
  const problems: Problem[] = [];
  if (role.provider.create === null) {
    const wrong = elsewhere(
      role.provider.arn,
      home,
      `the role of the jobs is made in ${home.account}, and a role can only trust OIDC providers of its own account`,
    );
    if (wrong !== null) problems.push(problem([...at, "oidcProvider"], wrong));
  } else if (clusterOidcProviders(parts).some(({ arn }) => arn === role.provider.arn)) {
    problems.push(problem([...at, "oidcProvider"], "is also one of pergola:access.oidcProviders"));
  }
  const size = policySize(role.trust);
  if (size > POLICY_LIMITS.trust) {
    const message =
      `makes a trust document of ${size} characters; IAM takes ${POLICY_LIMITS.trust}. Name a pattern instead of a list (branches: ` +
      '["release-*"]), or give the jobs an environment and name that';
    problems.push(problem(at, message));
  }
  return problems;
}

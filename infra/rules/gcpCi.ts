/** Rules of a stack file about the identity of CI jobs in Google Cloud. */
import { builderServiceAccount, serviceAccountProject } from "../access/builderServiceAccount.ts";
import { defaultAccount, defaultPool, type FederationPlan, gcpCiOf, gcpCiPlan } from "../access/gcpCi.ts";
import { clusterProjectOf } from "../access/gcpGrants.ts";
import { nodeAccountOf } from "../cluster/gkeNodeNames.ts";
import type { ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { CONDITION_LIMIT, SUBJECT_LIMIT } from "../documents/gcp/federation.ts";
import { MEMBERS_LIMIT } from "../documents/gcp/members.ts";
import {
  identityPoolIdProblem,
  projectOfServiceAccount,
  serviceAccountIdProblem,
  sharedAccount,
} from "../documents/gcp/names.ts";
import type { GcpAccessConfig } from "../sections/gcpAccess.ts";
import type { GcpCiConfig } from "../sections/gcpCi.ts";

/** All violations. @param stack its name, of which ids are made */
export function gcpCiProblems(config: ParsedSections, access: GcpAccessConfig, stack: string): Problem[] {
  const ci = gcpCiOf(config);
  if (ci === null) return [];
  const problems = [...selection(ci), ...existing(ci), ...clusterKnown(config), ...ids(ci, stack)];
  const plan = gcpCiPlan(config, stack);
  if (plan === null) return problems;
  problems.push(...apart(config, access, plan.email), ...apartFromNodes(config, stack, plan.email), ...own(plan.email));
  return plan.federated === null ? problems : [...problems, ...limits(plan.federated.federation)];
}

/** A job has to be told from others. */
function selection(ci: GcpCiConfig): Problem[] {
  const [of, { branches, tags }] =
    "github" in ci
      ? ["github", ci.github]
      : "gitlab" in ci
        ? ["gitlab", ci.gitlab]
        : ["", { branches: [""], tags: [] }];
  if (branches.length + tags.length > 0) return [];
  return [problem(["access", "ci", of], "admits no job: name branches or tags (branches: [main])")];
}

/** Who becomes a service account is said in its project. */
function existing(ci: GcpCiConfig): Problem[] {
  const { serviceAccount } = ci;
  if (typeof serviceAccount !== "object" || projectOfServiceAccount(serviceAccount.existing) !== null) return [];
  const message =
    "is an account of Google's own, whose address does not tell its project; name one that was made for the jobs";
  return [problem(["access", "ci", "serviceAccount"], `${JSON.stringify(serviceAccount.existing)} ${message}`)];
}

function clusterKnown({ access, cluster }: ParsedSections): Problem[] {
  if (cluster === undefined || clusterProjectOf({ access, cluster }) !== null) return [];
  const message =
    "gets the right to find the cluster, which goes by the project of the cluster; add pergola:cluster.gke: { project, location, name }";
  return [problem(["access", "ci"], message)];
}

/** Ids that are made of the stack's name fit. */
function ids(ci: GcpCiConfig, stack: string): Problem[] {
  if (!("github" in ci || "gitlab" in ci)) return [];
  const [of, { provider }] = "github" in ci ? (["github", ci.github] as const) : (["gitlab", ci.gitlab] as const);
  const [id, poolId] = [defaultAccount(stack), defaultPool(stack)];
  const account = ci.serviceAccount === undefined ? serviceAccountIdProblem(id) : null;
  const pool = typeof provider === "object" && provider.pool === undefined ? identityPoolIdProblem(poolId) : null;
  return [
    ...(account === null
      ? []
      : [problem(["access", "ci", "serviceAccount"], `would be ${JSON.stringify(id)}, which ${account}; give an id`)]),
    ...(pool === null
      ? []
      : [
          problem(
            ["access", "ci", of, "provider", "pool"],
            `would be ${JSON.stringify(poolId)}, which ${pool}; give an id`,
          ),
        ]),
  ];
}

/** CI jobs may build, and only builders may push. */
function apart({ registry }: ParsedSections, access: GcpAccessConfig, email: string): Problem[] {
  if (registry === undefined) return [];
  const known = typeof access.serviceAccount !== "string" || serviceAccountProject(access, registry) !== null;
  if (!known || builderServiceAccount({ access, registry }) !== email) return [];
  const message = `is ${email}, as whom builders push: jobs would have their rights without a build; give jobs one of their own`;
  return [problem(["access", "ci", "serviceAccount"], message)];
}

/** Whoever is on a node may be its account, and none of them shall have the rights of jobs. */
function apartFromNodes({ cluster }: ParsedSections, stack: string, email: string): Problem[] {
  const project = cluster?.gke?.project;
  if (cluster === undefined || project === undefined) return [];
  const entry = cluster.builderNodes.findIndex(
    (nodes) => nodes.kind === "gke" && nodeAccountOf(nodes, stack, project).email === email,
  );
  if (entry < 0) return [];
  const message = `is ${email}, the account of the nodes of pergola:cluster.builderNodes[${entry}]: whoever has a node could start builds, and jobs pull images; give jobs one of their own`;
  return [problem(["access", "ci", "serviceAccount"], message)];
}

/** Jobs are somebody: what else runs in a project is not to build. */
function own(email: string): Problem[] {
  const whose = sharedAccount(email);
  if (whose === null) return [];
  const message = `is ${email}, ${whose}: whatever was told no account of its own is that one, and could start builds; name one that was made for the jobs`;
  return [problem(["access", "ci", "serviceAccount"], message)];
}

/** IAM takes the subjects, the condition and the members. */
function limits({ of, subjects, condition, createPool }: FederationPlan): Problem[] {
  const at = ["access", "ci", of];
  const long = subjects.filter((subject) => subject.length > SUBJECT_LIMIT);
  const problems = long.map((subject) =>
    problem(
      at,
      `${JSON.stringify(subject)} has ${subject.length} characters; IAM takes tokens with subjects of ${SUBJECT_LIMIT}`,
    ),
  );
  if (subjects.length > MEMBERS_LIMIT) {
    const message = `admits ${subjects.length} branches and tags, each a member of the service account; IAM takes ${MEMBERS_LIMIT} in a policy`;
    problems.push(problem(at, message));
  } else if (createPool !== null && condition.length > CONDITION_LIMIT) {
    const message = `makes a condition of ${condition.length} characters; IAM takes ${CONDITION_LIMIT}. Name fewer branches and tags`;
    problems.push(problem(at, message));
  }
  const twice = subjects.filter((subject, index) => subjects.indexOf(subject) !== index);
  return [...problems, ...twice.map((subject) => problem(at, `${JSON.stringify(subject)} is selected twice`))];
}

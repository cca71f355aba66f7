/**
 * Whose tokens a provider of Workload Identity Federation takes. Issuers such as GitHub have one issuer for everybody, so a provider
 * without a condition takes the tokens of whoever has a job there (IAM, "Configure Workload Identity Federation with deployment
 * pipelines"). The condition is about claims, and members are about subjects: a job has to fit both.
 */

/** Principals are subjects as their issuer has them. */
export const ATTRIBUTE_MAPPING: Readonly<Record<string, string>> = { "google.subject": "assertion.sub" };

/** Longest subject that IAM takes; the exchange of a token with a longer one fails (IAM API, WorkloadIdentityPoolProvider). */
export const SUBJECT_LIMIT = 127;
/** Longest condition (ibid.). */
export const CONDITION_LIMIT = 4096;

/** What a token has to say of where its job runs. */
export interface References {
  readonly branches: readonly string[];
  readonly tags: readonly string[];
}

/**
 * Condition (CEL) on GitHub's claims (docs.github.com, "OpenID Connect reference"): the ref of a pull request is neither a branch nor
 * a tag.
 * @param repository OWNER/REPOSITORY; of OWNER@ID/REPOSITORY@ID the ids are asked for, too, which nobody gets again
 */
export function githubCondition(repository: string, { branches, tags }: References): string {
  const [owner = "", name = ""] = repository.split("/").map((part) => part.split("@")[0]);
  const [ownerId, repositoryId] = repository.split("/").map((part) => part.split("@")[1]);
  const refs = [...branches.map((branch) => `refs/heads/${branch}`), ...tags.map((tag) => `refs/tags/${tag}`)];
  return all([
    equal("repository", `${owner}/${name}`),
    ...(ownerId === undefined ? [] : [equal("repository_owner_id", ownerId)]),
    ...(repositoryId === undefined ? [] : [equal("repository_id", repositoryId)]),
    among("ref", refs),
  ]);
}

/**
 * Condition (CEL) on GitLab's claims (docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens": the table of claims).
 * A job of a merge request has the source branch as its ref, with `ref_type` "branch", and what it builds may be merged with a
 * branch of anybody's (GitLab's source, Gitlab::Ci::Jwt and Ci::Pipeline#source_ref); before GitLab 18.2.2 a fork's has the
 * parent's project, too (gitlab-org/gitlab issue 561735). Only its pipeline's source tells it.
 */
export function gitlabCondition(project: string, { branches, tags }: References): string {
  const kinds = [
    ...(branches.length > 0 ? [all([equal("ref_type", "branch"), among("ref", branches), OF_NO_MERGE_REQUEST])] : []),
    ...(tags.length > 0 ? [all([equal("ref_type", "tag"), among("ref", tags)])] : []),
  ];
  // Of nothing selected nothing is taken: an empty alternative would be no condition at all.
  const [one = "false", ...more] = kinds;
  return all([equal("project_path", project), more.length === 0 ? one : `(${kinds.join(" || ")})`]);
}

/**
 * A child pipeline is of a merge request when its parent is, and has a source of its own (docs.gitlab.com, "Downstream pipelines").
 * What a merge request runs on counts as protected only where a project chose that, and where source and target both are
 * (gitlab-org, epic 17186).
 */
const OF_NO_MERGE_REQUEST =
  'assertion.pipeline_source != "merge_request_event" && ' +
  '(assertion.pipeline_source != "parent_pipeline" || assertion.ref_protected == "true")';

function all(conditions: readonly string[]): string {
  return conditions.join(" && ");
}

// A text of JSON is one of CEL.
function equal(claim: string, value: string): string {
  return `assertion.${claim} == ${JSON.stringify(value)}`;
}

function among(claim: string, values: readonly string[]): string {
  return `assertion.${claim} in [${values.map((value) => JSON.stringify(value)).join(", ")}]`;
}

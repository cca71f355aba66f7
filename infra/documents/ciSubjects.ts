/**
 * Subjects of the tokens that CI jobs get from where they run: what clouds know jobs by. A subject begins with the whole
 * repository, so that none is of another one; a fork's jobs have the fork's name.
 */

/** Issuer of the tokens of jobs on github.com. */
export const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";

export interface GithubSubjects {
  /** `OWNER/REPOSITORY`, or `OWNER@ID/REPOSITORY@ID` where GitHub puts its ids into subjects */
  readonly repository: string;
  readonly branches: readonly string[];
  readonly tags: readonly string[];
  readonly environments: readonly string[];
  readonly pullRequests: boolean;
}

/** Subjects of GitHub's tokens (docs.github.com, "OpenID Connect reference"). A job with an environment has no branch in its subject. */
export function githubSubjects({ repository, branches, tags, environments, pullRequests }: GithubSubjects): string[] {
  return [
    ...branches.map((branch) => `ref:refs/heads/${branch}`),
    ...tags.map((tag) => `ref:refs/tags/${tag}`),
    ...environments.map((environment) => `environment:${environment}`),
    ...(pullRequests ? ["pull_request"] : []),
  ].map((rest) => `repo:${repository}:${rest}`);
}

export interface GitlabSubjects {
  /** `GROUP/PROJECT`, with subgroups */
  readonly project: string;
  readonly branches: readonly string[];
  readonly tags: readonly string[];
}

/** Subjects of GitLab's tokens (docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens"). */
export function gitlabSubjects({ project, branches, tags }: GitlabSubjects): string[] {
  return [
    ...branches.map((branch) => `project_path:${project}:ref_type:branch:ref:${branch}`),
    ...tags.map((tag) => `project_path:${project}:ref_type:tag:ref:${tag}`),
  ];
}

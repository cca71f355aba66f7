/** Names of IAM roles (IAM user guide, "IAM and AWS STS quotas"; API reference, CreateRole). */

/** Longest name of a role. */
export const ROLE_NAME_LIMIT = 64;

/** What is wrong with the name of a role, as the end of a sentence that begins with it; null when nothing is. */
export function roleNameProblem(name: string): string | null {
  if (name.length > ROLE_NAME_LIMIT) return `has ${name.length} characters, at most ${ROLE_NAME_LIMIT} are allowed`;
  return /^[\w+=,.@-]+$/.test(name) ? null : "is not the name of a role: letters, digits and _+=,.@-";
}

/** What is wrong with the path of a role; null when nothing is. */
export function rolePathProblem(path: string): string | null {
  if (path.length > 512) return `has ${path.length} characters, at most 512 are allowed`;
  // IAM takes wildcards, but the role's ARN goes into conditions, where they would mean other roles, too.
  if (/[*?]/.test(path)) return "has a wildcard, which would mean other roles where this one is let in";
  return /^\/([!-~]+\/)?$/.test(path) ? null : "is not a path: it begins and ends with a slash";
}

/** ARN of a role. */
export function roleArnOf(role: { partition: string; account: string; path: string; name: string }): string {
  return `arn:${role.partition}:iam::${role.account}:role${role.path}${role.name}`;
}

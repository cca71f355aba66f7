/** Who may become the role of CI jobs: those of the subjects (../ciSubjects.ts) that a stack file selects. */
import { policyDocument, type TrustDocument } from "./policyDocument.ts";
import { webIdentityStatements } from "./webIdentity.ts";

/** Audience that GitHub's action for AWS logins asks for by default (github.com/aws-actions/configure-aws-credentials, README). */
export const GITHUB_AUDIENCE = "sts.amazonaws.com";

/** Trust in jobs with these subjects, each exact unless it has a `*`, which reaches no other repository. */
export function ciTrust(provider: string, audience: string, subjects: readonly string[]): TrustDocument {
  const exact = subjects.filter((subject) => !subject.includes("*"));
  const patterns = subjects.filter((subject) => subject.includes("*"));
  return policyDocument(webIdentityStatements({ provider, audience, exact, patterns, never: [] }));
}

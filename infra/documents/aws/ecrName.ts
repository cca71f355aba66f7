/** Names of ECR repositories (API reference, CreateRepository: repositoryName). */

const SEGMENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** What is wrong with the name of a repository, as the end of a sentence that begins with it; null when nothing is. */
export function ecrNameProblem(name: string): string | null {
  if (/\.dkr[.-]ecr/.test(name)) return "begins with the registry's host; write what stands behind it";
  if (name.length < 2 || name.length > 256) return `has ${name.length} characters, ECR takes 2 to 256`;
  const wrong = name.split("/").find((segment) => !SEGMENT.test(segment));
  if (wrong === undefined) return null;
  if (wrong === "") return "has an empty part: no slash at its ends, and no two in a row";
  if (/[A-Z]/.test(wrong)) return `has upper-case letters in ${JSON.stringify(wrong)}; ECR takes lower-case ones`;
  return `has the part ${JSON.stringify(wrong)}, which is not lower-case letters and digits with single . _ - between them`;
}

/** What an example stack on Google Cloud has to be like: its repositories, and who may do what. */
import { expect } from "vitest";
import { isSecret } from "./monitor.ts";
import type { ProgramRun } from "./program.ts";

/** What one example makes in Google Cloud. */
export interface GcpExample {
  /** `PROJECT/LOCATION/REPOSITORY` -> what it is for; `existing` is not made */
  readonly repositories: Readonly<Record<string, "images" | "immutable images" | "caches" | "remote">>;
  /** address of the builders' service account */
  readonly builders: string;
  /** the namespaces whose account it is; none with a key */
  readonly namespaces: readonly string[];
}

const POOL_USER = "roles/iam.workloadIdentityUser";

/** Checks repositories, rights and members, each exactly. */
export function expectGcp(run: ProgramRun, { repositories, builders, namespaces }: GcpExample): void {
  const ofType = (token: string) => run.registrations.filter(({ type }) => type.toLowerCase() === token.toLowerCase());
  const keyOf = ({ project, location, repository, repositoryId }: Readonly<Record<string, unknown>>): string =>
    `${project}/${location}/${repositoryId ?? repository}`;

  const made = ofType("gcp:artifactregistry/repository:Repository");
  expect(made.map(({ inputs }) => keyOf(inputs)).sort()).toEqual(Object.keys(repositories).sort());
  for (const { inputs, protect } of made) {
    const use = repositories[keyOf(inputs)];
    expect(inputs.format).toBe("DOCKER");
    expect([protect, inputs.dockerConfig, inputs.mode], keyOf(inputs)).toEqual([
      use === "images" || use === "immutable images",
      use === "immutable images" ? { immutableTags: true } : undefined,
      use === "remote" ? "REMOTE_REPOSITORY" : undefined,
    ]);
  }

  const rights = ofType("gcp:artifactregistry/repositoryIamMember:RepositoryIamMember").filter(
    ({ inputs }) => inputs.member === `serviceAccount:${builders}`,
  );
  expect(Object.fromEntries(rights.map(({ inputs }) => [keyOf(inputs), inputs.role]))).toEqual(
    Object.fromEntries(
      Object.entries(repositories).map(([key, use]) => [
        key,
        `roles/artifactregistry.${use === "remote" ? "reader" : "writer"}`,
      ]),
    ),
  );
  expect(rights).toHaveLength(made.length);
  const inProject = ofType("gcp:projects/iAMMember:IAMMember").map(({ inputs }) => String(inputs.role));
  expect(inProject.filter((role) => role.startsWith("roles/artifactregistry."))).toEqual([]);

  const members = ofType("gcp:serviceaccount/iAMMember:IAMMember").filter(({ inputs }) =>
    String(inputs.serviceAccountId).endsWith(`/${builders}`),
  );
  expect(members.map(({ inputs }) => inputs.role)).toEqual(namespaces.map(() => POOL_USER));
  for (const namespace of namespaces) {
    const ends = members.filter(({ inputs }) =>
      String(inputs.member).endsWith(`.svc.id.goog[${namespace}/garden-in-cluster-builder]`),
    );
    expect(ends, namespace).toHaveLength(1);
  }
}

/** What holds for every stack that has something in Google Cloud. */
export function expectAdditive(run: ProgramRun): void {
  const google = run.registrations.filter(({ type }) => type.startsWith("gcp:"));
  // Binding and Policy take away what others were given.
  expect(google.map(({ type }) => type).filter((type) => /iam(binding|policy)$/i.test(type))).toEqual([]);
  for (const { type, inputs, urn } of google) {
    if (type.startsWith("gcp:projects/service:")) expect(inputs.disableOnDestroy, urn).toBe(false);
    if ("member" in inputs && !isSecret(inputs.member)) expect(String(inputs.member), urn).not.toContain("*");
  }
}

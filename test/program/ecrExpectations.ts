/** What the repositories of ECR of an example stack have to be like. */
import { expect } from "vitest";
import type { ProgramRun } from "./program.ts";

/** Image repository -> its mutability, and its cache repository; what is existing is not made, and has none here. */
export type EcrRepositories = Readonly<Record<string, readonly [mutability: string | null, cache: string | null]>>;

export const EXCLUDING = "IMMUTABLE_WITH_EXCLUSION";

/** Each image repository is beside its cache, which is like it but for its tags. */
export function expectEcrRepositories(run: ProgramRun, repositories: EcrRepositories): void {
  const ofType = (pattern: RegExp) => run.registrations.filter(({ type }) => pattern.test(type));
  const made = new Map(ofType(/^aws:ecr\/repository:/).map((one) => [String(one.inputs.name), one]));
  const expected = Object.entries(repositories).flatMap(([image, [mutability, cache]]) => [
    ...(mutability === null ? [] : [image]),
    ...(cache === null ? [] : [cache]),
  ]);
  expect([...made.keys()].sort()).toEqual([...new Set(expected)].sort());
  for (const [image, [mutability, cache]] of Object.entries(repositories)) {
    const [own, sibling] = [made.get(image), made.get(cache ?? "")];
    expect(own?.inputs.imageTagMutability ?? null, image).toBe(mutability);
    expect(own?.inputs.imageTagMutabilityExclusionFilters, image).toEqual(
      mutability === EXCLUDING ? [{ filter: "_buildcache*", filterType: "WILDCARD" }] : undefined,
    );
    if (own !== undefined) expect(own.protect, image).toBe(true);
    if (cache === null) continue;
    expect(sibling?.inputs.imageTagMutability, cache).toBe("MUTABLE");
    expect(sibling?.inputs.imageTagMutabilityExclusionFilters, cache).toBeUndefined();
    expect(sibling?.protect, cache).toBe(false);
    if (own !== undefined) {
      expect(sibling?.inputs.encryptionConfigurations, cache).toEqual(own.inputs.encryptionConfigurations);
      expect(sibling?.provider, cache).toBe(own.provider);
    }
    const lifecycle = ofType(/^aws:ecr\/lifecyclePolicy:/).find(({ inputs }) => inputs.repository === cache);
    expect(JSON.parse(String(lifecycle?.inputs.policy)).rules, cache).toMatchObject([
      { selection: { tagStatus: "any", countType: "sinceImagePushed", countNumber: 14 }, action: { type: "expire" } },
    ]);
  }
}

/** How a Dockerfile's sibling images become references in the registry. */
import { type Dockerfile, imageReferences, replaceReferences } from "../images/dockerfile.ts";
import { familiarName } from "../images/dockerfileFacts.ts";
import { siblingOf } from "../images/graph.ts";
import type { Sibling } from "./plan.ts";

/** buildctl arguments that give each sibling's name a meaning: BuildKit's named contexts take the place of FROM and COPY --from names. */
export function namedContexts(siblings: readonly Sibling[]): string[] {
  return siblings.flatMap(({ name, reference }) => [
    "--opt",
    `context:${familiarName(name)}=docker-image://${reference}`,
  ]);
}

/** The Dockerfile with every sibling's name replaced by its reference, for builders without named contexts. */
export function withReferences(
  dockerfile: Dockerfile,
  buildArgs: Readonly<Record<string, string>>,
  siblings: readonly Sibling[],
): string {
  const byName = new Map(siblings.map((sibling) => [sibling.name, sibling]));
  return replaceReferences(
    dockerfile.text,
    imageReferences(dockerfile, buildArgs).flatMap(({ name, range }) => {
      const sibling = name === null ? undefined : byName.get(siblingOf(name, byName.keys()) ?? "");
      return sibling ? [{ range, by: sibling.reference }] : [];
    }),
  );
}

/**
 * A place of its own for each context in buildkitd. buildctl gives every context of a daemon the same one: two projects in
 * turn send everything again, and a file of the same path, size and time is taken from the other project.
 */
import { createHash } from "node:crypto";

/**
 * Arguments that key the kept copy of a context by the image's repository: every checkout of a project shares the copy,
 * and is sent what differs, as staged files bear times that follow from their content.
 *
 * `local-sessionid:context=<slot>:` makes the Dockerfile frontend (1.10 and newer) ask for the directory `<slot>-context`;
 * BuildKit 0.33 puts the prefix on twice, older frontends not at all, so the directory is offered under all three names. Read in
 * moby/buildkit (frontend/dockerui, solver/llbsolver/policy.go) and measured on 0.33.1.
 */
export function contextArguments(repository: string, directory: string): string[] {
  const slot = slotName(repository);
  return [
    "--opt",
    `local-sessionid:context=${slot}:`,
    ...["context", `${slot}-context`, `${slot}-${slot}-context`].flatMap((name) => ["--local", `${name}=${directory}`]),
  ];
}

/** Letters, digits and dashes; different for any two repositories. */
function slotName(repository: string): string {
  const hash = createHash("sha256").update(repository).digest("hex").slice(0, 8);
  const name = repository.slice(repository.lastIndexOf("/") + 1);
  return `${name.replace(/[^a-z0-9]+/g, "-")}-${hash}`;
}

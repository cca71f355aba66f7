/**
 * How buildctl gets the context and the Dockerfile, and where buildkitd keeps what it was sent. buildctl gives every context
 * of a daemon the same place: two projects in turn send everything again, and a file of the same path, size and time is
 * taken from the other project.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import type { Image } from "../images/image.ts";

/** Directory of the Dockerfile, in the private directory. */
const DOCKERFILE = "dockerfile";

export interface ContextInput {
  readonly arguments: readonly string[];
  /** by path in the private directory */
  readonly files: Readonly<Record<string, string>>;
}

/** The context directory as it is, under buildctl's own rules. */
export function plainContext(image: Image): ContextInput {
  const dockerfile = path.resolve(image.context, image.dockerfile.path);
  const locals = ["--local", `context=${image.context}`, "--local", `dockerfile=${path.dirname(dockerfile)}`];
  return { arguments: [...locals, "--opt", `filename=${path.basename(dockerfile)}`], files: {} };
}

/**
 * A staged copy, in a place for the image's repository: every checkout of a project shares it, and is sent what differs, as
 * staged files bear times that follow from their content.
 *
 * `local-sessionid:context=<slot>:` makes the Dockerfile frontend (1.10 and newer) ask for the directory `<slot>-context`;
 * BuildKit 0.33 puts the prefix on twice, older frontends not at all, so the directory is offered under all three names (read
 * in moby/buildkit, frontend/dockerui and solver/llbsolver/policy.go, and measured on 0.33.1).
 *
 * It also takes the session out of the request, by which buildkitd tells builds apart that run at one time: both would get
 * the files of the first (seen on 0.33.1). So each build has an ignore file of its own, which leaves out a file that there
 * never is: what is ignored is part of the request too, but not of the place. The copy holds no file that is to be ignored.
 * @param build tells this build from others
 */
export function stagedContext(image: Image, repository: string, directory: string, build: string): ContextInput {
  const slot = slotName(repository);
  const filename = path.posix.basename(image.dockerfile.path);
  const locals = ["context", `${slot}-context`, `${slot}-${slot}-context`].flatMap((name) => [
    "--local",
    `${name}=${directory}`,
  ]);
  return {
    arguments: [
      ...["--opt", `local-sessionid:context=${slot}:`],
      ...locals,
      ...["--local", `dockerfile=${DOCKERFILE}`, "--opt", `filename=${filename}`],
    ],
    files: {
      [`${DOCKERFILE}/${filename}`]: image.dockerfile.text,
      [`${DOCKERFILE}/${filename}.dockerignore`]: `.pergola-build-${build}\n`,
    },
  };
}

/** Letters, digits and dashes; different for any two repositories. */
export function slotName(repository: string): string {
  const hash = createHash("sha256").update(repository).digest("hex").slice(0, 8);
  const name = repository.slice(repository.lastIndexOf("/") + 1);
  return `${name.replace(/[^a-z0-9]+/g, "-")}-${hash}`;
}

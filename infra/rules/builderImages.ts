/** Rules of a stack file about the images that builders run from: what they are made for, and what they log in with. */
import { modesOf, type ParsedSections } from "../config.ts";
import { type Problem, problem } from "../configProblems.ts";
import { builderImage } from "../documents/builderImages.ts";
import { hostLogins } from "../registries/hostLogins.ts";

/** All violations, in the order of the modes. Of images that are not known, only what the file says itself is judged. */
export function builderImageProblems(config: ParsedSections): Problem[] {
  const { access, builder } = config;
  if (builder === undefined) return [];
  const needed = neededHelpers(config);
  return modesOf({ builder }).flatMap(([name, { image, helpers, profile }]) => {
    const path = ["builder", "modes", name];
    const quoted = JSON.stringify(image);
    const known = builderImage(image);
    if (known?.shell === false) {
      const message = `${quoted} has no shell, with which a pod waits for its build context; write kaniko's debug image (a tag that ends in -debug)`;
      return [problem([...path, "image"], message)];
    }
    const problems: Problem[] = [];
    if (profile !== undefined && known !== null && known.profile !== null && known.profile !== profile) {
      const other =
        known.profile === "rootless"
          ? "write rootless, or the same image without -rootless in its tag"
          : "write rootful, or the same image with -rootless at the end of its tag";
      const message = `is ${JSON.stringify(profile)}, but ${quoted} is made to run ${known.profile}; ${other}`;
      problems.push(problem([...path, "profile"], message));
    }
    if (known?.beforePodIdentity && access?.kind === "podIdentity") {
      const message =
        `${quoted} is older than EKS Pod Identity: builders would find no role there; write one of ghcr.io/osscontainertools/kaniko, ` +
        "or kind: irsa in pergola:access";
      problems.push(problem([...path, "image"], message));
    }
    const there = helpers ?? known?.helpers;
    for (const [helper, hosts] of needed) {
      if (there === undefined || there.includes(helper)) continue;
      const by = `docker-credential-${helper}, by which builders log in to ${hosts.join(", ")}`;
      const message =
        helpers === undefined
          ? `${quoted} has no ${by}; write an image that has it (${imagesWith(helper, name)}one of your own with helpers: [${helper}])`
          : `has no ${helper}: builders need ${by}; write an image that has it, and its name here`;
      problems.push(problem([...path, helpers === undefined ? "image" : "helpers"], message));
    }
    return problems;
  });
}

/** Credential helper -> hosts that builders log in to by it. */
function neededHelpers(config: ParsedSections): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const login of [...hostLogins(config), ...(config.cluster?.pullSecret.logins ?? [])]) {
    if (!("helper" in login)) continue;
    found.set(login.helper, [...new Set([...(found.get(login.helper) ?? []), login.host])]);
  }
  return found;
}

/** Images to write instead, as the beginning of a list. */
function imagesWith(helper: string, mode: string): string {
  const name = mode === "cluster-buildkit" ? "docker.io/gardendev/buildkit" : "ghcr.io/osscontainertools/kaniko";
  return builderImage(`${name}:latest`)?.helpers.includes(helper) ? `${name}, or ` : "";
}

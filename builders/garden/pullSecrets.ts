/** `imagePullSecrets`: what is in them, as far as it matters to whoever runs Garden. */
import type { BuildSetup } from "../../infra/setup.ts";
import type { Remark } from "./provider.ts";

const AT = "imagePullSecrets";

/**
 * Garden reads the secrets as whoever runs it, merges them and keeps the result as garden-docker-auth-HASH beside its builders, under
 * a new name for each content (kubernetes provider, init: prepareDockerAuth).
 */
export function pullSecretRemarks(
  { credHelpers }: Pick<BuildSetup, "credHelpers">,
  secrets: BuildSetup["pullSecrets"],
): Remark[] {
  if (secrets.length === 0) return [];
  const hosts = [...new Set(secrets.flatMap((secret) => secret.hosts))];
  const asked = hosts.filter((host) => Object.hasOwn(credHelpers, host));
  const told = hosts.filter((host) => !asked.includes(host));
  const texts = [
    "Whoever runs Garden has to be able to read it.",
    ...(told.length === 0
      ? []
      : [
          `It has passwords, for ${told.join(", ")}. Garden keeps copies beside its builders (garden-docker-auth-HASH) and removes none: delete them after a password or key has changed.`,
        ]),
    ...(asked.length === 0
      ? []
      : [
          `It has no password for ${asked.join(", ")}, but the name of a credential helper, by which builders log in as their account. Nodes ask no helper that a secret names: what Garden deploys they pull by rights of their own.`,
        ]),
  ];
  return [{ at: AT, text: texts.join("\n") }];
}

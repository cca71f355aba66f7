/** The error of a build that buildkitd reported as failed, with whose registry credentials it used. */
import { PergolaError } from "../../errors.ts";
import type { BuildkitPlan } from "../../plan/plan.ts";
import { memoryLimit } from "../pods/state.ts";
import type { Builder } from "./builder.ts";
import type { CredentialServer } from "./credentials.ts";
import type { BuildkitProgress } from "./progress.ts";
import { verdict } from "./verdict.ts";

/** What a failed build is judged by. */
export interface Failed {
  readonly plan: BuildkitPlan;
  readonly builder: Builder;
  readonly progress: BuildkitProgress;
  readonly credentials: CredentialServer | null;
}

/** What a build that buildkitd reported as failed is told as: the fault of a credential helper, else the verdict on its output. */
export function failure({ plan, builder, progress, credentials }: Failed): PergolaError {
  const client = plan.auth.from === "client";
  if (credentials?.failure && /getting credentials|authorize/.test(progress.errorText)) {
    return new PergolaError({
      code: "credential-helper",
      message: `The credentials for the registry cannot be had: ${credentials.mask(credentials.failure)}`,
      hint: client
        ? "Check it with docker login, or leave out --auth client."
        : "Check the builder's image and the identity of its service account, or use your own login: --auth client.",
    });
  }
  return new PergolaError(
    verdict({
      text: progress.errorText,
      step: progress.failedStep,
      dockerfile: plan.context.dockerfile,
      reference: plan.references[0] ?? plan.name,
      memoryLimit: memoryLimit(builder.pod, plan.builder.container),
      credentials: (host) => usedCredentials(plan, builder.pod.metadata.name, credentials?.found(host)),
    }),
  );
}

/**
 * Whose credentials a build used for a registry, and what to do about it, as sentences.
 * @param found whether there were any; undefined when nobody asked
 */
export function usedCredentials(
  plan: Pick<BuildkitPlan, "auth" | "builder" | "namespace">,
  pod: string,
  found: boolean | undefined,
): string {
  const has = found === undefined ? "" : found ? ", which has credentials for it" : ", which has none for it";
  if (plan.auth.from === "client") {
    const file = `${plan.auth.dockerConfig}/config.json`;
    return `The build used ${file} (--auth client)${has}: docker login with an account that may, or leave out --auth client.`;
  }
  const { dockerConfig } = plan.builder;
  if (dockerConfig === null) {
    return `The builder has no registry credentials, as namespace ${plan.namespace} has no pull secret: give it one in the stack file, or use your own login (--auth client).`;
  }
  return `The build used ${dockerConfig} in pod ${pod}, of the pull secret of namespace ${plan.namespace}${has}; --auth client uses your own login.`;
}

/** Labels and names of what the runner makes in a cluster. */
import { BUILDER_POD_LABELS } from "../../infra/setupNames.ts";

/** Label keys of ours; the others are Kubernetes' recommended ones (kubernetes.io, "Recommended Labels"). */
export const IMAGE_LABEL = "pergola.dev/image";
export const BUILD_LABEL = "pergola.dev/build-id";

/** The process that made a pod: see run/runner.ts. */
export const RUNNER_ANNOTATION = "pergola.dev/runner";

/** Selects every object that a runner made. */
export const MANAGED_BY = "app.kubernetes.io/managed-by=pergola";

/** Labels of a builder. Without `build` they are the same for all builds, as a Deployment's selector needs. */
export function builderLabels(
  program: "buildkit" | "kaniko",
  build?: { readonly image: string; readonly id: string },
): Record<string, string> {
  return {
    "app.kubernetes.io/name": program,
    ...BUILDER_POD_LABELS,
    ...(build ? { [IMAGE_LABEL]: labelValue(build.image), [BUILD_LABEL]: labelValue(build.id) } : {}),
  };
}

/** Text as a label's value: at most 63 letters, digits and `. _ -`, the first and last a letter or digit. */
export function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9._-]/g, ".")
    .slice(0, 63)
    .replace(/^[._-]+|[._-]+$/g, "");
}

/** `pergola-<image>-<build id>` as a pod's name: a DNS label of at most 63 characters that keeps the whole id. */
export function podName(image: string, buildId: string): string {
  const start = `pergola-${image.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return `${start.slice(0, 62 - buildId.length).replace(/-+$/, "")}-${buildId}`;
}

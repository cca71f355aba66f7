/** What `npm start` says at its end, as data and as text. Pure. */
import type { PhaseRecord } from "./progress.ts";
import { formatSeconds } from "./progress.ts";

/** One image as the runner reported it (`pergola build --output json`), the fields that the text shows. */
export interface BuiltImage {
  readonly name: string;
  readonly mode: string;
  readonly reference: string;
  readonly digest: string | null;
  readonly seconds: number;
  readonly status: string;
  readonly cachedSteps?: number | null;
  readonly steps?: number | null;
}

/** What `npm start -- --output json` prints on stdout. */
export interface StartSummary {
  readonly cluster: { readonly kubeconfig: string; readonly context: string };
  readonly stack: string;
  /** the stack output `setup` (a BuildSetup) */
  readonly setup: unknown;
  /** part -> own | official */
  readonly parts: Readonly<Record<string, string>>;
  readonly images: readonly BuiltImage[];
  /** what the image that runs as a pod answered */
  readonly answer: string;
}

/** "pulumi-nodejs=own, kubernetes=own" */
export function partsText(parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts)
    .map(([name, origin]) => `${name}=${origin}`)
    .join(", ");
}

/** The short summary for people. `resources` is what the provisioning step reported, for example "27 unchanged". */
export function summaryText(
  summary: StartSummary,
  extra: { readonly resources: string; readonly pod: string; readonly phases: readonly PhaseRecord[] },
): string {
  const width = Math.max(...summary.images.map((image) => image.name.length));
  const total = extra.phases.reduce((sum, phase) => sum + phase.seconds, 0);
  return [
    "",
    `Running      Kubernetes, nodes apps and builder (kubeconfig ${summary.cluster.kubeconfig})`,
    `Provisioned  stack ${summary.stack}: ${extra.resources} (parts: ${partsText(summary.parts)})`,
    "Built",
    ...summary.images.map(
      (image) =>
        `  ${image.name.padEnd(width)}  ${image.mode.padEnd(16)}  ${image.digest ?? "-"}  ${image.status}, ${formatSeconds(image.seconds)}`,
    ),
    `Answer       ${extra.pod} says: ${summary.answer}`,
    `Took         ${formatSeconds(total)}: ${extra.phases.map((phase) => `${phase.title} ${formatSeconds(phase.seconds)}`).join(", ")}`,
    "",
    "Next",
    '  eval "$(npm run --silent local -- env)"   kubectl and pulumi work on it from here on',
    "  npm run pergola -- build examples/go-service",
    "  npm run pulumi -- stack --stack local",
    "  npm test",
    "  npm stop",
    "",
  ].join("\n");
}

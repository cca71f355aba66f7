/** `npm start`: from a bare machine to images built in a real cluster. Each phase is a function of its own elsewhere. */
import { buildExamples } from "./buildExamples.ts";
import { REGISTRY, refuseUnfitMachine, startCluster, withMachineLock } from "./cluster/index.ts";
import { toolEnvironment } from "./environment.ts";
import { LocalError } from "./errors.ts";
import { pushBaseImages } from "./images/push.ts";
import { buildServiceImages } from "./images/services.ts";
import { STACK } from "./localStack.ts";
import { cacheDirectory, ensureStateDirectory, refuseReplacedFolder, repositoryRoot } from "./paths.ts";
import { Progress } from "./progress.ts";
import { provision } from "./provision.ts";
import { runImage } from "./runImage.ts";
import { type StartSummary, summaryText } from "./summary.ts";
import { DEFAULT_TOOLS, ensureToolchain } from "./toolchain/index.ts";
import { planText } from "./toolchain/plan.ts";

export interface StartOptions {
  /** text: the summary on stderr; json: the summary on stdout; none: no summary */
  readonly output: "text" | "json" | "none";
  /** show every note of every phase */
  readonly verbose: boolean;
}

/** The example that runs as a pod at the end, and the port that it answers on. */
const SHOWN = { image: "go-service", port: 8080 };

/** The modes that the examples are built in. */
const MODES = ["cluster-buildkit", "kaniko"] as const;

/** Tools of the whole environment; the enforcer of NetworkPolicies makes the guardrails of the stack provable. */
export const TOOLS = [...new Set([...DEFAULT_TOOLS, "network-policies" as const])];

/**
 * Brings up the embedded environment, provisions the stack `local` and builds every example. A second run changes
 * nothing; one beside another of the same clone waits for it.
 */
export async function start(options: StartOptions): Promise<StartSummary> {
  // First what no waiting and no building can mend.
  refuseReplacedFolder(cacheDirectory(), "the cache", "PERGOLA_CACHE");
  await refuseUnfitMachine();
  const progress = new Progress({ verbose: options.verbose });
  const holder = { clone: repositoryRoot, pid: process.pid, action: "start" };
  return withMachineLock(
    holder,
    (text) => progress.say(text),
    () => carryOut(options, progress),
  );
}

async function carryOut(options: StartOptions, progress: Progress): Promise<StartSummary> {
  const state = ensureStateDirectory();
  const toolchain = await progress.phase("toolchain", () => ensureToolchain(progress, TOOLS));
  const images = await progress.phase("images", () => buildServiceImages(toolchain, progress));
  const cluster = await progress.phase("cluster", () =>
    startCluster({ toolchain, state, images, progress, enforcePolicies: true }),
  );
  const tools = await toolEnvironment(toolchain, { own: true });
  const provisioned = await progress.phase(`pulumi up (stack ${STACK})`, (note) =>
    provision({ pulumi: tools.pulumi, variables: tools.variables, state, note }),
  );
  await progress.phase("base images", () =>
    pushBaseImages({ toolchain, registry: { endpoint: cluster.registryEndpoint, host: REGISTRY }, progress }),
  );
  const built = [];
  for (const mode of MODES) {
    built.push(
      ...(await progress.phase(`examples in ${mode}`, (note) =>
        buildExamples({ mode, variables: tools.variables, note }),
      )),
    );
  }
  const shown = built.find((image) => image.name === SHOWN.image && image.digest !== null);
  if (shown === undefined) throw new LocalError(`no build made the image ${SHOWN.image} that is to run`);
  const running = await progress.phase(`run ${SHOWN.image}`, (note) =>
    runImage({
      kubectl: [toolchain.path("kubernetes"), "kubectl", "--kubeconfig", cluster.kubeconfig],
      name: SHOWN.image,
      image: `${shown.reference}@${shown.digest}`,
      port: SHOWN.port,
      note,
    }),
  );
  const summary: StartSummary = {
    cluster: { kubeconfig: cluster.kubeconfig, context: cluster.context },
    stack: STACK,
    setup: provisioned.setup,
    parts: { ...tools.parts },
    images: built,
    answer: running.answer,
  };
  if (options.output === "json") process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  if (options.output === "text") {
    const phases = progress.phases.filter((phase) => phase.depth === 0);
    process.stderr.write(summaryText(summary, { resources: provisioned.changes, pod: running.pod, phases }));
  }
  return summary;
}

/** `npm start -- --plan`: what would be installed, built and done; nothing is. */
export async function showPlan(): Promise<void> {
  process.stdout.write(await planText(TOOLS));
  process.stdout.write(
    [
      "",
      "Then, in this order",
      "  cluster      etcd, API server, controllers, scheduler and two nodes in namespaces of their own; nothing on the host changes",
      `  pulumi up    stack ${STACK} (stacks/Pulumi.${STACK}.yaml) with state in the environment's own folder`,
      "  base images  made from the packages above and pushed to the registry that the stack provisioned",
      `  examples     every image below examples/ built in ${MODES.join(" and in ")}`,
      `  run          ${SHOWN.image} as a pod, and one request to it`,
      "",
    ].join("\n"),
  );
}

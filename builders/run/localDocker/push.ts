/** What becomes of an image once Docker has built it: pushed, or found in the registry already. */
import path from "node:path";
import { buildxLookup, dockerPull, heldInBuildkitStep, pulledDigest } from "../../plan/lookup.ts";
import type { LocalDockerPlan } from "../../plan/plan.ts";
import { readDigests } from "../buildkit/metadata.ts";
import { BuildkitProgress } from "../buildkit/progress.ts";
import { writeFiles } from "../privateDirectory.ts";
import { isTagTaken, keptDigest } from "../takenTag.ts";
import { configFile, type Io, runDocker, startDocker, untilEnded } from "./docker.ts";
import { pushFailure } from "./failure.ts";
import { pushedDigest } from "./wording.ts";

export interface Pushed {
  /** what the registry holds under the first reference */
  readonly digest: string;
  /** digest of its configuration, where it is known */
  readonly config: string | null;
  /** without what the registry had already */
  readonly pushed: readonly { readonly reference: string; readonly digest: string }[];
}

/**
 * Pushes what is in Docker's store, or reads what the build pushed.
 * @param progress of the build; one that did not succeed made an image whose tag the registry does not let be moved
 * @throws PergolaError
 */
export async function push(
  plan: LocalDockerPlan,
  progress: BuildkitProgress,
  directory: string,
  io: Io,
): Promise<Pushed> {
  if (plan.metadataFile === null) return pushFromStore(plan, directory, io);
  if (progress.succeeded) {
    const { digest, config } = await readDigests(path.join(directory, plan.metadataFile), "docker buildx");
    return { digest, config, pushed: plan.references.map((reference) => ({ reference, digest })) };
  }
  const digest = await keptDigest({
    ...{ plan, text: progress.errorText, built: progress.exported, emit: io.emit },
    lookUp: (reference) => heldByBuilder(reference, plan, directory, io.signal),
    incomplete: plan.oci !== null || plan.load !== null,
  });
  return { digest, config: null, pushed: [] };
}

/** The digest that the registry holds under a tag, by the builder's word; null when it says nothing. */
async function heldByBuilder(
  reference: string,
  plan: LocalDockerPlan,
  directory: string,
  signal: AbortSignal,
): Promise<string | null> {
  const { files, argv } = buildxLookup(reference);
  writeFiles(directory, files);
  let held: string | null = null;
  const progress = new BuildkitProgress((event) => {
    if (event.type === "step") held = heldInBuildkitStep(event.name) ?? held;
  });
  const running = startDocker(argv, { plan, directory, output: false }, (line) => progress.line(line));
  await untilEnded(running, [], signal);
  return held;
}

async function pushFromStore(plan: LocalDockerPlan, directory: string, io: Io): Promise<Pushed> {
  const digests: string[] = [];
  const pushed: Pushed["pushed"][number][] = [];
  for (const [at, argv] of plan.push.entries()) {
    const reference = plan.references[at] as string;
    const step = { type: "step", id: `push ${reference}`, name: `pushing ${reference}` } as const;
    const started = performance.now();
    io.emit({ ...step, state: "started" });
    const { code, stdout, stderr } = await runDocker(argv, { plan, directory }, io.signal);
    const digest = code === 0 ? pushedDigest(stdout) : null;
    if (digest !== null) pushed.push({ reference, digest });
    else {
      const why = stderr || `docker push ended with exit code ${code} and named no digest`;
      io.emit({ ...step, state: "failed", error: why });
      if (!isTagTaken(why)) throw pushFailure(reference, why, configFile());
    }
    digests.push(digest ?? (await keptInStore(plan, reference, directory, io)));
    const seconds = (performance.now() - started) / 1000;
    if (digest !== null) io.emit({ ...step, state: "done", seconds });
  }
  return { digest: digests[0] as string, config: null, pushed };
}

/**
 * The digest that the registry keeps under a reference, where that is as good as what is in Docker's store. What follows from
 * the content is then the registry's image here too, as what is built next is FROM that.
 * @throws PergolaError tag-taken; what was built has its name again
 */
async function keptInStore(plan: LocalDockerPlan, reference: string, directory: string, io: Io): Promise<string> {
  const ask = async (signal: AbortSignal, ...words: string[]): Promise<string> =>
    (await runDocker(["docker", ...words], { plan, directory }, signal)).stdout.trim();
  const id = ["image", "inspect", "--format", "{{.Id}}", reference];
  const built = await ask(io.signal, ...id);
  const before = await ask(io.signal, "image", "ls", "--all", "--quiet", "--no-trunc");
  let held: string | null = null;
  try {
    held = pulledDigest((await runDocker(dockerPull(plan, reference), { plan, directory }, io.signal)).stdout);
    const same = built !== "" && (await ask(io.signal, ...id)) === built;
    return await keptDigest({
      ...{ plan, emit: io.emit, incomplete: false, goesOn: true, alias: `image ${built} of Docker's` },
      text: reference,
      built: same ? held : null,
      lookUp: async () => held,
    });
  } catch (error) {
    const { signal } = new AbortController();
    const there = await ask(signal, ...id);
    if (there !== built) {
      await ask(signal, "tag", built, reference);
      // Nobody asked for the registry's image.
      if (held !== null && !before.includes(there)) {
        await ask(signal, "image", "rm", `${reference.replace(/:[^:/]*$/, "")}@${held}`);
      }
    }
    throw error;
  }
}

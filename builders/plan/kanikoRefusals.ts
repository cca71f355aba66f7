/** What is refused before a pod starts: kaniko, or the executor of this environment, cannot do it or would do something else. */
import path from "node:path";
import type { BuildSetup } from "../../infra/setup.ts";
import { PergolaError } from "../errors.ts";
import type { ContextEntry } from "../images/context.ts";
import { type Dockerfile, labelKeys } from "../images/dockerfile.ts";
import type { Image } from "../images/image.ts";
import type { CacheRequest } from "./cache.ts";
import { type Flag, keyOf } from "./extraFlags.ts";
import { type Ability, executorWith, type KanikoExecutor } from "./kanikoExecutor.ts";
import { kanikoFeatures } from "./kanikoFeatures.ts";
import { kanikoLacks, type Lack } from "./kanikoLacks.ts";
import type { LoadTarget } from "./plan.ts";

export interface Asked {
  readonly dockerfile: Dockerfile;
  readonly executor: KanikoExecutor;
  /** `os/architecture[/variant]` that is built for */
  readonly platform: string;
  /** whether it is part of an index */
  readonly joined: boolean;
  /** flags of stack file and image */
  readonly extra: readonly Flag[];
  readonly cache: CacheRequest;
  readonly ociFile: string | null;
  readonly load?: LoadTarget | null;
  /** what the context holds; not known if left out */
  readonly contextEntries?: readonly Pick<ContextEntry, "path" | "type">[];
}

/** @throws PergolaError mode-unsupported for the first thing, with file and line where it is one of the Dockerfile's */
export function refuseWhatKanikoLacks(setup: BuildSetup, image: Image, asked: Asked): void {
  const { dockerfile, executor, platform } = asked;
  const found: Omit<Lack, "line">[] = [...ofTheImage(image), ...ofTheCommandLine(image, asked)];
  const { buildArgs } = image;
  const { abilities } = executor;
  const context = asked.contextEntries ?? null;
  const ofTheFile = [
    ...kanikoFeatures(dockerfile, abilities),
    ...kanikoLacks(dockerfile, { buildArgs, platform, context, abilities }),
  ].toSorted((a, b) => a.line - b.line);
  const first: (Omit<Lack, "line"> & { line?: number }) | undefined =
    found[0] ?? labelThatStays(image, asked) ?? ofTheFile[0];
  if (first === undefined) return;
  const file = path.resolve(image.context, image.dockerfile.path);
  const where = first.line === undefined ? "" : ` (${file}, line ${first.line})`;
  throw new PergolaError({
    code: "mode-unsupported",
    message: `${first.what}${where} cannot be built by ${executor.title}: ${first.why}`,
    hint: whatHelps(setup, first.needs),
    file,
    ...(first.line === undefined ? {} : { line: first.line }),
  });
}

/** Another executor where one is known that does it, or the other mode. */
function whatHelps({ environment, builders }: BuildSetup, needs: Ability | undefined): string {
  const image = needs && executorWith(needs);
  const stackFile = `stacks/Pulumi.${environment}.yaml`;
  const other = builders.modes["cluster-buildkit"]
    ? "--mode cluster-buildkit"
    : `--mode cluster-buildkit, once pergola:builder.modes.cluster-buildkit is in ${stackFile}`;
  if (!image) return `Choose ${other}.`;
  return `Choose ${other}, or set pergola:builder.modes.kaniko.image in ${stackFile} to ${image} or newer and run pulumi up.`;
}

function ofTheImage({ name, secrets }: Image): Omit<Lack, "line">[] {
  const ids = Object.keys(secrets);
  if (ids.length === 0) return [];
  // docs/decisions/0012-kaniko-secrets.md
  const why = "its steps could only get it in the pod, where all steps and programs of the base image read it too.";
  return [{ what: `Image ${name} with secret ${ids.join(", ")}`, why }];
}

/** Flags of the command line that kaniko has nothing for. */
function ofTheCommandLine({ name, settings }: Image, asked: Asked): Omit<Lack, "line">[] {
  const { cache, ociFile, load, extra, executor, joined } = asked;
  const tags = "it keeps a tag for each step in its cache repository, and cannot be told another one.";
  const annotates =
    settings.annotations.some(({ level }) => level === "manifest") || extra.some((flag) => flag.name === "annotation");
  const ofIndex = settings.annotations.some(({ level }) => level === "index");
  const found: [is: boolean, flag: string, why: string, needs?: Ability][] = [
    [settings.network !== "default", `--network ${settings.network}`, "its steps have the network of their pod."],
    [settings.addHosts.length > 0, "--add-host", "its steps have the hosts of their pod."],
    [settings.provenance !== null, "--provenance", "it attaches no attestations."],
    [settings.sbom !== null, "--sbom", "it attaches no attestations."],
    [Object.keys(settings.ssh).length > 0, "--ssh", "its steps would need the keys in their pod."],
    [ofIndex && !joined, "an annotation of the index", "for one platform it makes no index."],
    [annotates && !executor.abilities.has("annotations"), "--annotation", "it has no such flag.", "annotations"],
    [cache.to.length > 0, "--cache-to", tags],
    [cache.from.length > 0, "--cache-from", tags],
    [ociFile !== null, "--output-oci", "the file would stay in its pod."],
    [Boolean(load), "--load", "the image goes from its pod to the registry alone."],
  ];
  return found.flatMap(([is, flag, why, needs]) =>
    is ? [{ what: `Image ${name} with ${flag}`, why, ...(needs === undefined ? {} : { needs }) }] : [],
  );
}

function labelThatStays(image: Image, { dockerfile, extra }: Asked): Lack | undefined {
  const lines = labelKeys(dockerfile);
  const given = extra.filter((flag) => flag.name === "label").map((flag) => keyOf(flag.value ?? ""));
  const key = [...Object.keys(image.settings.labels), ...given].find((one) => lines.has(one));
  if (key === undefined) return undefined;
  const why = "of a label that the Dockerfile sets too, it keeps the Dockerfile's.";
  return { what: `Image ${image.name} with --label ${key}`, why, line: lines.get(key) as number };
}

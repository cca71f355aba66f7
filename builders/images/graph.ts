/** Several images and what has to be built before what. */
import { PergolaError } from "../errors.ts";
import { familiarName } from "./dockerfileFacts.ts";
import type { DescribedImage, Image } from "./image.ts";

export interface ImageGraph {
  /** by name, in the order in which they were described */
  readonly images: ReadonlyMap<string, Image>;
  /** image -> all images that must be built before it: said in its definition, or named by its Dockerfile */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** image -> images of the graph that its Dockerfile names (a subset of `dependencies`) */
  readonly siblings: ReadonlyMap<string, readonly string[]>;
  /** images whose dependencies all lie in earlier waves, by wave */
  readonly waves: readonly (readonly string[])[];
}

/**
 * Orders images.
 * @throws PergolaError image-definition (two of one name, a dependency that is not there), image-cycle
 */
export function imageGraph(list: readonly Image[]): ImageGraph {
  const images = new Map<string, Image>();
  for (const image of list) {
    const other = images.get(image.name);
    if (other) {
      throw new PergolaError({
        code: "image-definition",
        message: `Two images are called ${image.name}: one in ${other.definedIn}, one in ${image.definedIn}.`,
        hint: "Give one of them another name.",
        file: image.definedIn,
      });
    }
    images.set(image.name, image);
  }
  const byAction = namesByAction(images);
  const siblings = new Map<string, readonly string[]>();
  const dependencies = new Map<string, readonly string[]>();
  for (const image of images.values()) {
    const said = image.dependencies.map((action) => {
      const name = byAction.get(action);
      if (name === undefined) throw missing(image, action, byAction);
      return name;
    });
    const named = siblingsOf(image, [...images.keys()]);
    siblings.set(image.name, named);
    dependencies.set(image.name, [...new Set([...said, ...named])]);
  }
  return { images, dependencies, siblings, waves: wavesOf(images, dependencies) };
}

/**
 * Image names by what dependencies call them: the name of the Garden action, else the image's own. An action's `localId` names
 * its image otherwise; then a plain image may have the action's name, and dependencies mean the action.
 */
function namesByAction(images: ReadonlyMap<string, Image>): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name, actionName: action, definedIn } of images.values()) {
    if (action === null) continue;
    const other = names.get(action);
    if (other !== undefined) {
      throw new PergolaError({
        code: "image-definition",
        message: `Two images are called ${action} as actions: ${other} in ${images.get(other)?.definedIn}, ${name} in ${definedIn}.`,
        hint: "Give one of them another name.",
        file: definedIn,
      });
    }
    names.set(action, name);
  }
  const plain = [...images.values()].filter(({ actionName }) => actionName === null);
  for (const { name } of plain) if (!names.has(name)) names.set(name, name);
  return names;
}

/**
 * The part of a graph that some images need: themselves and all they depend on. A name is that of an image or of its action.
 * @throws PergolaError image-definition for a name that is not in the graph
 */
export function selectImages(graph: ImageGraph, names: readonly string[]): ImageGraph {
  const chosen = new Set<string>();
  const choose = (name: string): void => {
    if (chosen.has(name)) return;
    chosen.add(name);
    for (const dependency of graph.dependencies.get(name) ?? []) choose(dependency);
  };
  const byAction = namesByAction(graph.images);
  for (const asked of names) {
    const name = graph.images.has(asked) ? asked : byAction.get(asked);
    if (name === undefined) {
      throw new PergolaError({
        code: "image-definition",
        message: `There is no image ${asked} here.`,
        hint:
          graph.images.size === 0
            ? "Found: none. Name a directory that holds a Dockerfile by its path, such as . or ./api."
            : `Found: ${[...graph.images.keys()].join(", ")}.`,
      });
    }
    choose(name);
  }
  return imageGraph([...graph.images.values()].filter((image) => chosen.has(image.name)));
}

/** What of some images an environment builds. */
export interface EnabledImages {
  readonly graph: ImageGraph;
  /** images that were asked for and are left out; one sentence each */
  readonly notices: readonly string[];
}

/**
 * The images that are enabled in an environment, ordered. As in Garden, an action that is not for it is built all the same when
 * one that is needs it. Nothing else of such an action counts: it may have the name of an enabled one, and need what is nowhere.
 * @param asked names of images or of their actions: the graph is what these need
 * @throws PergolaError as {@link imageGraph}; image-definition for a name that is nowhere, and when nothing is left
 */
export function enabledIn(list: readonly Image[], environment: string, asked: readonly string[]): EnabledImages {
  const enabled = list.filter(isEnabledIn(environment));
  const all = imageGraph(withNeeded(enabled, list));
  const known = [...all.images.values()];
  const others = asked.filter((name) => !known.some(isCalled(name)) && list.some(isCalled(name)));
  const graph = selectImages(
    all,
    asked.filter((name) => !others.includes(name)),
  );
  const notices = list
    .filter((image) => others.some((name) => isCalled(name)(image)))
    .map(
      ({ name, environments, definedIn }) =>
        `Image ${name} in ${definedIn} is for ${environments?.join(", ") || "no environment"}, not for ${environment}: left out.`,
    );
  if (graph.images.size > 0) return { graph, notices };
  throw new PergolaError({
    code: "image-definition",
    message: `None of these images is for the environment ${environment}.`,
    hint: notices.join(" "),
  });
}

/** Whether an image is for an environment. */
export function isEnabledIn(environment: string): (image: DescribedImage) => boolean {
  return ({ environments }) => environments === null || environments.includes(environment);
}

function isCalled(asked: string): (image: Image) => boolean {
  return ({ name, actionName }) => name === asked || actionName === asked;
}

/** The enabled images and all that they need, in the order of the list. Of two of one name the enabled one is meant. */
function withNeeded(enabled: readonly Image[], list: readonly Image[]): Image[] {
  const needed = new Set(enabled);
  const others = list.filter(
    ({ name, actionName }) =>
      !enabled.some((one) => one.name === name || (actionName !== null && one.actionName === actionName)),
  );
  const names = others.map(({ name }) => name);
  // What is added while it runs is looked at too.
  for (const image of needed) {
    const siblings = siblingsOf(image, names);
    for (const other of others) {
      const said = image.dependencies.includes(other.actionName ?? other.name);
      if (said || siblings.includes(other.name)) needed.add(other);
    }
  }
  return list.filter((image) => needed.has(image));
}

/** The name of the sibling that a Dockerfile's reference stands for: the same name, bare or with `:latest`. */
export function siblingOf(reference: string, names: Iterable<string>): string | null {
  const wanted = familiarName(reference);
  for (const name of names) if (name === wanted) return name;
  return null;
}

function siblingsOf(image: Image, names: readonly string[]): string[] {
  const found = new Set<string>();
  for (const { name } of image.facts.references) {
    const sibling = name === null ? null : siblingOf(name, names);
    // `FROM busybox` in an image called busybox means the public one.
    if (sibling !== null && sibling !== image.name) found.add(sibling);
  }
  return [...found];
}

function wavesOf(images: ReadonlyMap<string, Image>, dependencies: ReadonlyMap<string, readonly string[]>): string[][] {
  const waves: string[][] = [];
  const placed = new Set<string>();
  while (placed.size < images.size) {
    const wave = [...images.keys()].filter(
      (name) => !placed.has(name) && (dependencies.get(name) ?? []).every((dependency) => placed.has(dependency)),
    );
    if (wave.length === 0) throw cycle(images, dependencies, placed);
    for (const name of wave) placed.add(name);
    waves.push(wave);
  }
  return waves;
}

function cycle(
  images: ReadonlyMap<string, Image>,
  dependencies: ReadonlyMap<string, readonly string[]>,
  placed: ReadonlySet<string>,
): PergolaError {
  const trail: string[] = [];
  let at = [...images.keys()].find((name) => !placed.has(name)) as string;
  while (!trail.includes(at)) {
    trail.push(at);
    // Every image that could not be placed waits for another one that could not.
    at = (dependencies.get(at) ?? []).find((name) => !placed.has(name)) as string;
  }
  const path = [...trail.slice(trail.indexOf(at)), at];
  return new PergolaError({
    code: "image-cycle",
    message: `These images wait for each other: ${path.join(" -> ")}.`,
    hint: "Remove one of the dependencies, in the Garden Build action or in FROM or COPY --from of the Dockerfile.",
    file: images.get(at)?.definedIn as string,
  });
}

function missing(image: Image, action: string, byAction: ReadonlyMap<string, string>): PergolaError {
  return new PergolaError({
    code: "image-definition",
    message: `Image ${image.name} depends on build.${action}, which is not among the images to build.`,
    hint: `Name its directory too, or a directory above both. Known: ${[...byAction.keys()].join(", ")}.`,
    file: image.definedIn,
    path: "dependencies",
  });
}

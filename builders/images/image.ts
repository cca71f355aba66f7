/** An image to build, whatever described it: command line, Garden Build action, later compose and bake files. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { PergolaError } from "../errors.ts";
import type { Remember } from "../memory.ts";
import type { DockerfileFacts } from "./dockerfileFacts.ts";
import { learnDockerfile } from "./learnDockerfile.ts";
import type { ImageSettings } from "./settings.ts";

/** Where a build secret comes from; read by the executor at the last moment. */
export type SecretSource = { readonly env: string } | { readonly file: string };

export interface DescribedImage {
  /** unique in a graph; also the name of its repository below the registry's namespace */
  readonly name: string;
  /** name of the Garden Build action, by which others depend on it; null for a plain Dockerfile, which goes by `name` */
  readonly actionName: string | null;
  /** environments that the action is enabled in; null for all */
  readonly environments: readonly string[] | null;
  /** absolute path of the context directory */
  readonly context: string;
  readonly dockerfile: {
    /** relative to the context, with forward slashes; starts with `../` when it lies outside */
    readonly path: string;
    /** @throws PergolaError dockerfile-missing, for an action that is for some environments only: it may have none in others */
    readonly text: string;
  };
  readonly buildArgs: Readonly<Record<string, string>>;
  /** stage to build; null is the last one */
  readonly target: string | null;
  /** `os/architecture[/variant]`; empty means the builder's own */
  readonly platforms: readonly string[];
  /** secret id -> where its value comes from */
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** what holds for every image of a run */
  readonly settings: ImageSettings;
  /** flags for the builder's own command: they win over what the plan sets, or are refused */
  readonly extraFlags: readonly string[];
  /** actions (or plain images) that must be built first because somebody said so; what the Dockerfile names is found later */
  readonly dependencies: readonly string[];
  /** whole seconds that a build may take, from 1 to {@link MAX_TIMEOUT_SECONDS} */
  readonly timeoutSeconds: number;
  /** file that describes the image: a Garden file or the Dockerfile */
  readonly definedIn: string;
}

/** The same, with its Dockerfile read. */
export interface Image extends DescribedImage {
  /** @throws PergolaError as the Dockerfile's text */
  readonly facts: DockerfileFacts;
}

/** Reads the Dockerfile of an image; one that is only for some environments may have none. */
export async function readImage(image: DescribedImage, remember: Remember): Promise<Image> {
  let facts: DockerfileFacts | null = null;
  try {
    facts = await learnDockerfile(image.dockerfile.text, image.buildArgs, remember);
  } catch (error) {
    if (!(error instanceof PergolaError) || image.environments === null) throw error;
    return {
      ...image,
      get facts(): never {
        throw error;
      },
    };
  }
  return { ...image, facts };
}

/** Seconds that a build may take where nobody said otherwise. */
export const DEFAULT_TIMEOUT_SECONDS = 3600;

/** The longest time, 24 days: a timer of more milliseconds than 31 bits hold fires at once. */
export const MAX_TIMEOUT_SECONDS = 2147483;

/** Whether a text is `os/architecture[/variant]`, as containerd and kaniko read it. */
export function isPlatform(text: string): boolean {
  return /^[\w.-]+\/[\w.-]+(?:\/[\w.-]+)?$/.test(text);
}

/** Letters, digits and `. _ - /` as registries want them in a repository's path. Empty when nothing is left. */
export function sanitizeName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9._/-]+/g, "-")
    .replace(/[._-]*\/[._/-]*/g, "/")
    .replace(/^[._/-]+|[._/-]+$/g, "")
    .replace(/\.{2,}/g, ".")
    .replace(/_{3,}/g, "__");
}

/**
 * Reads an image's Dockerfile.
 * @param dockerfile as given: relative to the context or absolute
 * @param when whether it is read at once, or when its text is first used
 * @returns the path relative to the context and the text
 * @throws PergolaError dockerfile-missing
 */
export function loadDockerfile(
  context: string,
  dockerfile: string,
  image: string,
  when: "now" | "used" = "now",
): Image["dockerfile"] {
  const file = path.resolve(context, dockerfile);
  const place = path.relative(context, file).split(path.sep).join("/");
  if (when === "used") {
    let loaded: Image["dockerfile"] | null = null;
    return {
      path: place,
      get text() {
        loaded ??= loadDockerfile(context, dockerfile, image);
        return loaded.text;
      },
    };
  }
  try {
    return { path: place, text: readFileSync(file, "utf8") };
  } catch (cause) {
    throw new PergolaError(
      {
        code: "dockerfile-missing",
        message: `The Dockerfile of image ${image} cannot be read: ${file} (${(cause as NodeJS.ErrnoException).code ?? cause}).`,
        hint: "Name another one with --file, or with spec.dockerfile in the Garden Build action.",
        file,
      },
      { cause },
    );
  }
}

/** What the flags of `pergola build` say about images, and how they complete what was found in directories and files. */
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { cacheDirectory } from "../cacheDirectory.ts";
import { PergolaError } from "../errors.ts";
import { discoverImages } from "../images/discover.ts";
import { type EnabledImages, enabledIn, isEnabledIn } from "../images/graph.ts";
import {
  type DescribedImage,
  type Image,
  isPlatform,
  loadDockerfile,
  readImage,
  type SecretSource,
} from "../images/image.ts";
import { type Remember, remember } from "../memory.ts";
import { parseSettings, type SettingsFlags } from "./settingsOptions.ts";
import { parseSsh } from "./sshOption.ts";

/** Flags as typed. */
export interface ImageFlags extends SettingsFlags {
  readonly name?: string;
  readonly file?: string;
  readonly target?: string;
  readonly buildArg: readonly string[];
  readonly secret: readonly string[];
  readonly ssh?: readonly string[];
  readonly platform: readonly string[];
  readonly timeout?: number;
}

export interface ImageRequest {
  /**
   * Which of the images an environment builds.
   * @throws PergolaError as {@link enabledIn}; usage, dockerfile-missing
   */
  enabledIn(environment: string): Promise<EnabledImages>;
  readonly notices: readonly string[];
  /** images that were found, for whatever environment */
  readonly count: number;
}

/**
 * Finds the images that the words mean and applies the flags.
 * @param environment for build arguments without a value, and to see that secrets and agents are there
 * @throws PergolaError usage, secret-missing, and what finding images throws
 */
export async function requestImages(
  words: readonly string[],
  flags: ImageFlags,
  workingDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ImageRequest> {
  const secrets = Object.fromEntries(flags.secret.map((text) => parseSecret(text, workingDirectory, environment)));
  const args = Object.fromEntries(flags.buildArg.flatMap((text) => parseBuildArg(text, environment)));
  const platforms = flags.platform.flatMap((text) => text.split(",")).map(checkPlatform);
  const ssh = parseSsh(flags.ssh ?? [], workingDirectory, environment);
  const settings = { ...parseSettings(flags), ssh };
  const keep: Remember = (kind, key, find) => remember(cacheDirectory(environment), kind, key, find);
  const found = await discoverImages(words, workingDirectory, {
    secretIds: new Set(Object.keys(secrets)),
    environment,
    remember: keep,
    ...(flags.file === undefined ? {} : { file: flags.file }),
  });
  const images = found.images.map(
    (image): DescribedImage => ({
      ...image,
      buildArgs: { ...image.buildArgs, ...args },
      platforms: platforms.length > 0 ? platforms : image.platforms,
      secrets: { ...image.secrets, ...secrets },
      settings,
      timeoutSeconds: flags.timeout ?? image.timeoutSeconds,
    }),
  );
  // Directories and names together mean both: names only choose when nothing else does.
  const onlyNames = found.names.length > 0 && words.length === found.names.length;
  const choose = async (environment: string): Promise<EnabledImages> => {
    const described = withFlagsForOne(images, flags, environment);
    const list: Image[] = [];
    for (const image of described) list.push(await readImage(image, keep));
    return enabledIn(list, environment, onlyNames ? found.names : [...list.map(({ name }) => name), ...found.names]);
  };
  // What is wrong with images for every environment is said before somebody has to find out which one it is.
  const anywhere = images.every(({ environments }) => environments === null) ? await choose("") : null;
  return {
    enabledIn: async (environment) => anywhere ?? choose(environment),
    notices: found.notices,
    count: images.length,
  };
}

/** @throws PergolaError usage when they are given and several images are enabled; dockerfile-missing */
function withFlagsForOne(
  images: readonly DescribedImage[],
  { name, file, target }: ImageFlags,
  environment: string,
): DescribedImage[] {
  const enabled = images.filter(isEnabledIn(environment));
  for (const [flag, value] of Object.entries({ name, file, target })) {
    if (value === undefined || enabled.length <= 1) continue;
    throw new PergolaError({
      code: "usage",
      message: `--${flag} ${value} is for one image, but ${enabled.length} were found: ${enabled.map((image) => image.name).join(", ")}.`,
      hint: "Name one directory.",
    });
  }
  return images.map((image) => {
    if (image !== enabled[0] || enabled.length > 1) return image;
    return {
      ...image,
      name: name ?? image.name,
      // A Garden action names its own Dockerfile; the flag wins.
      ...(file === undefined ? {} : { dockerfile: loadDockerfile(image.context, file, image.name) }),
      target: target ?? image.target,
    };
  });
}

/**
 * `id=ID,env=NAME` or `id=ID,src=FILE`, as buildctl has it.
 * @throws PergolaError usage, secret-missing
 */
export function parseSecret(
  text: string,
  workingDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): [id: string, source: SecretSource] {
  const fields = new Map(
    text.split(",").map((field) => {
      const equals = field.indexOf("=");
      return [field.slice(0, Math.max(equals, 0)), field.slice(equals + 1)] as const;
    }),
  );
  const [id, env, file] = [fields.get("id"), fields.get("env"), fields.get("src") ?? fields.get("source")];
  const unknown = [...fields.keys()].find((key) => !["id", "env", "src", "source"].includes(key));
  if (!id || unknown !== undefined || (env === undefined) === (file === undefined)) {
    throw new PergolaError({
      code: "usage",
      // The text itself may be a secret that somebody typed by mistake.
      message: `A --secret is not understood${id ? ` (id ${id})` : ""}.`,
      hint: "Write --secret id=ID,env=VARIABLE or --secret id=ID,src=FILE.",
    });
  }
  if (env !== undefined) {
    if (environment[env] !== undefined) return [id, { env }];
    throw new PergolaError({
      code: "secret-missing",
      message: `The secret ${id} is to come from the environment variable ${env}, which is not set.`,
    });
  }
  const where = path.resolve(workingDirectory, file as string);
  try {
    accessSync(where, constants.R_OK);
  } catch (cause) {
    throw new PergolaError(
      {
        code: "secret-missing",
        message: `The secret ${id} is to come from the file ${where}, which cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
      },
      { cause },
    );
  }
  return [id, { file: where }];
}

function checkPlatform(text: string): string {
  if (isPlatform(text)) return text;
  throw new PergolaError({
    code: "usage",
    message: `--platform ${JSON.stringify(text)} is not a platform.`,
    hint: "Write os/architecture or os/architecture/variant: --platform linux/amd64",
  });
}

/** `KEY=VALUE`, or `KEY` for the value of that environment variable; nothing when it is not set, as with docker build. */
function parseBuildArg(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): [key: string, value: string][] {
  const equals = text.indexOf("=");
  const key = equals === -1 ? text : text.slice(0, equals);
  if (!/^[A-Za-z_]\w*$/.test(key)) {
    throw new PergolaError({
      code: "usage",
      message: `--build-arg ${key} is not the name of an argument.`,
      hint: "Write --build-arg KEY=VALUE, or --build-arg KEY to take the value from the environment.",
    });
  }
  const value = equals === -1 ? environment[key] : text.slice(equals + 1);
  return value === undefined ? [] : [[key, value]];
}

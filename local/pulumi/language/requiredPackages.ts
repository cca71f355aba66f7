import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** A dependency of the program that is a Pulumi package with a resource plugin. */
export interface PulumiPackage {
  /** Plugin name, for instance `kubernetes`. */
  readonly name: string;
  /** Version with a leading `v`, as the engine writes it. */
  readonly version: string;
}

/** A dependency as the program's package.json names it, with the version that is installed. */
export interface InstalledDependency {
  readonly name: string;
  readonly version: string;
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly pulumi?: { readonly resource?: boolean; readonly name?: string; readonly version?: string };
}

/**
 * The plugins that the engine should have before it runs the program: Pulumi packages among the *declared* runtime
 * dependencies of the nearest package.json, and of those only the ones whose plugin is there.
 *
 * Pulumi's own host lists every package in node_modules, used or not, and the engine then looks each of them up, on the
 * network where it must. A package whose plugin is absent is left out here: a program that uses it still gets the
 * engine's own "no resource plugin found", and a program that does not use it runs.
 *
 * @param programDirectory where the program lies
 * @param isInstalled whether the plugin of a package is there
 */
export function requiredPackages(
  programDirectory: string,
  isInstalled: (found: PulumiPackage) => boolean,
): PulumiPackage[] {
  return declaredDependencies(programDirectory)
    .flatMap(({ manifest, name }): PulumiPackage[] => {
      if (manifest.pulumi?.resource !== true) return [];
      const version = manifest.pulumi.version ?? manifest.version ?? "";
      return [
        { name: manifest.pulumi.name ?? name.replace(/^@pulumi\//, ""), version: `v${version.replace(/^v/, "")}` },
      ];
    })
    .filter(isInstalled);
}

/** The declared runtime dependencies of the program with their installed versions, for `pulumi about`. */
export function programDependencies(programDirectory: string): InstalledDependency[] {
  return declaredDependencies(programDirectory).map(({ name, manifest }) => ({
    name,
    version: manifest.version ?? "",
  }));
}

/**
 * Whether the engine will find the plugin of a package: in PULUMI_HOME/plugins or as an executable on PATH (toolchain
 * order of the engine: sdk/go/common/workspace/plugins.go).
 */
export function pluginInstalled(found: PulumiPackage, environment: NodeJS.ProcessEnv): boolean {
  const home = environment.PULUMI_HOME ?? join(environment.HOME ?? "", ".pulumi");
  const executable = `pulumi-resource-${found.name}`;
  if (existsSync(join(home, "plugins", `resource-${found.name}-${found.version}`))) return true;
  return (environment.PATH ?? "")
    .split(delimiter)
    .some((folder) => folder !== "" && existsSync(join(folder, executable)));
}

function declaredDependencies(programDirectory: string): { name: string; manifest: Manifest }[] {
  const root = nearestWith(programDirectory, (folder) => existsSync(join(folder, "package.json")));
  if (root === undefined) return [];
  const { dependencies, optionalDependencies } = readManifest(join(root, "package.json"));
  return Object.keys({ ...dependencies, ...optionalDependencies })
    .sort()
    .flatMap((name) => {
      const folder = nearestWith(root, (candidate) =>
        existsSync(join(candidate, "node_modules", name, "package.json")),
      );
      return folder === undefined
        ? []
        : [{ name, manifest: readManifest(join(folder, "node_modules", name, "package.json")) }];
    });
}

function nearestWith(start: string, has: (folder: string) => boolean): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (has(folder)) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, "utf8")) as Manifest;
}

/** What `runtime.options` of a Pulumi.yaml may say to this language host. */
export interface ProgramOptions {
  /** Flags for the `node` that runs the program, already split. */
  readonly nodeArguments: readonly string[];
}

/** Options of Pulumi's own host that only matter to `pulumi install`: allowed, without effect here. */
const withoutEffect = new Set(["packagemanager", "production"]);

/**
 * Reads the runtime options of a program.
 *
 * @param options `runtime.options` as the engine sends them
 * @throws Error naming the option, when it is unknown or asks for something that this host does not do
 */
export function parseProgramOptions(options: Readonly<Record<string, unknown>>): ProgramOptions {
  let nodeArguments: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (name === "typescript") {
      if (value !== false) throw notStripped(value);
    } else if (name === "nodeargs") {
      if (typeof value !== "string")
        throw new Error(`Pulumi.yaml: runtime.options.nodeargs must be a string, found ${JSON.stringify(value)}`);
      nodeArguments = value.split(/\s+/).filter((argument) => argument !== "");
    } else if (!withoutEffect.has(name)) {
      throw new Error(
        `Pulumi.yaml: runtime.options.${name} is not known to Pergola's Node language host; it knows typescript (false only), nodeargs, packagemanager, production`,
      );
    }
  }
  // Pulumi's own host takes an absent option as `typescript: true`, so silence is refused as well.
  if (!("typescript" in options)) throw notStripped(undefined);
  return { nodeArguments };
}

function notStripped(found: unknown): Error {
  const what = found === undefined ? "is absent, which means true" : `is ${JSON.stringify(found)}`;
  return new Error(
    `Pulumi.yaml: runtime.options.typescript ${what}; Pergola's Node language host runs programs whose types Node strips itself. Write runtime: {name: nodejs, options: {typescript: false}}`,
  );
}

/**
 * From the configuration that the engine hands to the program to a checked {@link StackConfig}: everything that is wrong
 * with a stack file is said at once, before anything is registered. Pure; environment.ts does the reading.
 */
import { type ParsedSections, type RegistryConfig, SECTIONS, type SectionName, type StackConfig } from "./config.ts";
import { type Problem, parseSection, pathText, unknownKey } from "./configProblems.ts";
import { stackNameProblem } from "./documents/names.ts";
import { isGar } from "./registries/registryPlace.ts";
import { ruleProblems } from "./rules/all.ts";
import { DEFAULT_GCP_ACCESS } from "./sections/gcpAccess.ts";

/** Configuration as the engine passes it: full key -> text; objects and lists as JSON. */
export type ConfigurationValues = Readonly<Record<string, string>>;

/** Key that turns off the engine's default providers, which would act on whatever cluster is ambient. */
const DEFAULT_PROVIDERS = "pulumi:disable-default-providers";

/** What of a stack file is encrypted has to stay so, and everything but `secrets` gets into the setup and the cluster in clear. */
const ENCRYPTED =
  "has an encrypted value, but all of this section is published in clear text (in the stack's output and in ConfigMaps); " +
  "keep the value in pergola:secrets (pulumi config set --secret --path 'pergola:secrets.NAME') and name it where a secret " +
  "is used, or write this section without encryption";

/** Sections that are scalars; the engine passes them as bare text. */
const SCALARS: readonly SectionName[] = ["purpose", "allowProduction"];

/**
 * The checked content of a stack file, or all of its problems.
 * @param secretKeys full keys that hold something encrypted
 */
export function parseStackFile(
  stack: string,
  values: ConfigurationValues,
  secretKeys: readonly string[],
): { readonly config: StackConfig } | { readonly problems: Problem[] } {
  const problems: Problem[] = [...stackProblems(stack), ...providerProblems(values), ...keyProblems(values)];
  const parsed: Record<string, unknown> = {};
  for (const section of Object.keys(SECTIONS) as SectionName[]) {
    const key = `pergola:${section}`;
    if (section !== "secrets" && secretKeys.includes(key)) {
      // Not read at all: no message may show a value of it.
      problems.push({ path: key, message: ENCRYPTED });
      continue;
    }
    const raw = rawSection(section, values[key]);
    const result =
      "problem" in raw
        ? { problems: [raw.problem] }
        : parseSection<unknown>(section, SECTIONS[section], withKind(section, raw.value, values));
    if ("problems" in result) problems.push(...result.problems);
    else parsed[section] = result.value;
  }
  if (values["pergola:secrets"] !== undefined && !secretKeys.includes("pergola:secrets")) {
    const message = "is in clear text; set each one with pulumi config set --secret --path 'pergola:secrets.NAME'";
    problems.push({ path: pathText(["secrets"]), message });
  }
  problems.push(...ruleProblems(parsed as ParsedSections, stack));
  return problems.length > 0 ? { problems } : { config: parsed as unknown as StackConfig };
}

/** One message for all problems of a stack file. */
export function stackFileMessage(stack: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
  const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
  return `stacks/Pulumi.${stack}.yaml has ${count}; nothing was changed\n${lines.join("\n")}`;
}

function stackProblems(stack: string): Problem[] {
  const problem = stackNameProblem(stack);
  return problem === null
    ? []
    : [{ path: "stack", message: `the name ${JSON.stringify(stack)} becomes part of object names, but ${problem}` }];
}

function providerProblems(values: ConfigurationValues): Problem[] {
  const found = values[DEFAULT_PROVIDERS];
  const message =
    'has to be ["*"], so that nothing is ever created through an ambient kubeconfig or cloud login; add the line ' +
    `${DEFAULT_PROVIDERS}: ["*"]`;
  const disabled = found === undefined ? undefined : json(found);
  const all = Array.isArray(disabled) && disabled.includes("*");
  return all
    ? []
    : [{ path: DEFAULT_PROVIDERS, message: `${found === undefined ? "is missing" : `is ${found}`}; it ${message}` }];
}

function keyProblems(values: ConfigurationValues): Problem[] {
  const known = Object.keys(SECTIONS);
  return Object.keys(values)
    .filter((key) => key.startsWith("pergola:"))
    .map((key) => key.slice("pergola:".length))
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: `pergola:${key}`, message: unknownKey(key, known, []) }));
}

function rawSection(section: SectionName, text: string | undefined): { value: unknown } | { problem: Problem } {
  if (text === undefined) return { value: undefined };
  if (SCALARS.includes(section)) return { value: text === "true" ? true : text === "false" ? false : text };
  const value = json(text);
  if (value !== undefined) return { value };
  const found = section === "secrets" ? "text" : JSON.stringify(text);
  return {
    problem: {
      path: pathText([section]),
      message: `is ${found}; allowed is ${section === "cache" ? "a list" : "an object"}`,
    },
  };
}

/**
 * The kind of access that a file may leave out. A union by a discriminator takes no default of it, and which it is depends on the
 * kind of registry, which holds whatever else is wrong with that.
 */
function withKind(section: SectionName, value: unknown, values: ConfigurationValues): unknown {
  if (section !== "access") return value;
  const registry = json(values["pergola:registry"] ?? "") as RegistryConfig | undefined;
  if (!isGar(registry)) return value;
  const unsaid = typeof value === "object" && value !== null && !Array.isArray(value) && !("kind" in value);
  return unsaid ? { kind: DEFAULT_GCP_ACCESS, ...value } : value;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Rules about amounts: requests, limits, defaults and quotas that no pod could satisfy together. */
import { type GuardrailsConfig, type ModeConfig, modesOf, namespacesOf, type ParsedSections } from "../config.ts";
import { type Problem, pathText, problem } from "../configProblems.ts";
import { quantityValue } from "../documents/quantity.ts";

type Amounts = ModeConfig["resources"];
type Path = readonly string[];

const DEFAULTS: Path = ["cluster", "guardrails", "containerDefaults"];

/** A quota on these demands an amount of every container (kubernetes/kubernetes, pkg/quota/v1/evaluator/core: validationSet). */
const DEMANDED = ["cpu", "memory"];

/**
 * Requests do not exceed limits, written or default ones; one builder pod fits into the quota of its namespace; and whatever
 * the quota demands of containers has a default.
 */
export function amountProblems({ builder, cluster }: ParsedSections): Problem[] {
  const guardrails = cluster?.guardrails;
  const problems: Problem[] = [];
  if (guardrails !== undefined) {
    const { containerDefaults, quota } = guardrails;
    problems.push(...requestsAbove(DEFAULTS, containerDefaults, {}), ...overQuota(DEFAULTS, containerDefaults, quota));
    problems.push(...withoutDefault(guardrails));
  }
  for (const [name, mode] of builder === undefined ? [] : modesOf({ builder })) {
    const path = ["builder", "modes", name, "resources"];
    // Namespaces that exist already get no guardrails.
    const guarded = namespacesOf(mode).some((namespace) => !namespace.existing) ? guardrails : undefined;
    problems.push(...requestsAbove(path, mode.resources, guarded?.containerDefaults.limits ?? {}));
    problems.push(...overQuota(path, mode.resources, guarded?.quota ?? {}));
  }
  return problems;
}

function requestsAbove(path: Path, { limits, requests }: Amounts, defaultLimits: Amounts["limits"]): Problem[] {
  return Object.entries(requests).flatMap(([resource, request]) => {
    const own = amount(limits, resource);
    const limit = own ?? amount(defaultLimits, resource);
    if (limit === undefined || quantityValue(request)! <= quantityValue(limit)!) return [];
    const whose =
      own !== undefined ? "" : ` that ${pathText(DEFAULTS)} gives where there is none; add limits.${resource}`;
    return [problem([...path, "requests", resource], `is ${request}, more than the limit ${limit}${whose}`)];
  });
}

function overQuota(path: Path, amounts: Amounts, quota: GuardrailsConfig["quota"]): Problem[] {
  return Object.entries(quota).flatMap(([key, most]) => {
    const { side, resource } = counted(key);
    // Where there is only a limit, it is the request, too.
    const from = side === "requests" && amount(amounts.requests, resource) === undefined ? "limits" : side;
    const wanted = amount(amounts[from], resource);
    if (wanted === undefined || quantityValue(wanted)! <= quantityValue(most)!) return [];
    const also = from === side ? "" : " and so the request";
    const message = `is ${wanted}${also}, but pergola:cluster.guardrails.quota allows a whole namespace ${key} ${most}`;
    return [problem([...path, from, resource], message)];
  });
}

/** What the quota demands of every container, and containers that say nothing would not have. */
function withoutDefault({ containerDefaults, quota }: GuardrailsConfig): Problem[] {
  const { limits, requests } = containerDefaults;
  const missing = new Map<string, string>();
  for (const key of Object.keys(quota)) {
    const { side, resource } = counted(key);
    if (!DEMANDED.includes(resource) || amount(limits, resource) !== undefined) continue;
    if (side === "limits") missing.set(resource, key);
    else if (amount(requests, resource) === undefined && !missing.has(resource)) missing.set(resource, key);
  }
  return [...missing].map(([resource, key]) => {
    const { side } = counted(key);
    const message =
      `has no ${side}.${resource}, but pergola:cluster.guardrails.quota has ${key}, so the API server would refuse every ` +
      `container that says nothing about it, such as Garden's init container; add it, or write a quota without ${key}`;
    return problem(DEFAULTS, message);
  });
}

/** What a key of a quota counts: `limits.cpu`, `requests.memory`, or `memory`, which is short for the latter. */
function counted(key: string): { readonly side: "limits" | "requests"; readonly resource: string } {
  return key.startsWith("limits.")
    ? { side: "limits", resource: key.slice("limits.".length) }
    : { side: "requests", resource: key.replace(/^requests\./, "") };
}

/** Resources have the names that a stack file gives them, also "constructor". */
function amount(amounts: Readonly<Record<string, string>>, resource: string): string | undefined {
  return Object.hasOwn(amounts, resource) ? amounts[resource] : undefined;
}

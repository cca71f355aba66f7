/** `resources.builder`: Kubernetes' quantities as Garden's whole numbers. */
import type { Resources } from "../../infra/setup.ts";
import { quantityValue } from "../../infra/setupNames.ts";
import type { GardenAmounts, GardenProvider, Remark } from "./provider.ts";

/** Resource -> Garden's field, and how many of its units are one of Kubernetes'. Its "megabytes" are written into pods as Mi. */
const FIELDS = {
  cpu: { field: "cpu", per: 1000 },
  memory: { field: "memory", per: 2 ** -20 },
  "ephemeral-storage": { field: "ephemeralStorage", per: 2 ** -20 },
} as const satisfies Record<string, { field: keyof GardenAmounts; per: number }>;

/** What Garden fills in where a field is left out (kubernetes provider, `resources.builder`): millicores and MiB. */
const GARDEN_DEFAULTS = { limits: { cpu: 4000, memory: 8192 }, requests: { cpu: 100, memory: 512 } } as const;

export function resourcesOfBlock({ limits, requests }: Resources): {
  readonly resources: GardenProvider["resources"];
  readonly remarks: readonly Remark[];
} {
  const parts = { limits: amounts(limits), requests: amounts(requests) };
  const filled = (["limits", "requests"] as const).flatMap((part) =>
    (["cpu", "memory"] as const)
      .filter((field) => parts[part][field] === undefined)
      .map((field) => `${part}.${field}: ${GARDEN_DEFAULTS[part][field]}`),
  );
  const unknown = [...new Set([...Object.keys(limits), ...Object.keys(requests)])].filter((name) => !(name in FIELDS));
  const builder = Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0));
  const text = [
    "cpu in thousandths, the rest in MiB.",
    ...(filled.length === 0 ? [] : [`The environment does not say, and Garden fills in: ${filled.join(", ")}.`]),
    ...(unknown.length === 0 ? [] : [`Garden's schema has no ${unknown.join(", ")}.`]),
  ];
  return { resources: { builder }, remarks: [{ at: "resources", text: text.join(" ") }] };
}

function amounts(quantities: Readonly<Record<string, string>>): GardenAmounts {
  return Object.fromEntries(
    Object.entries(FIELDS).flatMap(([name, { field, per }]) => {
      const text = quantities[name];
      return text === undefined ? [] : [[field, wholeUnits(text, per)]];
    }),
  );
}

/** Never less than the quantity, but for what fractions are inexact by. */
function wholeUnits(quantity: string, per: number): number {
  return Math.ceil((quantityValue(quantity) ?? Number.NaN) * per * (1 - 1e-9));
}

/**
 * Kubernetes quantities: "4", "100m", "8Gi", "500M", "1e3".
 * Grammar and suffixes: kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity
 */

/** The grammar, for schemas. Only what is not negative: these are requests, limits and quotas. */
export const QUANTITY_PATTERN = /^\d+(\.\d+)?([numkMGTPE]|[KMGTPE]i|[eE]\d+)?$/;

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The value in base units (cores, bytes, pieces); null for what is no quantity. "K" is none: Kubernetes writes "k". */
export function quantityValue(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([a-zA-Z]*|[eE]\d+)$/.exec(text);
  if (match === null) return null;
  const [, number, suffix = ""] = match;
  if (suffix === "") return Number(number);
  if (/^[eE]\d+$/.test(suffix)) return Number(`${number}${suffix}`);
  const factor = FACTORS[suffix];
  return factor === undefined ? null : Number(number) * factor;
}

import type { Value } from "../wire.ts";

/** Powers of ten of the decimal suffixes, and of two of the binary ones. */
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/**
 * Whether two values are the same amount: `1000m` and `1`, `1024Mi` and `1Gi`.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function sameQuantity(one: Value | undefined, other: Value | undefined): boolean {
  const [left, right] = [nanos(one), nanos(other)];
  return left !== undefined && left === right;
}

/** An amount in billionths, exactly; undefined when the value is none (or smaller than that). */
function nanos(value: Value | undefined): bigint | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])?)$/.exec(String(value));
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent, suffix = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  const shift = binary[suffix];
  const power =
    (shift === undefined ? (decimal[suffix] ?? 0) : 0) + Number(exponent?.slice(1) ?? 0) - fraction.length + 9;
  let amount = BigInt(whole + fraction) << (shift ?? 0n);
  if (power >= 0) amount *= 10n ** BigInt(power);
  else {
    const divisor = 10n ** BigInt(-power);
    if (amount % divisor !== 0n) return undefined;
    amount /= divisor;
  }
  return sign === "-" ? -amount : amount;
}

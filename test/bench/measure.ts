/** Measures as ratios within one run: what is compared takes turns, so that a busy machine is busy for both. */

/** A line of the report. */
export interface Row {
  readonly id: string;
  /** what is compared, in words */
  readonly measure: string;
  readonly value: number;
  readonly target: number;
  /** whether the target is reached: the value is at most the target */
  readonly pass: boolean;
  /** the figures behind the value, by what was measured */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** Measures rows that share their preparations. */
export type Rows = (note: (text: string) => void) => Promise<Row[]>;

/** @throws RangeError of an empty list */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) throw new RangeError("no values");
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function row(id: string, measure: string, value: number, target: number, samples: Row["samples"]): Row {
  return { id, measure, value: round(value), target: round(target), pass: value <= target, samples };
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

/** Runs all, in turns, so many times; returns the milliseconds of each. */
export async function inTurns<Name extends string>(
  times: number,
  runs: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(runs) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let turn = 0; turn < times; turn++) {
    // Who goes first changes, as what runs second finds warm caches.
    for (const name of turn % 2 === 0 ? names : names.toReversed()) {
      const began = performance.now();
      await runs[name]();
      samples[name].push(Math.round((performance.now() - began) * 10) / 10);
    }
  }
  return samples;
}

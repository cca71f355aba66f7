/** "Did you mean": the nearest allowed name to one that is not allowed. */

/**
 * The allowed name that is a few typing errors away from `found` (insertions, deletions, changes, swapped neighbours,
 * letter case is free); null when none is near enough to be a likely intention. The earlier of two equally near ones wins.
 */
export function nearest(found: string, allowed: readonly string[]): string | null {
  let best: { name: string; distance: number } | null = null;
  for (const name of allowed) {
    const distance = editDistance(found.toLowerCase(), name.toLowerCase());
    if (distance <= tolerance(name) && (best === null || distance < best.distance)) best = { name, distance };
  }
  return best?.name ?? null;
}

/** A third of the name, and at least one error: "ab" for "abc" is likely, "xyz" for "abc" is not. */
function tolerance(name: string): number {
  return Math.max(1, Math.min(3, Math.floor(name.length / 3)));
}

/** Optimal string alignment distance. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}

/** What flags of kaniko's executor in a stack file mean for its registries. The runner gives them to kaniko: builders/plan/kanikoFlags.ts. */

/** Days that kaniko takes a layer from its cache unless a flag says otherwise, counted from when it was built (its flag --cache-ttl). */
const LAYER_DAYS = 14;

/** A flag's values, with the index of its word: `--flag=value`, or `--flag` and the next word. */
export function flagValues(
  words: readonly string[],
  name: string,
): { readonly index: number; readonly value: string }[] {
  return words.flatMap((word, index) => {
    const [, typed, given] = /^--?([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
    const value = given ?? words[index + 1];
    return typed === name && value ? [{ index, value }] : [];
  });
}

/**
 * Days that a layer may be of use: as long as kaniko takes it by default, or longer where the stack's flags say so. An image's own flags
 * are not known here, so never less.
 */
export function layerDays(flags: readonly string[]): number {
  const seconds = secondsOf(flagValues(flags, "cache-ttl").at(-1)?.value ?? "");
  return Math.max(LAYER_DAYS, Math.ceil(seconds / 86_400));
}

/** Seconds of a duration as Go writes them (336h, 1h30m); 0 for what is none. */
function secondsOf(duration: string): number {
  const units = { h: 3_600, m: 60, s: 1 } as const;
  if (!/^(?:\d+(?:\.\d+)?[hms])+$/.test(duration)) return 0;
  const parts = [...duration.matchAll(/([\d.]+)([hms])/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit as keyof typeof units], 0);
}

/** Names that Google Cloud takes, for properties. */
import fc from "fast-check";

const letters = "abcdefghijklmnopqrstuvwxyz";
const inner = `${letters}0123456789-`;

/** An id of letters, digits and hyphens: a letter first, no hyphen last. */
function id(least: number, most: number): fc.Arbitrary<string> {
  const chars = (from: string, minLength: number, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...from), minLength, maxLength });
  return fc
    .tuple(chars(letters, 1, 1), chars(inner, least - 2, most - 2), chars(inner.replace("-", ""), 1, 1))
    .map((parts) => parts.join(""));
}

export const projectIds: fc.Arbitrary<string> = fc.oneof(
  id(6, 30),
  fc.tuple(id(2, 12), id(6, 30)).map(([domain, project]) => `${domain}.com:${project}`),
);
export const repositoryIds: fc.Arbitrary<string> = id(2, 63);
export const locations: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("us", "europe", "asia"),
  fc
    .tuple(
      fc.constantFrom("us", "europe", "asia", "northamerica", "me"),
      fc.constantFrom("west", "central", "northeast"),
    )
    .chain(([area, side]) => fc.integer({ min: 1, max: 12 }).map((number) => `${area}-${side}${number}`)),
);
/** A name of an image as the runner takes it. */
export const imageNames: fc.Arbitrary<string> = fc
  .array(fc.stringMatching(/^[a-z0-9]{1,6}$/), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("/"));

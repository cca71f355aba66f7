/** Provider blocks as YAML for project.garden.yml, with their remarks as comments. */
import { Document, isMap, isPair, isScalar, type Pair, type YAMLMap } from "yaml";
import type { BuildSetup } from "../../infra/setup.ts";
import type { GardenBlock, Remark } from "./provider.ts";

/** Columns of a comment's text. */
const WIDTH = 110;

export function gardenYaml({ environment }: Pick<BuildSetup, "environment">, blocks: readonly GardenBlock[]): string {
  const document = new Document(
    { providers: blocks.map(({ provider }) => provider) },
    { aliasDuplicateObjects: false },
  );
  const names = blocks.map(({ provider }) => `{name: ${provider.environments[0]}}`);
  document.commentBefore = comment(
    [
      `For project.garden.yml, from pergola garden for the environment ${environment}. Garden's environments of these names have to be`,
      `in the project: environments: [${names.join(", ")}]`,
    ].join(" "),
  );
  blocks.forEach(({ remarks }, index) => {
    const block = document.getIn(["providers", index]) as YAMLMap;
    for (const [at, texts] of Map.groupBy(remarks, (remark) => remark.at)) {
      const text = comment(texts.map((remark: Remark) => remark.text).join("\n"));
      if (at === "") block.commentBefore = text;
      else keyAt(block, at.split(".")).commentBefore = text;
    }
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}

/** The key of a field, before which a comment may stand. */
function keyAt(map: YAMLMap, [first, ...rest]: readonly string[]): { commentBefore?: string | null } {
  const pair = map.items.find((item): item is Pair => isPair(item) && isScalar(item.key) && item.key.value === first);
  if (pair !== undefined && rest.length > 0 && isMap(pair.value)) return keyAt(pair.value, rest);
  if (pair !== undefined && rest.length === 0 && isScalar(pair.key)) return pair.key;
  throw new Error(`a remark is about ${first}, which the block has not`);
}

/** Lines of a comment, each with the blank that follows `#`. */
function comment(text: string): string {
  return text
    .split("\n")
    .flatMap((line) => wrapped(line))
    .map((line) => ` ${line}`)
    .join("\n");
}

function wrapped(line: string): string[] {
  const lines: string[] = [];
  for (const word of line.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

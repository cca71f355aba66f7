/** Splits a byte stream into lines of text. */
import { StringDecoder } from "node:string_decoder";

/**
 * Yields each line without its newline.
 * @param unended whether a last line without one is yielded when the stream ends
 */
export async function* lines(
  source: AsyncIterable<Buffer | string>,
  unended = true,
): AsyncGenerator<string, void, void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of source) {
    const parts = (rest + (typeof chunk === "string" ? chunk : decoder.write(chunk))).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  rest += decoder.end();
  if (rest !== "" && unended) yield rest;
}

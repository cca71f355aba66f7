/** The file that buildctl and buildx write about an image once it is there (`--metadata-file`). */
import { readFile } from "node:fs/promises";
import { PergolaError } from "../../errors.ts";

/** What it says of the image: its digest, and that of its configuration, which an index does not have. @param program that wrote it */
export async function readDigests(file: string, program: string): Promise<{ digest: string; config: string | null }> {
  const metadata = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as Record<string, unknown>,
    () => ({}) as Record<string, unknown>,
  );
  const digest = metadata["containerimage.digest"];
  if (typeof digest !== "string") {
    throw new PergolaError({ code: "internal", message: `${program} succeeded but named no image digest.` });
  }
  const config = metadata["containerimage.config.digest"];
  return { digest, config: typeof config === "string" ? config : null };
}

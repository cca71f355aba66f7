/** What was found out of a Dockerfile is remembered: loading a parser and reading the file takes longer than asking the cluster does. */
import { type Remember, stampOfCode } from "../memory.ts";
import type { DockerfileFacts } from "./dockerfileFacts.ts";

/** What a Dockerfile says of itself with these build arguments. */
export function learnDockerfile(
  text: string,
  buildArgs: Readonly<Record<string, string>>,
  remember: Remember,
): Promise<DockerfileFacts> {
  const key = [stampOfCode(import.meta.url, "./dockerfile.ts"), text, buildArgs];
  return remember("dockerfile", key, async () => {
    const { factsOf, parseDockerfile } = await import("./dockerfile.ts");
    return factsOf(parseDockerfile(text), buildArgs);
  });
}

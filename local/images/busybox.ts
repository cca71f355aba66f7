/** The files of a busybox: one static program under the name of each of its applets. */
import { execFileSync } from "node:child_process";
import { type Entry, file, link } from "./entries.ts";
import { type ImageInputs, programIn } from "./inputs.ts";

/**
 * busybox in `folder` (absolute, inside the image) with a link per applet. The list comes from the program itself, so it
 * is what this build of busybox can do.
 */
export function busybox(inputs: ImageInputs, folder: string): Entry[] {
  const program = programIn(inputs.debianRoot, "busybox");
  const applets = execFileSync(program, ["--list"], { encoding: "utf8" }).split("\n").filter(Boolean);
  const others = applets.filter((applet) => applet !== "busybox");
  return [file(`${folder}/busybox`, program), ...others.map((applet) => link(`${folder}/${applet}`, "busybox"))];
}

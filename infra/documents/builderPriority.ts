/** The PriorityClass of builders. */
import { physicalName } from "./names.ts";

/** Name of the PriorityClass of a stack's builders. */
export function priorityClassName(stack: string): string {
  return physicalName(["pergola", stack, "builder"]);
}

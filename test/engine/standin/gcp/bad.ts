/** What Google refuses, or takes though no stack of Pergola's may say it. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";

export interface BadInput {
  readonly what: string;
  readonly type: string;
  readonly inputs: ValueMap;
  /** part of what the stand-in says */
  readonly says: string;
}

/** Lines of one type: what is wrong -> inputs, and part of what the stand-in says. */
export function bad(type: string, lines: Readonly<Record<string, [ValueMap, string]>>): BadInput[] {
  return Object.entries(lines).map(([what, [inputs, says]]) => ({ what, type, inputs, says }));
}

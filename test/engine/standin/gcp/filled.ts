/** The stand-in with what the good and bad inputs need, and what the engine does with it, as tests of the tables want them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import { putThere } from "../given.ts";
import { StandinProvider } from "../provider.ts";
import { State } from "../state.ts";
import { gcpStandin } from "./cloud.ts";
import { REGISTRY, THERE } from "./goodInputs.ts";

/** Google Cloud in a folder of its own, seen by the provider of one project. */
export class FilledCloud implements Disposable {
  readonly state: State;
  readonly by: StandinProvider;

  constructor() {
    this.state = new State(mkdtempSync(join(tmpdir(), "pergola-standin-")));
    const place = { account: REGISTRY, region: "" };
    for (const { type, inputs } of THERE) putThere(gcpStandin(), this.state, place, type, inputs);
    this.by = new StandinProvider(gcpStandin(), this.state);
    this.by.configure({ project: REGISTRY });
  }

  /** Check and creation, as the engine does them. @throws Error with everything that was refused */
  async make(type: string, given: ValueMap) {
    const { inputs, failures } = this.by.check(type, given);
    if (failures.length > 0)
      throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
    return { inputs, ...(await this.by.create(type, inputs, false)) };
  }

  /** The fields that change from some inputs to others. @param olds what the cloud gave back for the first */
  changes(type: string, olds: ValueMap, before: ValueMap, after: ValueMap) {
    return this.by.diff(type, olds, this.by.check(type, before).inputs, this.by.check(type, after).inputs).fields;
  }

  [Symbol.dispose](): void {
    rmSync(this.state.folder, { recursive: true, force: true });
  }
}

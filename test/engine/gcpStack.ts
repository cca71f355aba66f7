/** A stack like one of the examples on Google Cloud, with what is there before it. */
import { expect } from "vitest";
import type { ValueMap } from "../../local/pulumi/wire.ts";
import { CloudStack, type ExampleText, placeStack, stackFileOf } from "./cloudStack.ts";
import { gcpStandin } from "./standin/gcp/cloud.ts";
import { isSurroundings, putSurroundings } from "./standin/gcp/surroundings.ts";
import { putThere } from "./standin/given.ts";

/** An example, and what makes a stack of a test's of it. */
export interface GcpExample extends ExampleText {
  /** name of the stack; the ids of service accounts, of 30 characters at most, have it */
  readonly stack: string;
  /** what else there is, in this order */
  readonly there?: readonly { readonly type: string; readonly inputs: ValueMap }[];
}

/** The stack, and the cloud that it is made in. */
export class GcpStack extends CloudStack {
  /** Makes the stack; there is what its stack file counts on. */
  static async create(given: GcpExample): Promise<GcpStack> {
    const { config } = stackFileOf(given);
    const { project, impersonate = "" } = config["pergola:registry"];
    const placed = await placeStack(given.stack, "gcp", given, { PERGOLA_STANDIN_IMPERSONABLE: impersonate });
    putSurroundings(placed.cloud, config);
    const google = gcpStandin();
    for (const { type, inputs } of given.there ?? []) {
      putThere(google, placed.cloud, { account: project, region: "" }, type, inputs);
    }
    const isGone = ({ type, properties }: { type: string; properties: ValueMap }) =>
      google.types[type]?.isGone?.(properties);
    return new GcpStack(placed, (stored) => isSurroundings(stored) || isGone(stored) === true);
  }

  /** Destroys the stack: APIs stay enabled, and nothing else is left. */
  async destroyAll(): Promise<void> {
    const { Service } = this.inCloud();
    await this.succeed("destroy");
    expect(this.inCloud()).toEqual({ Service });
    await this.expectNothingInCluster();
  }

  /** Ids of all that says who may do what. */
  members(): string[] {
    return Object.entries(this.inCloud())
      .flatMap(([type, ids]) => (/Member$/.test(type) ? ids : []))
      .sort();
  }
}

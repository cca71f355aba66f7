/** What providers add to a resource, where the program goes on from it: as the stand-ins of the engine tests have it. */
import type { ValueMap } from "../../local/pulumi/wire.ts";
import { awsStandin } from "../engine/standin/aws/cloud.ts";
import type { Properties } from "./monitor.ts";

/** A resource as its provider answers it. @param settings inputs of that provider */
export function withComputed(type: string, inputs: Properties, settings: Properties | undefined): Properties {
  if (!type.startsWith("aws:") || settings === undefined) return inputs;
  const [account = ""] = JSON.parse(String(settings.allowedAccountIds)) as string[];
  const cloud = awsStandin(account);
  const table = cloud.types[type];
  if (table === undefined) throw new Error(`the stand-in has no table for ${type}`);
  const complete = { ...table.defaults, ...inputs } as ValueMap;
  return { ...complete, ...table.computes(complete, { account, region: String(settings.region) }, undefined) };
}

/** What providers add to a resource, where the program goes on from it: as the stand-ins of the engine tests have it. */
import type { ValueMap } from "../../local/pulumi/wire.ts";
import { awsStandin } from "../engine/standin/aws/cloud.ts";
import { gcpStandin } from "../engine/standin/gcp/cloud.ts";
import type { Cloud, Place } from "../engine/standin/resourceType.ts";
import type { Properties } from "./monitor.ts";

/** A resource as its provider answers it. @param settings inputs of that provider */
export function withComputed(type: string, inputs: Properties, settings: Properties | undefined): Properties {
  const [cloud, place] = providerOf(type, settings) ?? [];
  if (cloud === undefined || place === undefined) return inputs;
  const table = cloud.types[type];
  if (table === undefined) throw new Error(`the stand-in has no table for ${type}`);
  const given = { ...table.defaults, ...inputs } as ValueMap;
  const complete = { ...given, ...table.draws?.(given) };
  return { ...complete, ...table.computes(complete, place, undefined) };
}

function providerOf(type: string, settings: Properties | undefined): [Cloud, Place] | undefined {
  if (settings === undefined) return undefined;
  if (type.startsWith("gcp:")) return [gcpStandin(), { account: String(settings.project), region: "" }];
  if (!type.startsWith("aws:")) return undefined;
  const [account = ""] = JSON.parse(String(settings.allowedAccountIds)) as string[];
  return [awsStandin(account), { account, region: String(settings.region) }];
}

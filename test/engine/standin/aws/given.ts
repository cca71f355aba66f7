/** What an account holds before Pergola comes: cluster, subnets, roles. In the stand-in, and in moto where it judges. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import { addressOf } from "../provider.ts";
import type { Place } from "../resourceType.ts";
import type { State } from "../state.ts";
import { awsStandin } from "./cloud.ts";
import { JUDGED } from "./moto/calls.ts";
import { motoAt } from "./moto/judge.ts";

/** Puts something into the stand-in's cloud as if somebody else had made it. */
export function putThere(state: State, place: Place, type: string, given: ValueMap): void {
  const table = awsStandin(place.account).types[type];
  if (table === undefined) throw new Error(`there is no table for ${type}`);
  const inputs = { ...table.defaults, ...given };
  const key = table.key(inputs, place);
  const properties = { ...inputs, ...table.computes(inputs, place, undefined) };
  state.add(addressOf(type, table, key, place), { type, id: table.id?.(inputs, place) ?? key, properties });
}

/** The same in moto, as far as it knows the type. */
export async function putIntoMoto(endpoint: string, { region }: Place, type: string, given: ValueMap): Promise<void> {
  const moto = motoAt(endpoint, region);
  await JUDGED[type]?.created(moto, { ...awsStandin(moto.account).types[type]?.defaults, ...given });
}

/** A cluster of moto's, which its node groups need. */
export async function clusterInMoto(endpoint: string, region: string, name: string): Promise<void> {
  const moto = motoAt(endpoint, region);
  const { CreateClusterCommand } = await import("@aws-sdk/client-eks");
  const roleArn = `arn:aws:iam::${moto.account}:role/cluster`;
  const resourcesVpcConfig = { subnetIds: ["subnet-0a", "subnet-0b"] };
  await (await moto.eks()).send(new CreateClusterCommand({ name, roleArn, resourcesVpcConfig }));
}

/** What an account holds before Pergola comes, in moto where it judges. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Place } from "../resourceType.ts";
import { awsStandin } from "./cloud.ts";
import { JUDGED } from "./moto/calls.ts";
import { motoAt } from "./moto/judge.ts";

/** Puts something into moto as if somebody else had made it, as far as moto knows the type. */
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

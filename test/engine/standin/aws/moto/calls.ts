/**
 * What the stand-in does, in the words of AWS's own SDK, for moto (https://docs.getmoto.org) to judge: one entry per type. Only
 * providers of moto's own account are judged.
 */
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ECRClient } from "@aws-sdk/client-ecr";
import type { EKSClient } from "@aws-sdk/client-eks";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { ValueMap } from "../../../../../local/pulumi/wire.ts";
import { ECR_CALLS } from "./ecr.ts";
import { IAM_CALLS } from "./iam.ts";
import { NODE_CALLS } from "./nodes.ts";

/** moto, by the clients of AWS's SDK, each loaded when it is first asked for. */
export interface Moto {
  readonly account: string;
  readonly region: string;
  readonly ecr: () => Promise<ECRClient>;
  readonly iam: () => Promise<IAMClient>;
  readonly eks: () => Promise<EKSClient>;
  readonly ec2: () => Promise<EC2Client>;
}

/** How moto is asked about one type; each call throws what it answers when it refuses. */
export interface JudgedType {
  created(moto: Moto, inputs: ValueMap): Promise<unknown>;
  updated(moto: Moto, inputs: ValueMap): Promise<unknown>;
  deleted(moto: Moto, inputs: ValueMap): Promise<unknown>;
}

/** Types that moto judges. */
export const JUDGED: Readonly<Record<string, JudgedType>> = { ...ECR_CALLS, ...IAM_CALLS, ...NODE_CALLS };

/** The others, each with the reason; a test sees to it that every type is in one of the two. */
export const NOT_JUDGED: Readonly<Record<string, string>> = {
  "aws:eks/podIdentityAssociation:PodIdentityAssociation": "moto 5.2.5 has no associations: it answers 404",
  "aws:eks/accessEntry:AccessEntry": "moto 5.2.5 has no access entries: it answers 404",
  "aws:autoscaling/tag:Tag": "moto 5.2.5 names an Auto Scaling group for a node group and makes none",
  "aws:eks/cluster:Cluster": "not made by Pergola; tests put one there",
  "aws:ec2/subnet:Subnet": "not made by Pergola; tests put some there",
};

/** Tags as most services take them. */
export function tagList({ tags }: ValueMap): { Key: string; Value: string }[] {
  return Object.entries((tags as Record<string, string> | undefined) ?? {}).map(([Key, Value]) => ({ Key, Value }));
}

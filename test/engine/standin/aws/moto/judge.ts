/** moto as the judge of the stand-in: what the stand-in takes and moto refuses is an error of the operation. */
import type { ValueMap } from "../../../../../local/pulumi/wire.ts";
import type { Judge, Place } from "../../resourceType.ts";
import { JUDGED, type JudgedType, type Moto } from "./calls.ts";

/** Account of moto's credentials (its default). */
export const MOTO_ACCOUNT = "123456789012";

/** moto at an address, for a region of its account. */
export function motoAt(endpoint: string, region: string): Moto {
  const settings = { endpoint, region, credentials: { accessKeyId: "moto", secretAccessKey: "moto" }, maxAttempts: 1 };
  return {
    account: MOTO_ACCOUNT,
    region,
    ecr: async () => new (await import("@aws-sdk/client-ecr")).ECRClient(settings),
    iam: async () => new (await import("@aws-sdk/client-iam")).IAMClient(settings),
    eks: async () => new (await import("@aws-sdk/client-eks")).EKSClient(settings),
    ec2: async () => new (await import("@aws-sdk/client-ec2")).EC2Client(settings),
  };
}

/** Asks moto about everything in its account that it has calls for. @throws Error that names the type and moto's reason */
export function motoJudge(endpoint: string): Judge {
  const ask = (operation: keyof JudgedType) => async (type: string, inputs: ValueMap, place: Place) => {
    const calls = JUDGED[type];
    if (calls === undefined || place.account !== MOTO_ACCOUNT) return;
    try {
      await calls[operation](motoAt(endpoint, place.region), inputs);
    } catch (error) {
      const { name, message } = error as Error;
      throw new Error(`moto refuses what the stand-in takes: ${type} ${operation}: ${name}: ${message}`);
    }
  };
  return { created: ask("created"), updated: ask("updated"), deleted: ask("deleted") };
}

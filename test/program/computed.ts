/** What providers add to a resource, where the program goes on from it: as the stand-ins of the engine tests have it. */
import { randomBytes } from "node:crypto";
import type { ValueMap } from "../../local/pulumi/wire.ts";
import { awsStandin } from "../engine/standin/aws/cloud.ts";
import type { Properties } from "./monitor.ts";

/** A resource as its provider answers it. @param settings inputs of that provider */
export function withComputed(type: string, inputs: Properties, settings: Properties | undefined): Properties {
  if (type.startsWith("gcp:")) return { ...inputs, ...googleComputes[type]?.(inputs) };
  if (!type.startsWith("aws:") || settings === undefined) return inputs;
  const [account = ""] = JSON.parse(String(settings.allowedAccountIds)) as string[];
  const cloud = awsStandin(account);
  const table = cloud.types[type];
  if (table === undefined) throw new Error(`the stand-in has no table for ${type}`);
  const complete = { ...table.defaults, ...inputs } as ValueMap;
  return { ...complete, ...table.computes(complete, { account, region: String(settings.region) }, undefined) };
}

/** Outputs of Google Cloud that are in no input. */
const googleComputes: Readonly<Record<string, (inputs: Properties) => Properties>> = {
  "gcp:serviceaccount/key:Key": ({ serviceAccountId }) => {
    const email = String(serviceAccountId).split("/").at(-1);
    const file = { type: "service_account", private_key: randomBytes(32).toString("hex"), client_email: email };
    return { privateKey: Buffer.from(JSON.stringify(file)).toString("base64") };
  },
  "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": ({ workloadIdentityPoolId }) => ({
    name: `projects/123456789012/locations/global/workloadIdentityPools/${workloadIdentityPoolId}`,
  }),
};

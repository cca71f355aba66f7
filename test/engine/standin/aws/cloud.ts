/** AWS as the stand-in has it. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Cloud, Judge, Place } from "../resourceType.ts";
import { AUTOSCALING } from "./autoscaling.ts";
import { EC2 } from "./ec2.ts";
import { ECR } from "./ecr.ts";
import { EKS } from "./eks.ts";
import { IAM } from "./iam.ts";

/** Settings of the provider that Pergola has; any other is refused, so that none gets in unseen. */
const SETTINGS = ["region", "allowedAccountIds", "assumeRoles", "version"];

/** What the SDK says where a program says nothing. */
const FROM_SDK: Readonly<Record<string, string>> = { skipCredentialsValidation: "false", skipRegionValidation: "true" };

/** @param account whose credentials are at hand @param judge who is asked beside the tables */
export function awsStandin(account: string, judge?: Judge): Cloud {
  return {
    name: "aws",
    types: { ...ECR, ...IAM, ...EKS, ...EC2, ...AUTOSCALING },
    checkSettings: (settings) =>
      Object.entries(settings).flatMap(([property, value]) =>
        SETTINGS.includes(property) || String(value) === FROM_SDK[property]
          ? []
          : [{ property, reason: "is a setting that the stand-in does not know" }],
      ),
    configure: (settings) => placeOf(settings, account),
    ...(judge ? { judge } : {}),
  };
}

/**
 * Where a provider works: with the credentials at hand, or in the account of the role that it assumes.
 * @throws Error for an account that is not allowed, in the words of the real one
 */
function placeOf(settings: ValueMap, ambient: string): Place {
  const region = String(settings.region ?? "");
  if (!/^[a-z]{2}(-gov)?-[a-z]+-\d$/.test(region)) throw new Error(`invalid AWS Region: ${region}`);
  const roles = fromJson<{ roleArn: string }[]>(settings.assumeRoles) ?? [];
  const assumed = roles.at(-1)?.roleArn.split(":")[4];
  const account = assumed ?? ambient;
  const allowed = fromJson<string[]>(settings.allowedAccountIds);
  if (allowed !== undefined && !allowed.includes(account)) throw new Error(`AWS account ID not allowed: ${account}`);
  return { account, region };
}

/** The SDK sends whatever is no text of a provider's settings as JSON text. */
function fromJson<T>(value: unknown): T | undefined {
  return typeof value === "string" ? (JSON.parse(value) as T) : (value as T | undefined);
}

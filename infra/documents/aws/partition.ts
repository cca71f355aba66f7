/**
 * AWS's partitions: how the hosts and ARNs of a region begin and end. China and GovCloud have their own (AWS General Reference,
 * "Amazon Resource Names" and "Amazon ECR endpoints and quotas").
 */

/** Names of AWS's worlds that share nothing, as they stand in ARNs. */
export type Partition = "aws" | "aws-cn" | "aws-us-gov";

/** What is wrong with an account id, as the end of a sentence that begins with it; null when nothing is. */
export function accountProblem(account: string): string | null {
  return /^\d{12}$/.test(account) ? null : "is not the id of an AWS account: twelve digits";
}

/** What is wrong with the name of a region; null when nothing is. Whether there is such a region is AWS's to say. */
export function regionProblem(region: string): string | null {
  if (/^[a-z]{2}-[a-z]+-\d[a-z]$/.test(region)) return `is an availability zone; its region is ${region.slice(0, -1)}`;
  if (/^[a-z]{2}-iso[a-z]?-/.test(region) || region.startsWith("eusc-")) {
    return "is in a partition that this version has no hosts and ARNs for";
  }
  return /^[a-z]{2}(-gov)?-[a-z]+-\d$/.test(region) ? null : "is not the name of an AWS region, such as eu-central-1";
}

/** Partition of a region. */
export function partitionOf(region: string): Partition {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** Domain of the services of a partition. */
export function domainOf(region: string): string {
  return partitionOf(region) === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
}

/** Host of an account's ECR registry. */
export function ecrHost(account: string, region: string): string {
  return `${account}.dkr.ecr.${region}.${domainOf(region)}`;
}

/** Account and region of a host of ECR; null for any other host. */
export function parseEcrHost(host: string): { account: string; region: string } | null {
  const [, account, region] = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host) ?? [];
  return account === undefined || region === undefined ? null : { account, region };
}

/** The parts of an ARN; null when it is none. */
export function parseArn(
  text: string,
): { partition: string; service: string; region: string; account: string; resource: string } | null {
  const [arn, partition = "", service = "", region = "", account = "", ...resource] = text.split(":");
  if (arn !== "arn" || resource.length === 0) return null;
  return { partition, service, region, account, resource: resource.join(":") };
}

/** What is wrong with an ARN that has to name `what`, as the end of a sentence that begins with it; null when nothing is. */
export function arnProblem(text: string, service: string, resource: RegExp, what: string): string | null {
  const parts = parseArn(text);
  if (parts === null || !/^aws(-cn|-us-gov)?$/.test(parts.partition)) return `is not the ARN of ${what}`;
  if (parts.service !== service || !resource.test(parts.resource)) return `is an ARN, but not of ${what}`;
  // Policies that AWS itself made are of the account "aws".
  if (parts.account === "aws" && /^policy\//.test(parts.resource)) return null;
  return /^\d{12}$/.test(parts.account) ? null : "has no account of twelve digits";
}

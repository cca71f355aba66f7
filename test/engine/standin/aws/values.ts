/** Values that many of AWS's resources are made of: how they may be written, and when two of them are the same. */
import { z } from "zod";
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Place } from "../resourceType.ts";

/** Partition of a region, as it stands in ARNs. */
export function partition({ region }: Place): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

export function arn(place: Place, service: string, resource: string): string {
  const region = service === "iam" ? "" : place.region;
  return `arn:${partition(place)}:${service}:${region}:${place.account}:${resource}`;
}

export const arnText = z.string().regex(/^arn:aws[\w-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:.+$/, "is not an ARN");

/** At most 50 of 128 and 256 characters; `aws:` is AWS's own (AWS General Reference, "Tagging"). */
export const tags = z
  .record(z.string(), z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u, "is not the value of a tag"))
  .superRefine((all, context) => {
    const keys = Object.keys(all);
    if (keys.length > 50) context.addIssue({ code: "custom", message: "has more than 50 tags" });
    for (const key of keys.filter((one) => !/^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(one))) {
      context.addIssue({ code: "custom", path: [key], message: "is not the key of a tag" });
    }
  })
  .optional();

/** `tags` as given, and `tagsAll` as the provider computes it: the provider's default tags are none here. */
export function tagged(inputs: ValueMap): ValueMap {
  return { tagsAll: (inputs.tags as ValueMap | undefined) ?? {} };
}

/** Values that many of AWS's resources are made of: how they may be written, and when two of them are the same. */
import { z } from "zod";
import type { Value, ValueMap } from "../../../../local/pulumi/wire.ts";
import { isList, isMap } from "../../../../local/pulumi/wire.ts";
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

/** Lists that are sets to the provider. */
export function asSet(value: Value): Value {
  return isList(value) ? [...value].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : value;
}

/** JSON in one spelling: members sorted. */
export function canonical(value: Value | undefined): Value {
  if (isList(value)) return value.map(canonical);
  if (isMap(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, canonical(item)]),
    );
  }
  return value ?? null;
}

/** A value of the inputs as text; the checks have seen that it is one. */
export function text(inputs: ValueMap, name: string): string {
  return String(inputs[name]);
}

/** Twenty hexadecimal digits that stand for something, the same each time: what AWS draws at random. */
export function drawn(...of: readonly string[]): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (const char of of.join("\0")) {
    a = Math.imul(a ^ char.charCodeAt(0), 0x01000193) >>> 0;
    b = Math.imul(b ^ char.charCodeAt(0), 0x85ebca6b) >>> 0;
  }
  return (a.toString(16).padStart(8, "0") + b.toString(16).padStart(8, "0")).padEnd(17, "0");
}

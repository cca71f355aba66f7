/** Amazon EC2 Auto Scaling (API reference: CreateOrUpdateTags). */
import { z } from "zod";
import type { ResourceType } from "../resourceType.ts";
import { text } from "../values.ts";

const tag = z.strictObject({
  key: z.string().regex(/^(?!aws:).{1,128}$/, "is not the key of a tag"),
  value: z.string().max(256),
  propagateAtLaunch: z.boolean(),
});

const keyOf = (value: unknown) => (value as { key: string }).key;

export const AUTOSCALING: Readonly<Record<string, ResourceType>> = {
  "aws:autoscaling/tag:Tag": {
    inputs: z.strictObject({ autoscalingGroupName: z.string().min(1).max(255), tag }),
    key: (inputs) => `${text(inputs, "autoscalingGroupName")},${keyOf(inputs.tag)}`,
    unique: "region",
    duplicate: "the tag %s is there already",
    // A tag of another key is another tag; its value changes in place.
    replaces: ["autoscalingGroupName", "tag.key"],
    computes: () => ({}),
  },
};

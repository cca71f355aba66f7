/** Lifecycle policies of repositories (ECR user guide, "Lifecycle policy properties" and "Lifecycle policy evaluation rules"). */
import { z } from "zod";

const selection = z
  .strictObject({
    tagStatus: z.enum(["tagged", "untagged", "any"]),
    tagPrefixList: z.array(z.string().min(1)).min(1).optional(),
    tagPatternList: z
      .array(z.string().regex(/^[^*]*(\*[^*]*){0,4}$/, "has more than four wildcards"))
      .min(1)
      .optional(),
    countType: z.enum(["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"]),
    countUnit: z.literal("days").optional(),
    countNumber: z.int().min(1),
    storageClass: z.enum(["standard", "archive"]).optional(),
  })
  .superRefine(({ tagStatus, tagPrefixList, tagPatternList, countType, countUnit }, context) => {
    const lists = [tagPrefixList, tagPatternList].filter((list) => list !== undefined).length;
    const issue = (message: string) => context.addIssue({ code: "custom", message });
    if (tagStatus === "tagged" && lists !== 1) issue("tagged needs either tagPrefixList or tagPatternList");
    if (tagStatus !== "tagged" && lists !== 0) issue(`${tagStatus} has no list of tags`);
    if ((countUnit !== undefined) !== countType.startsWith("since"))
      issue("countUnit goes with since... and nothing else");
  });

const rule = z.strictObject({
  rulePriority: z.int().min(1),
  description: z.string().max(256).optional(),
  selection,
  action: z.union([
    z.strictObject({ type: z.literal("expire") }),
    z.strictObject({ type: z.literal("transition"), targetStorageClass: z.literal("archive") }),
  ]),
});

const policy = z.strictObject({ rules: z.array(rule).min(1).max(50) }).superRefine(({ rules }, context) => {
  const issue = (message: string) => context.addIssue({ code: "custom", message });
  const priorities = rules.map(({ rulePriority }) => rulePriority);
  if (new Set(priorities).size < priorities.length) issue("two rules have one priority");
  const any = rules.find((one) => one.selection.tagStatus === "any");
  if (any !== undefined && any.rulePriority < Math.max(...priorities)) issue("the rule for any is not the last one");
});

/** A lifecycle policy as JSON text of 100 to 30,720 characters. */
export const lifecyclePolicyText: z.ZodType = z.string().superRefine((value, context) => {
  const issue = (message: string) => context.addIssue({ code: "custom", message });
  if (value.length < 100 || value.length > 30_720) issue(`has ${value.length} characters, not 100 to 30720`);
  const result = policy.safeParse(parsed(value));
  if (result.success) return;
  issue(`InvalidParameterException: Invalid parameter at 'LifecyclePolicyText': ${z.prettifyError(result.error)}`);
});

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

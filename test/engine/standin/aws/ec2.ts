/** What nodes need of Amazon EC2 (API reference: CreateLaunchTemplate, CreateLaunchTemplateVersion). */
import { z } from "zod";
import type { ResourceType } from "../resourceType.ts";
import { drawn, text } from "../values.ts";
import { arn, arnText, tagged, tags } from "./values.ts";

export const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
export const SUBNET = "aws:ec2/subnet:Subnet";

/** The SDK has text where EC2 has a switch that can be left open. */
const flag = z.enum(["true", "false"]);

const ebs = z
  .strictObject({
    volumeSize: z.int().min(1).max(65_536).optional(),
    volumeType: z.enum(["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"]).optional(),
    encrypted: flag.optional(),
    kmsKeyId: arnText.optional(),
    deleteOnTermination: flag.optional(),
    iops: z.int().min(100).optional(),
    throughput: z.int().min(125).optional(),
  })
  .refine(
    ({ encrypted, kmsKeyId }) => kmsKeyId === undefined || encrypted === "true",
    "a key is for encrypted volumes",
  );

const launchTemplateInputs = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9().\-/_]{3,128}$/, "is not the name of a launch template"),
  description: z.string().max(255).optional(),
  updateDefaultVersion: z.boolean().optional(),
  blockDeviceMappings: z.array(z.strictObject({ deviceName: z.string().min(1), ebs: ebs.optional() })).optional(),
  metadataOptions: z
    .strictObject({
      httpEndpoint: z.enum(["enabled", "disabled"]).optional(),
      httpTokens: z.enum(["required", "optional"]).optional(),
      httpPutResponseHopLimit: z.int().min(1).max(64).optional(),
      httpProtocolIpv6: z.enum(["enabled", "disabled"]).optional(),
      instanceMetadataTags: z.enum(["enabled", "disabled"]).optional(),
    })
    .optional(),
  tagSpecifications: z
    .array(z.strictObject({ resourceType: z.enum(["instance", "volume", "network-interface"]), tags }))
    .optional(),
  userData: z
    .string()
    .max(21_848, "is more than 16 KiB")
    .regex(/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "is not base64")
    .optional(),
  tags,
});

export const EC2: Readonly<Record<string, ResourceType>> = {
  [TEMPLATE]: {
    inputs: launchTemplateInputs,
    // Node groups name templates by either.
    key: (inputs) => templateId(text(inputs, "name")),
    unique: "region",
    duplicate: "InvalidLaunchTemplateName.AlreadyExistsException: Launch template name already in use: %s",
    replaces: ["name"],
    computes(inputs, place, previous) {
      const version = Number(previous?.latestVersion ?? 0) + 1;
      const id = templateId(text(inputs, "name"));
      return {
        arn: arn(place, "ec2", `launch-template/${id}`),
        latestVersion: version,
        defaultVersion: inputs.updateDefaultVersion === true ? version : Number(previous?.defaultVersion ?? 1),
        ...tagged(inputs),
      };
    },
    renews: ["latestVersion"],
  },
  // Not Pergola's to make: tests put some there.
  [SUBNET]: {
    inputs: z.strictObject({ id: z.string() }),
    key: (inputs) => text(inputs, "id"),
    unique: "region",
    duplicate: "%s is there already",
    replaces: ["id"],
    computes: () => ({}),
  },
};

/** What EC2 draws at random goes by the name here. */
export function templateId(name: string): string {
  return `lt-${drawn(name)}`;
}

/** Amazon EKS and EC2 in the words of AWS's SDK. */
import type { RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import type { ValueMap } from "../../../../../local/pulumi/wire.ts";
import { text } from "../../values.ts";
import type { JudgedType } from "./calls.ts";

export const NODE_CALLS: Readonly<Record<string, JudgedType>> = {
  "aws:eks/nodeGroup:NodeGroup": {
    async created({ eks }, inputs) {
      const { CreateNodegroupCommand } = await import("@aws-sdk/client-eks");
      const {
        nodeGroupName: nodegroupName,
        nodeRoleArn: nodeRole,
        subnetIds: subnets,
        launchTemplate,
        ...same
      } = inputs;
      const request = { ...same, nodegroupName, nodeRole, subnets, launchTemplate };
      return (await eks()).send(
        new CreateNodegroupCommand(request as unknown as ConstructorParameters<typeof CreateNodegroupCommand>[0]),
      );
    },
    async updated({ eks }, inputs) {
      const { UpdateNodegroupConfigCommand } = await import("@aws-sdk/client-eks");
      const command = new UpdateNodegroupConfigCommand({
        clusterName: text(inputs, "clusterName"),
        nodegroupName: text(inputs, "nodeGroupName"),
        scalingConfig: inputs.scalingConfig as { minSize: number; maxSize: number; desiredSize: number },
      });
      return (await eks()).send(command);
    },
    async deleted({ eks }, inputs) {
      const { DeleteNodegroupCommand } = await import("@aws-sdk/client-eks");
      const [clusterName, nodegroupName] = [text(inputs, "clusterName"), text(inputs, "nodeGroupName")];
      return (await eks()).send(new DeleteNodegroupCommand({ clusterName, nodegroupName }));
    },
  },
  "aws:ec2/launchTemplate:LaunchTemplate": {
    async created({ ec2 }, inputs) {
      const { CreateLaunchTemplateCommand } = await import("@aws-sdk/client-ec2");
      const [LaunchTemplateName, LaunchTemplateData] = [text(inputs, "name"), templateData(inputs)];
      return (await ec2()).send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
    },
    async updated({ ec2 }, inputs) {
      const { CreateLaunchTemplateVersionCommand } = await import("@aws-sdk/client-ec2");
      const [LaunchTemplateName, LaunchTemplateData] = [text(inputs, "name"), templateData(inputs)];
      return (await ec2()).send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateName, LaunchTemplateData }));
    },
    async deleted({ ec2 }, inputs) {
      const { DeleteLaunchTemplateCommand } = await import("@aws-sdk/client-ec2");
      return (await ec2()).send(new DeleteLaunchTemplateCommand({ LaunchTemplateName: text(inputs, "name") }));
    },
  },
};

interface Mapping {
  readonly deviceName: string;
  readonly ebs?: {
    readonly encrypted?: string;
    readonly deleteOnTermination?: string;
    readonly [key: string]: unknown;
  };
}

/** EC2 writes members with capitals, and switches as such. */
function templateData(inputs: ValueMap): RequestLaunchTemplateData {
  const mappings = ((inputs.blockDeviceMappings as unknown as Mapping[] | undefined) ?? []).map(
    ({ deviceName, ebs }) => ({
      DeviceName: deviceName,
      Ebs: Object.fromEntries(
        Object.entries(ebs ?? {}).map(([key, value]) => [
          capital(key),
          value === "true" ? true : value === "false" ? false : value,
        ]),
      ),
    }),
  );
  const metadata = Object.entries((inputs.metadataOptions as ValueMap | undefined) ?? {});
  return {
    BlockDeviceMappings: mappings,
    ...(metadata.length === 0
      ? {}
      : { MetadataOptions: Object.fromEntries(metadata.map(([key, value]) => [capital(key), value])) }),
    ...(inputs.userData === undefined ? {} : { UserData: text(inputs, "userData") }),
  } as RequestLaunchTemplateData;
}

function capital(name: string): string {
  return `${name[0]?.toUpperCase()}${name.slice(1)}`;
}

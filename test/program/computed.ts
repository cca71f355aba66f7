/** What providers add to a resource, where the program goes on from it: type token -> outputs beside the inputs. */
import type { Properties } from "./monitor.ts";

const COMPUTED: Readonly<Record<string, (inputs: Properties) => Properties>> = {
  "aws:ec2/launchTemplate:LaunchTemplate": () => ({ latestVersion: 1 }),
  "aws:eks/nodeGroup:NodeGroup": ({ nodeGroupName }) => ({
    resources: [{ autoscalingGroups: [{ name: `eks-${nodeGroupName}` }], remoteAccessSecurityGroupId: "" }],
  }),
  "aws:iam/role:Role": ({ name }) => ({ arn: `arn:aws:iam::123456789012:role/${name}` }),
};

/** A resource as its provider answers it. */
export function withComputed(type: string, inputs: Properties): Properties {
  return { ...inputs, ...COMPUTED[type]?.(inputs) };
}

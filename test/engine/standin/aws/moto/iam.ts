/** IAM in the words of AWS's SDK. */
import type { Value, ValueMap } from "../../../../../local/pulumi/wire.ts";
import { isList } from "../../../../../local/pulumi/wire.ts";
import { text } from "../../values.ts";
import { type JudgedType, type Moto, tagList } from "./calls.ts";

const putRolePolicy = async ({ iam }: Moto, inputs: ValueMap) => {
  const { PutRolePolicyCommand } = await import("@aws-sdk/client-iam");
  const [RoleName, PolicyName, PolicyDocument] = ["role", "name", "policy"].map((name) => text(inputs, name));
  return (await iam()).send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
};

/** No update in place: every property of it replaces. */
const never = async () => {
  throw new Error("it is replaced, never updated");
};

const strings = (value: Value | undefined) => (isList(value) ? value.map(String) : []);

const oidcArn = (account: string, inputs: ValueMap) =>
  `arn:aws:iam::${account}:oidc-provider/${text(inputs, "url").replace("https://", "")}`;

export const IAM_CALLS: Readonly<Record<string, JudgedType>> = {
  "aws:iam/role:Role": {
    async created({ iam }, inputs) {
      const { CreateRoleCommand } = await import("@aws-sdk/client-iam");
      const command = new CreateRoleCommand({
        RoleName: text(inputs, "name"),
        AssumeRolePolicyDocument: text(inputs, "assumeRolePolicy"),
        Path: text(inputs, "path"),
        MaxSessionDuration: Number(inputs.maxSessionDuration),
        ...(inputs.description ? { Description: text(inputs, "description") } : {}),
        Tags: tagList(inputs),
      });
      return (await iam()).send(command);
    },
    async updated({ iam }, inputs) {
      const { UpdateAssumeRolePolicyCommand, UpdateRoleCommand } = await import("@aws-sdk/client-iam");
      const [RoleName, PolicyDocument] = [text(inputs, "name"), text(inputs, "assumeRolePolicy")];
      const client = await iam();
      await client.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
      await client.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: Number(inputs.maxSessionDuration) }));
    },
    async deleted({ iam }, inputs) {
      const { DeleteRoleCommand } = await import("@aws-sdk/client-iam");
      return (await iam()).send(new DeleteRoleCommand({ RoleName: text(inputs, "name") }));
    },
  },
  "aws:iam/rolePolicy:RolePolicy": {
    created: putRolePolicy,
    updated: putRolePolicy,
    async deleted({ iam }, inputs) {
      const { DeleteRolePolicyCommand } = await import("@aws-sdk/client-iam");
      const [RoleName, PolicyName] = [text(inputs, "role"), text(inputs, "name")];
      return (await iam()).send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    },
  },
  "aws:iam/policy:Policy": {
    async created({ iam }, inputs) {
      const { CreatePolicyCommand } = await import("@aws-sdk/client-iam");
      const [PolicyName, Path, PolicyDocument] = ["name", "path", "policy"].map((name) => text(inputs, name));
      return (await iam()).send(new CreatePolicyCommand({ PolicyName, Path, PolicyDocument, Tags: tagList(inputs) }));
    },
    async updated({ iam, account }, inputs) {
      const { CreatePolicyVersionCommand } = await import("@aws-sdk/client-iam");
      const PolicyArn = `arn:aws:iam::${account}:policy${text(inputs, "path")}${text(inputs, "name")}`;
      const PolicyDocument = text(inputs, "policy");
      return (await iam()).send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true }));
    },
    async deleted({ iam, account }, inputs) {
      const { DeletePolicyCommand } = await import("@aws-sdk/client-iam");
      const PolicyArn = `arn:aws:iam::${account}:policy${text(inputs, "path")}${text(inputs, "name")}`;
      return (await iam()).send(new DeletePolicyCommand({ PolicyArn }));
    },
  },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
    async created({ iam }, inputs) {
      const { AttachRolePolicyCommand } = await import("@aws-sdk/client-iam");
      const [RoleName, PolicyArn] = [text(inputs, "role"), text(inputs, "policyArn")];
      return (await iam()).send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    },
    updated: never,
    async deleted({ iam }, inputs) {
      const { DetachRolePolicyCommand } = await import("@aws-sdk/client-iam");
      const [RoleName, PolicyArn] = [text(inputs, "role"), text(inputs, "policyArn")];
      return (await iam()).send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    },
  },
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
    async created({ iam }, inputs) {
      const { CreateOpenIDConnectProviderCommand } = await import("@aws-sdk/client-iam");
      const command = new CreateOpenIDConnectProviderCommand({
        Url: text(inputs, "url"),
        ClientIDList: strings(inputs.clientIdLists),
        ThumbprintList: strings(inputs.thumbprintLists),
        Tags: tagList(inputs),
      });
      return (await iam()).send(command);
    },
    // moto 5.2.5 fails where an audience is added.
    async updated({ iam, account }, inputs) {
      const { TagOpenIDConnectProviderCommand } = await import("@aws-sdk/client-iam");
      const OpenIDConnectProviderArn = oidcArn(account, inputs);
      const Tags = tagList(inputs);
      return (await iam()).send(new TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, Tags }));
    },
    async deleted({ iam, account }, inputs) {
      const { DeleteOpenIDConnectProviderCommand } = await import("@aws-sdk/client-iam");
      const OpenIDConnectProviderArn = oidcArn(account, inputs);
      return (await iam()).send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    },
  },
};

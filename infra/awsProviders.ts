/**
 * The providers of AWS: one for each account and region that a stack has to do with. Nothing else in the program makes one, and
 * default providers are disabled, so nothing is made in an account that the stack file does not name.
 */
import { Provider } from "@pulumi/aws/provider.js";
import type { StackConfig } from "./config.ts";

type AssumeRole = NonNullable<NonNullable<StackConfig["cluster"]["eks"]>["assumeRole"]>;

/** Where a provider works. */
export interface AwsPlace {
  readonly account: string;
  readonly region: string;
  readonly assumeRole?: AssumeRole | undefined;
}

const providers = new Map<string, Provider>();

/** The provider of a place, made at the first call. It refuses credentials of any other account. */
export function awsProvider({ account, region, assumeRole }: AwsPlace): Provider {
  const key = JSON.stringify([account, region, assumeRole ?? null]);
  const known = providers.get(key);
  if (known !== undefined) return known;
  const name = ["aws", account, region, ...(assumeRole ? [assumeRole.role.split("/").at(-1) as string] : [])].join("-");
  const assumeRoles = assumeRole && [
    {
      roleArn: assumeRole.role,
      sessionName: assumeRole.sessionName,
      ...(assumeRole.externalId === undefined ? {} : { externalId: assumeRole.externalId }),
    },
  ];
  const provider = new Provider(name, {
    region,
    allowedAccountIds: [account],
    ...(assumeRoles ? { assumeRoles } : {}),
  });
  providers.set(key, provider);
  return provider;
}

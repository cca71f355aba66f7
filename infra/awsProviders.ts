/**
 * The providers of AWS: one for each account and region that a stack has to do with. Nothing else in the program makes one, and
 * default providers are disabled, so nothing is made in an account that the stack file does not name.
 */
import { Provider } from "@pulumi/aws/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import { providerFinder } from "./cloudProviders.ts";
import type { StackConfig } from "./config.ts";

type AssumeRole = NonNullable<NonNullable<StackConfig["cluster"]["eks"]>["assumeRole"]>;

/** Where a provider works. */
export interface AwsPlace {
  readonly account: string;
  readonly region: string;
  readonly assumeRole?: AssumeRole | undefined;
}

const find = providerFinder<Provider>();

/** The provider of a place, made at the first call. It refuses credentials of any other account. */
export function awsProvider({ account, region, assumeRole }: AwsPlace): Provider {
  const assumeRoles = assumeRole && [
    {
      roleArn: assumeRole.role,
      sessionName: assumeRole.sessionName,
      ...(assumeRole.externalId === undefined ? {} : { externalId: assumeRole.externalId }),
    },
  ];
  return find(
    `aws-${account}-${region}`,
    JSON.stringify(assumeRole ?? null),
    (name) => new Provider(name, { region, allowedAccountIds: [account], ...(assumeRoles ? { assumeRoles } : {}) }),
  );
}

/**
 * Options of what is made in a place, with all that is below it. It is replaced when the place is another one: nothing else would
 * tell the engine, which takes what it has made under the same names elsewhere for what it wants here.
 */
export function inAwsPlace(place: AwsPlace): {
  providers: [Provider];
  transformations: pulumi.ResourceTransformation[];
} {
  const replacementTrigger = `${place.account} ${place.region}`;
  return {
    providers: [awsProvider(place)],
    transformations: [
      ({ type, props, opts }) =>
        type.startsWith("aws:") ? { props, opts: { ...opts, replacementTrigger } } : undefined,
    ],
  };
}

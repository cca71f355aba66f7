/** Identities in Google Cloud: the service account of builders, its rights and keys, and who runs builds. */
import * as pulumi from "@pulumi/pulumi";
import { WRITER } from "../documents/gcp/members.ts";
import type { Environment } from "../environment.ts";
import { gcpProvider } from "../gcpProviders.ts";
import type { ProvisionedRegistry } from "../registries/registry.ts";
import type { ProvisionedAccess } from "./access.ts";
import { accessApis } from "./gcpApis.ts";
import type { GcpBuilderAccess, GcpBuilderAccessArgs, GrantProject } from "./gcpBuilderAccess.ts";
import { type GcpCiPlan, gcpCiPlan } from "./gcpCi.ts";
import type { MakeCiAccount } from "./gcpCiIdentity.ts";
import {
  builderAccountPlan,
  builderMembers,
  grantedProject,
  keyNumbers,
  repositoryGrants,
  type ServiceAccountPlan,
} from "./gcpGrants.ts";
import { gcpPlaceOf } from "./gcpPlaces.ts";
import { keyText, projectScopeText, samenessText } from "./gcpTexts.ts";

/**
 * Makes the identities, each loaded only where it is made, with the SDK that it needs; and says what they give away.
 * @throws RunError where the stack file has no such access
 */
export async function provisionGcpAccess(
  environment: Environment,
  registry: ProvisionedRegistry,
): Promise<ProvisionedAccess> {
  const { config, stack } = environment;
  for (const text of [projectScopeText(config), keyText(config)]) if (text !== null) await pulumi.log.warn(text);
  const sameness = samenessText(config);
  if (sameness !== null) await pulumi.log.info(sameness);

  const account = builderAccountPlan(config);
  if (account === null)
    throw new pulumi.RunError(`pergola:access of kind ${config.access.kind} has no service account`);
  const apis = await enableAccessApis(environment);
  const builders = await makeBuilderAccess(environment, registry, account, apis);
  const key = await makeKeys(environment, account, builders);
  const ci = gcpCiPlan(config, stack);
  if (ci !== null) await makeCiIdentity(environment, ci, apis);
  return { key };
}

/** The APIs of a project that are enabled; none where others see to that. */
type EnabledApis = (project: string) => pulumi.Resource[];

async function enableAccessApis({ config, stack }: Environment): Promise<EnabledApis> {
  const wanted = accessApis(config, stack);
  if (wanted.size === 0) return () => [];
  const { enableApis } = await import("../gcpApis.ts");
  const enabled = new Map(
    [...wanted].map(([project, apis]) => [project, enableApis("access", gcpPlaceOf(config, project), apis)]),
  );
  return (project) => enabled.get(project) ?? [];
}

async function makeBuilderAccess(
  { config, stack }: Environment,
  registry: ProvisionedRegistry,
  account: ServiceAccountPlan,
  apis: EnabledApis,
): Promise<GcpBuilderAccess> {
  const grants = repositoryGrants(config).map((grant): GcpBuilderAccessArgs["grants"][number] => ({
    ...grant,
    provider: gcpProvider(gcpPlaceOf(config, grant.repository.project)),
    made: registry.repositories.get(grant.key),
  }));
  const members = builderMembers(config);
  const args = {
    ...{ account, stack, grants, members, after: apis(account.project) },
    makeAccount: account.create === null ? null : (await import("./serviceAccount.ts")).makeServiceAccount,
    addMember: members.size === 0 ? null : (await import("./serviceAccountMember.ts")).addMember,
    grantProject: await projectGranter(config, apis),
  };
  const { GcpBuilderAccess } = await import("./gcpBuilderAccess.ts");
  return new GcpBuilderAccess("builder-access", args, {
    providers: [gcpProvider(gcpPlaceOf(config, account.project))],
  });
}

async function projectGranter(config: Environment["config"], apis: EnabledApis): Promise<GrantProject | null> {
  const project = grantedProject(config);
  if (project === null) return null;
  const { grantProject } = await import("./projectGrant.ts");
  const provider = gcpProvider(gcpPlaceOf(config, project));
  return (member, child) => {
    const dependsOn = [...child.dependsOn, ...apis(project)];
    return grantProject("builder-access-project", { project, role: WRITER, member }, { ...child, provider, dependsOn });
  };
}

/** The password that the present key is. */
async function makeKeys(
  { config }: Environment,
  account: ServiceAccountPlan,
  builders: GcpBuilderAccess,
): Promise<pulumi.Output<string> | null> {
  const { access } = config;
  if (access.kind !== "serviceAccountKey") return null;
  const { ServiceAccountKeys } = await import("./serviceAccountKeys.ts");
  const { present } = new ServiceAccountKeys(
    "builder-key",
    { account, numbers: keyNumbers(config), after: builders.made },
    { providers: [gcpProvider(gcpPlaceOf(config, account.project))] },
  );
  return access.username === "_json_key_base64"
    ? present
    : present.apply((base64) => Buffer.from(base64, "base64").toString("utf8"));
}

async function makeCiIdentity({ config, stack }: Environment, plan: GcpCiPlan, apis: EnabledApis): Promise<void> {
  const providerOf = (project: string) => gcpProvider(gcpPlaceOf(config, project, "cluster"));
  let makeAccount: MakeCiAccount | null = null;
  if (plan.federated !== null) {
    const { ciAccountMaker } = await import("./gcpFederation.ts");
    const { project } = plan.federated.account;
    const after = [...apis(project), ...apis(plan.clusterProject)];
    const { clusterProject } = plan;
    makeAccount = await ciAccountMaker({ clusterProject, ...plan.federated }, stack, providerOf(project), after);
  }
  const { GcpCiIdentity } = await import("./gcpCiIdentity.ts");
  const args = { plan, makeAccount, after: apis(plan.clusterProject) };
  new GcpCiIdentity("ci-identity", args, { providers: [providerOf(plan.clusterProject)] });
}

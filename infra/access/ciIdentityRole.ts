/** The role of CI jobs, where this stack makes it. */
import { Role } from "@pulumi/aws/iam/role.js";
import type * as pulumi from "@pulumi/pulumi";
import type { CiRole } from "./accessDocuments.ts";
import type { MakeCiRole } from "./ciIdentity.ts";
import { roleArgs } from "./roleArgs.ts";

/** What makes the role; all that it needs of the SDK is loaded then. */
export async function ciRoleMaker(role: CiRole, stack: string): Promise<MakeCiRole> {
  const args = roleArgs(role.name, role.options, role.trust, `CI jobs that build with the stack ${stack}`);
  const makeProviders = await oidcProviderMaker(role);
  return (identity, child) =>
    new Role(`${identity}-role`, args, { ...child, dependsOn: makeProviders(`${identity}-oidc`, child) });
}

type MakeOidcProviders = (name: string, opts: pulumi.CustomResourceOptions) => pulumi.Resource[];

/** What makes the OIDC provider that the role trusts; it makes none where that is there. */
async function oidcProviderMaker({ provider: { create }, audience }: CiRole): Promise<MakeOidcProviders> {
  if (create === null) return () => [];
  const { makeOidcProvider } = await import("./oidcProvider.ts");
  return (name, opts) => [makeOidcProvider(name, create, audience, opts)];
}

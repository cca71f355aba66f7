/** Arguments of roles. Loads nothing of the SDK. */
import type { Role } from "@pulumi/aws/iam/role.js";
import { policyText, type TrustDocument } from "../documents/aws/policyDocument.ts";
import type { RoleOptions } from "../sections/access.ts";

/** What a stack file says of a role, as the provider takes it. */
export function roleArgs(
  name: string,
  options: RoleOptions,
  trust: TrustDocument,
  description: string,
): ConstructorParameters<typeof Role>[1] {
  const { path, permissionsBoundary, maxSessionSeconds, tags } = options;
  return {
    ...{ name, path, description },
    assumeRolePolicy: policyText(trust),
    maxSessionDuration: maxSessionSeconds,
    ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
    // The provider knows no empty map: it would find none each time where one was asked for.
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  };
}

/** The service account of Google Cloud that builders push as: pure, as members, accounts and the BuildSetup all go by it. */
import type { StackConfig } from "../config.ts";
import { projectOfServiceAccount, serviceAccountEmail } from "../documents/gcp/names.ts";
import { isGar } from "../registries/registryPlace.ts";
import type { AccessConfig } from "../sections/access.ts";
import type { GcpAccessConfig } from "../sections/gcpAccess.ts";

/** Whether builders are a service account of Google Cloud. */
export function isGcpAccess(access: AccessConfig): access is GcpAccessConfig {
  return access.kind === "workloadIdentity" || access.kind === "serviceAccountKey";
}

/** Project of the builders' service account; null where the stack file does not tell. */
export function serviceAccountProject(access: GcpAccessConfig, registry: StackConfig["registry"]): string | null {
  const { serviceAccount, project } = access;
  const told = typeof serviceAccount === "string" ? null : projectOfServiceAccount(serviceAccount.existing);
  if (told !== null || project !== undefined) return told ?? project ?? null;
  return isGar(registry) && typeof serviceAccount === "string" ? registry.project : null;
}

/** Address of the builders' service account. Rules have seen to it that the stack file tells; @throws Error else */
export function builderServiceAccount({ access, registry }: Pick<StackConfig, "access" | "registry">): string {
  if (!isGcpAccess(access)) throw new Error(`access of kind ${access.kind} has no service account of Google Cloud`);
  if (typeof access.serviceAccount !== "string") return access.serviceAccount.existing;
  const project = serviceAccountProject(access, registry);
  if (project === null) throw new Error("the project of the builders' service account is not known");
  return serviceAccountEmail(access.serviceAccount, project);
}

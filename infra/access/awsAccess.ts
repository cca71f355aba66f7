/** Identities in AWS: roles of builders, and who runs builds. */
import type { Environment } from "../environment.ts";

/** Makes the roles of builders and of CI. */
export async function provisionAwsAccess(_environment: Environment): Promise<void> {}

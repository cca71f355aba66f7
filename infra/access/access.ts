/** The choice of the kind of access. */
import type { Environment } from "../environment.ts";

/** Makes the identities of the stack. Each kind is loaded only when it is asked for, with the SDK that it needs. */
export async function provisionAccess(environment: Environment): Promise<void> {
  const { access } = environment.config;
  if (access.kind === "none") return;
  const { provisionAwsAccess } = await import("./awsAccess.ts");
  await provisionAwsAccess(environment);
}

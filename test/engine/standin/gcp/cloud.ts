/**
 * Google Cloud as the stand-in has it. No emulator judges it: each rule comes from Google's REST reference, or from the schema of
 * the provider (the `terraform-provider-google` behind Pulumi's), and names it.
 */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import type { Cloud, Place } from "../resourceType.ts";
import { ARTIFACT_REGISTRY } from "./artifactRegistry.ts";
import { CONTAINER } from "./container.ts";
import { FEDERATION } from "./federation.ts";
import { KEYS } from "./keys.ts";
import { PROJECTS } from "./projects.ts";
import { SERVICE_ACCOUNTS } from "./serviceAccounts.ts";
import { accountEmail, googleError, projectId } from "./values.ts";

/** Settings of the provider that Pergola has; any other is refused, so that none gets in unseen. */
const SETTINGS = ["project", "impersonateServiceAccount", "version"];

/** @param impersonable addresses of the service accounts that who runs Pulumi may act as */
export function gcpStandin(impersonable: readonly string[] = []): Cloud {
  return {
    name: "gcp",
    types: { ...PROJECTS, ...ARTIFACT_REGISTRY, ...SERVICE_ACCOUNTS, ...FEDERATION, ...CONTAINER, ...KEYS },
    checkSettings: (settings) =>
      Object.keys(settings)
        .filter((property) => !SETTINGS.includes(property))
        .map((property) => ({ property, reason: "is a setting that the stand-in does not know" })),
    configure: (settings) => placeOf(settings, impersonable),
  };
}

/** Names in Google Cloud are full ones, so a place is but the project that is meant where nothing is said. */
function placeOf(settings: ValueMap, impersonable: readonly string[]): Place {
  const { project, impersonateServiceAccount: actor } = settings;
  if (!projectId.safeParse(project).success) throw new Error(`${project} is not the id of a project`);
  if (actor !== undefined) {
    if (!accountEmail.safeParse(actor).success) throw new Error(`${actor} is not the address of a service account`);
    // IAM Service Account Credentials REST reference, `projects.serviceAccounts.generateAccessToken`.
    if (!impersonable.includes(String(actor))) {
      throw new Error(googleError(403, `Permission 'iam.serviceAccounts.getAccessToken' denied on resource ${actor}`));
    }
  }
  return { account: String(project), region: "" };
}

/**
 * The APIs of Google Cloud that have to be on in a project before anything of theirs can be made. They stay on when a stack is
 * destroyed: others in the project may use them by then.
 */
import { Service } from "@pulumi/gcp/projects/service.js";
import * as pulumi from "@pulumi/pulumi";
import { type GcpPlace, gcpProvider } from "./gcpProviders.ts";

/** Names of APIs, without `.googleapis.com`. */
export type GcpApi = "artifactregistry" | "cloudresourcemanager" | "iam" | "iamcredentials" | "sts";

export interface GcpApisArgs {
  readonly project: string;
  readonly apis: readonly GcpApi[];
}

/** APIs of one project, enabled. */
export class GcpApis extends pulumi.ComponentResource {
  readonly services: ReadonlyMap<GcpApi, Service>;

  constructor(name: string, { project, apis }: GcpApisArgs, opts: pulumi.ComponentResourceOptions) {
    super("pergola:infra:GcpApis", name, {}, opts);
    const args = (api: GcpApi) => ({ project, service: `${api}.googleapis.com`, disableOnDestroy: false });
    this.services = new Map(apis.map((api) => [api, new Service(`${name}-${api}`, args(api), { parent: this })]));
    this.registerOutputs({});
  }
}

/** Project -> what is enabled there by now. */
const enabled = new Map<string, Map<GcpApi, Service>>();

/**
 * Enables APIs in a project, each once in a run of the program, whoever asks first. What is made with them depends on the result.
 * @param part whose APIs: part of the names of resources, so that it asks for all that it needs in a project at once
 */
export function enableApis(part: string, place: GcpPlace, apis: readonly GcpApi[]): pulumi.Resource[] {
  const there = enabled.get(place.project) ?? new Map<GcpApi, Service>();
  enabled.set(place.project, there);
  const missing = apis.filter((api) => !there.has(api));
  if (missing.length > 0) {
    const args = { project: place.project, apis: missing };
    const made = new GcpApis(`${part}-apis-${place.project}`, args, { providers: [gcpProvider(place)] });
    for (const [api, service] of made.services) there.set(api, service);
  }
  return apis.flatMap((api) => there.get(api) ?? []);
}

/** What a stack file counts on in Google Cloud: projects, the cluster, service accounts that it names as there, keys of Cloud KMS. */
import type { ValueMap } from "../../../../local/pulumi/wire.ts";
import { putThere } from "../given.ts";
import type { Stored } from "../resourceType.ts";
import type { State } from "../state.ts";
import { gcpStandin } from "./cloud.ts";
import { CRYPTO_KEY, registryAgent } from "./keys.ts";
import { ACCOUNT, CLUSTER, PROJECT } from "./members.ts";

/** What a stack file says below `config`; of the clusters it says what else their nodes depend on. */
type Config = Readonly<Record<string, unknown>>;

/** Puts it there. @param more projects that the stack file does not name */
export function putSurroundings(state: State, config: Config, more: readonly string[] = []): void {
  const put = (type: string, inputs: ValueMap, account: string) =>
    putThere(gcpStandin(), state, { account, region: "" }, type, inputs);
  const { gke, builderNodes = [] } = config["pergola:cluster"] as { gke?: ValueMap; builderNodes?: { kind: string }[] };
  const [registry, access] = [config["pergola:registry"], config["pergola:access"]] as [ValueMap, ValueMap];
  const named = [registry.project, access.project, access.clusterProject, gke?.project].filter(
    (one) => one !== undefined,
  );
  for (const projectId of new Set([...named.map(String), ...more])) put(PROJECT, { projectId }, projectId);
  if (gke !== undefined) {
    const { workloadIdentity = true, ...named } = gke;
    const pool = workloadIdentity ? { workloadPool: `${gke.project}.svc.id.goog` } : {};
    const autopilot = builderNodes.some(({ kind }) => kind === "autopilot");
    const inputs = { ...named, ...pool, releaseChannel: "REGULAR", ...(autopilot ? { autopilot } : {}) };
    put(CLUSTER, inputs, String(gke.project));
  }
  const text = JSON.stringify(config);
  for (const [, id, project] of text.matchAll(/"existing":"([^"@]+)@([^".]+)\.iam/g)) {
    put(ACCOUNT, { accountId: id as string }, project as string);
  }
  for (const [, name] of new Set(text.matchAll(/"kmsKey":"([^"]+)"/g)))
    putKey(state, name as string, String(registry.project));
}

/** Puts a key there, which Artifact Registry may use in a project. */
export function putKey(state: State, name: string, project: string): void {
  putThere(gcpStandin(), state, { account: project, region: "" }, CRYPTO_KEY, {
    name,
    users: [registryAgent(project)],
  });
}

/** Whether something is of a kind that no stack makes. */
export function isSurroundings({ type }: Pick<Stored, "type">): boolean {
  return [PROJECT, CLUSTER, CRYPTO_KEY].includes(type);
}

/** An environment of its own in the cluster, whose stack file admits namespaces by pattern: what `up` would make of it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeBuildSetup } from "../../infra/buildSetup.ts";
import { ciRole, ciRoleBinding } from "../../infra/documents/ciRole.ts";
import { dockerConfigOf, dockerConfigText } from "../../infra/documents/dockerConfig.ts";
import { type BuildSetup, buildSetup } from "../../infra/setup.ts";
import { type Change, configAfter } from "../unit/infra/config.ts";
import { context, kubeconfig, kubectl, setupOf } from "./environment.ts";

/** Where the environment keeps its BuildSetup and its pull secret. */
export const HOME = "test-fresh-home";
export const PATTERN = "test-fresh-team-*";
export const SECRET = "test-fresh-pull";
/** Group of the embedded environment, which may read the cluster's uid already. */
const GROUP = "pergola:ci:local";

/** The BuildSetup of the stack file `local` with another place, a pattern and a login. */
export async function freshSetup(change: Change = () => {}): Promise<BuildSetup> {
  const live = buildSetup.parse(await setupOf("cluster-buildkit"));
  const config = configAfter((it) => {
    it["pergola:registry"].host = live.registry.host;
    it["pergola:access"].namespacePatterns = [PATTERN];
    it["pergola:builder"].modes["cluster-buildkit"].namespaces = [HOME];
    it["pergola:builder"].modes.kaniko.namespaces = ["test-fresh-kaniko"];
    const login = { host: "login.example", username: "reader", passwordSecret: "password" };
    it["pergola:cluster"].pullSecret = { name: SECRET, logins: [login] };
    it["pergola:cluster"].ci = { group: GROUP };
    it["pergola:secrets"] = { password: "not in the setup" };
    change(it);
  });
  // As of the stack that is there, whose PriorityClass builders have.
  const setup = makeBuildSetup(config, { stack: live.environment, clusterUid: live.cluster.uid });
  return { ...setup, environment: "test-fresh", registry: live.registry };
}

/** A BuildSetup as a file for --setup. */
export async function setupFile(setup: BuildSetup): Promise<string> {
  return join(await context({ "setup.json": JSON.stringify(setup) }), "setup.json");
}

export const apply = (object: object): Promise<string> => kubectl(["apply", "--filename", "-"], object);

/** Makes a namespace as somebody else would. */
export async function makeNamespace(name: string, labels: Record<string, string> = {}): Promise<void> {
  await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
}

/** Writes the pull secret that `up` would write; base64 of its content. */
export async function writePullSecret(password: string): Promise<string> {
  const config = dockerConfigText(dockerConfigOf({ host: "login.example", username: "reader", password }));
  const data = Buffer.from(config).toString("base64");
  await apply({
    ...{ apiVersion: "v1", kind: "Secret", metadata: { name: SECRET, namespace: HOME } },
    ...{ type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": data } },
  });
  return data;
}

/** Makes what the environment's own namespace has. The ConfigMap lacks its label, so that nobody else finds this environment. */
export async function makeHome(setup: BuildSetup): Promise<void> {
  await makeNamespace(HOME);
  const data = { "setup.json": JSON.stringify({ ...setup, cluster: { ...setup.cluster, context: null } }) };
  const record = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "pergola-setup" }, data };
  for (const object of [ciRole([SECRET], false), ciRoleBinding(GROUP), record]) {
    await apply({ ...object, metadata: { ...object.metadata, namespace: HOME } });
  }
}

/** KUBECONFIG of somebody with nothing but what these groups (by default that for CI) and the user's own bindings give. */
export async function somebody(user: string, groups: readonly string[] = [GROUP]): Promise<{ KUBECONFIG: string }> {
  const config = JSON.parse(await readFile(kubeconfig, "utf8"));
  for (const entry of config.users) Object.assign(entry.user, { as: user, "as-groups": groups });
  const file = join(await context({}), "kubeconfig");
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return { KUBECONFIG: file };
}

/** Kubernetes' role `admin` in a namespace for a user. */
export async function makeAdmin(user: string, namespace: string): Promise<void> {
  const group = "rbac.authorization.k8s.io";
  await apply({
    ...{ apiVersion: `${group}/v1`, kind: "RoleBinding", metadata: { name: "test-admin", namespace } },
    roleRef: { apiGroup: group, kind: "ClusterRole", name: "admin" },
    subjects: [{ apiGroup: group, kind: "User", name: user }],
  });
}

export interface LiveObject {
  readonly kind: string;
  readonly metadata: {
    name: string;
    resourceVersion: string;
    generation?: number;
    annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  readonly [key: string]: any;
}

/** What a fresh namespace holds of ours, by `kind/name`. */
export async function objectsIn(namespace: string): Promise<Map<string, LiveObject>> {
  const kinds = "serviceaccounts,secrets,roles,rolebindings,networkpolicies,configmaps,deployments";
  const { items } = JSON.parse(await kubectl(["get", kinds, "--namespace", namespace, "--output", "json"])) as {
    items: LiveObject[];
  };
  const others = ["ServiceAccount/default", "ConfigMap/kube-root-ca.crt", "RoleBinding/test-admin"];
  return new Map(
    items.map((item) => [`${item.kind}/${item.metadata.name}`, item] as const).filter(([key]) => !others.includes(key)),
  );
}

/** What changes with every write: of a Deployment its generation, as its status goes on by itself. */
export function versions(objects: ReadonlyMap<string, LiveObject>): Record<string, string> {
  return Object.fromEntries(
    [...objects].map(([key, { kind, metadata }]) => [
      key,
      kind === "Deployment" ? `generation ${metadata.generation}` : metadata.resourceVersion,
    ]),
  );
}

/** `pergola status`: what of the environment is there, and what it is doing. */
import type { BuildSetup } from "../../infra/setup.ts";
import { BUILDER_SERVICE_ACCOUNT, BUILDKIT_NAME } from "../../infra/setupNames.ts";
import { clusterModes } from "../clusterModes.ts";
import { BUILD_LABEL, IMAGE_LABEL, MANAGED_BY } from "../plan/labels.ts";
import { admitsNamespace } from "../plan/namespacePatterns.ts";
import { table } from "../report/table.ts";
import type { Kube } from "../run/index.ts";
import { connect } from "./connect.ts";
import { type GlobalOptions, note, printResult } from "./output.ts";

/** One namespace of one mode. */
export interface NamespaceStatus {
  readonly mode: string;
  readonly namespace: string;
  /** only a pattern admits it: the first build makes what builds need */
  readonly fresh: boolean;
  /** the builders' service account is there */
  readonly serviceAccount: boolean;
  /** BuildKit's daemon: made by the first build. null for kaniko, which has a pod for each build */
  readonly daemon: "not made yet" | "starting" | "ready" | null;
  /** pods of builds of their own, running or left over */
  readonly builds: readonly { readonly pod: string; readonly image: string; readonly phase: string }[];
}

export interface StatusResult {
  readonly version: 1;
  readonly environment: string;
  readonly source: string;
  readonly cluster: { readonly context: string; readonly server: string; readonly uid: string };
  readonly namespaces: readonly NamespaceStatus[];
  /** namespaces made later that may build, too; --namespace shows one of them */
  readonly namespacePatterns: readonly { readonly mode: string; readonly pattern: string }[];
}

/** Runs the command; resolves to the exit code. */
export async function runStatus(options: GlobalOptions): Promise<number> {
  const { setup, source, kube: reach, verified } = await connect(options, { checkCluster: true });
  await verified;
  const kube = await reach();
  try {
    const result: StatusResult = {
      version: 1,
      environment: setup.environment,
      source,
      cluster: { context: kube.context, server: kube.server, uid: await kube.clusterUid() },
      namespaces: await Promise.all(placesOf(setup, options.namespace).map((place) => statusOf(kube, place))),
      namespacePatterns: clusterModes(setup).flatMap(([mode, { namespacePatterns }]) =>
        namespacePatterns.map((pattern) => ({ mode, pattern })),
      ),
    };
    if (options.output === "text")
      note(`${setup.environment}, context ${kube.context} (${kube.server}), from ${source}.`);
    printResult(options, result, () => statusText(result));
    return 0;
  } finally {
    kube.close();
  }
}

interface Place {
  readonly mode: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly fresh: boolean;
}

function placesOf(setup: BuildSetup, only: string | null): Place[] {
  return clusterModes(setup).flatMap(([name, mode]) => {
    const listed = mode.namespaces.filter((namespace) => only === null || namespace.name === only);
    const places = listed.map((namespace) => ({
      mode: name,
      namespace: namespace.name,
      serviceAccount: namespace.serviceAccount,
      fresh: false,
    }));
    if (only === null || !admitsNamespace(setup, mode, only)) return places;
    return [...places, { mode: name, namespace: only, serviceAccount: BUILDER_SERVICE_ACCOUNT, fresh: true }];
  });
}

async function statusOf(kube: Kube, { mode, namespace, serviceAccount, fresh }: Place): Promise<NamespaceStatus> {
  const [account, daemon, pods] = await Promise.all([
    kube.get("ServiceAccount", namespace, serviceAccount),
    mode === "cluster-buildkit" ? kube.get("Deployment", namespace, BUILDKIT_NAME) : null,
    kube.list("Pod", { namespace, labelSelector: `${MANAGED_BY},${BUILD_LABEL}` }),
  ]);
  const available = daemon?.status?.conditions?.some(({ type, status }) => type === "Available" && status === "True");
  return {
    mode,
    namespace,
    fresh,
    serviceAccount: account !== null,
    daemon: mode !== "cluster-buildkit" ? null : daemon === null ? "not made yet" : available ? "ready" : "starting",
    builds: pods.map((pod) => ({
      pod: pod.metadata.name,
      image: pod.metadata.labels?.[IMAGE_LABEL] ?? "",
      phase: pod.status?.phase ?? "Unknown",
    })),
  };
}

/** Lines for people. */
export function statusText(result: StatusResult): string {
  const rows = result.namespaces.map((one) => [
    one.mode,
    one.namespace,
    one.serviceAccount ? "there" : one.fresh ? "made by the first build" : "MISSING: run pulumi up",
    one.daemon ?? "-",
    one.builds.map((build) => `${build.image} (${build.phase})`).join(", ") || "-",
  ]);
  const patterns = result.namespacePatterns.map(({ mode, pattern }) => `${pattern} (${mode})`).join(", ");
  return [
    table(["MODE", "NAMESPACE", "SERVICE ACCOUNT", "DAEMON", "BUILDS"], rows),
    ...(patterns === "" ? [] : [`Others that match may build, too: ${patterns}`]),
  ].join("\n");
}

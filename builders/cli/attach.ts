/** `pergola setup attach`: a service account whose pods pull by a Secret, or do so no more. */
import { BUILDER_SERVICE_ACCOUNT } from "../../infra/setupNames.ts";
import { PergolaError } from "../errors.ts";
import { type Attached, attachPullSecret } from "../run/attach.ts";
import { Kube } from "../run/index.ts";
import { connect } from "./connect.ts";
import { type GlobalOptions, note, printResult } from "./output.ts";

export interface AttachCommandOptions extends GlobalOptions {
  readonly account: string;
  readonly secret: string;
  readonly detach: boolean;
}

export interface AttachResult extends Attached {
  readonly version: 1;
  readonly namespace: string;
  readonly account: string;
  readonly secret: string;
  readonly attached: boolean;
}

/** Runs the command; resolves to the exit code. */
export async function runAttach(options: AttachCommandOptions): Promise<number> {
  const { account, secret, detach } = options;
  if (account === BUILDER_SERVICE_ACCOUNT) throw builderAccount();
  const kube = await cluster(options);
  try {
    const namespace = options.namespace ?? kube.namespace;
    const wanted = detach ? "detached" : "attached";
    const done = await attachPullSecret(kube, { namespace, account, secret, wanted });
    const result: AttachResult = { version: 1, namespace, account, secret, attached: !detach, ...done };
    if (options.output === "text") note(`Namespace ${namespace}, context ${kube.context} (${kube.server}).`);
    printResult(options, result, () => attachText(result));
    return 0;
  } finally {
    kube.close();
  }
}

/** The cluster of the environment that is named; where none is, no BuildSetup is needed: accounts of workloads are not in it. */
async function cluster(options: AttachCommandOptions): Promise<Kube> {
  if (options.setup === null && options.stack === null) return new Kube({ context: options.context });
  const { kube, verified } = await connect(options, { checkCluster: true });
  await verified;
  return kube();
}

/** One line for people, and what else the account pulls by. */
export function attachText({ account, secret, attached, changed, imagePullSecrets }: AttachResult): string {
  const others = imagePullSecrets.filter((name) => name !== secret);
  const beside = others.length === 0 ? "" : ` It also pulls by ${others.join(", ")}.`;
  if (attached) {
    const line = changed
      ? `Pods of service account ${account} made from now on pull by Secret ${secret}.`
      : `Service account ${account} already pulls by Secret ${secret}; nothing was changed.`;
    return line + beside;
  }
  const line = changed
    ? `Pods of service account ${account} made from now on do not pull by Secret ${secret}.`
    : `Service account ${account} does not pull by Secret ${secret}; nothing was changed.`;
  return line + beside;
}

function builderAccount(): PergolaError {
  return new PergolaError({
    code: "usage",
    message: `The account ${BUILDER_SERVICE_ACCOUNT} is that of builders, which Garden writes anew as a whole: an entry would not last.`,
    hint: "Builders pull by the logins of pergola:cluster.pullSecret in the stack file: add one there and run pulumi up.",
  });
}

/** What can go wrong between the runner and an API server, as errors that name the server, the verb and the object. */
import { type ErrorData, PergolaError } from "../../errors.ts";

/** A request, as errors speak of it. */
export interface Subject {
  /** verb of Kubernetes' authorization: get, list, watch, create, patch, delete */
  readonly verb: string;
  /** plural resource name with its subresource: pods, pods/exec */
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** `kind: Status` of the API. */
export interface Status {
  kind?: string;
  status?: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: { causes?: { reason?: string; message?: string; field?: string }[] };
}

/** The API server answered with an error; `status` is its HTTP status, `reason` its own word (NotFound, Conflict, Expired). */
export class KubeStatusError extends PergolaError {
  readonly status: number;
  readonly reason: string;
  constructor(data: ErrorData, status: number, reason: string) {
    super(data);
    this.name = "KubeStatusError";
    this.status = status;
    this.reason = reason;
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof KubeStatusError && error.status === 404;
export const isConflict = (error: unknown): boolean => error instanceof KubeStatusError && error.status === 409;
/** The resource version of a watch is older than what the server keeps. */
export const isExpired = (error: unknown): boolean => error instanceof KubeStatusError && error.status === 410;

/** "pods/exec build-1 in namespace shop-dev" */
export function describeSubject({ resource, namespace, name }: Subject): string {
  return `${resource}${name ? ` ${name}` : ""}${namespace ? ` in namespace ${namespace}` : ""}`;
}

/**
 * A WebSocket begins as a GET, so API servers ask for that verb; from 1.35 on they ask for create as well
 * (https://github.com/kubernetes/kubernetes/pull/134577).
 */
const EXEC_VERBS = "The role must have the verbs create and get of pods/exec. ";

/** The error for an answer that is not a success. `body` is what the server sent, a Status or anything else. */
export function statusError(status: number, body: string, subject: Subject, context: string): KubeStatusError {
  let parsed: Status = {};
  try {
    parsed = JSON.parse(body) as Status;
  } catch {
    // a proxy's HTML page, or nothing
  }
  const said = parsed.message?.trim() || body.trim().slice(0, 300) || `HTTP ${status}`;
  const what = describeSubject(subject);
  const reason = parsed.reason ?? "";
  const make = (data: ErrorData) => new KubeStatusError(data, status, reason);
  if (status === 401) {
    return make({
      code: "forbidden",
      message: `The API server of context ${context} does not accept these credentials (${subject.verb} ${what}): ${said}`,
      hint: "Log in to the cluster again, or choose another context with --context.",
    });
  }
  // 403 is also what admission answers with (quota, Pod Security): then access is not the problem.
  if (status === 403 && /exceeded quota|violates PodSecurity|admission webhook|is forbidden: (?!User )/.test(said)) {
    return make({ code: "builder-not-ready", message: `The cluster refuses to ${subject.verb} ${what}: ${said}` });
  }
  if (status === 403) {
    return make({
      code: "forbidden",
      message: `Not allowed to ${subject.verb} ${what}: ${said}`,
      hint: `${subject.resource === "pods/exec" ? EXEC_VERBS : ""}Check with: kubectl auth can-i ${subject.verb} ${subject.resource}${subject.namespace ? ` --namespace ${subject.namespace}` : ""}`,
    });
  }
  const missing = status === 404 ? /namespaces "([^"]+)" not found/.exec(said)?.[1] : undefined;
  if (missing) {
    return make({
      code: "namespace-not-provisioned",
      message: `The cluster of context ${context} has no namespace ${missing}.`,
      hint: "Run pulumi up for the stack, or choose another context with --context.",
    });
  }
  if (status === 404) return make({ code: "builder-not-ready", message: `There is no ${what}: ${said}` });
  if (status === 409) return make({ code: "builder-not-ready", message: `Cannot ${subject.verb} ${what}: ${said}` });
  if (status === 429 || status >= 500) {
    return make({
      code: "cluster-unreachable",
      message: `The API server of context ${context} failed to ${subject.verb} ${what} (HTTP ${status}): ${said}`,
    });
  }
  return make({
    code: "builder-not-ready",
    message: `The API server refused to ${subject.verb} ${what} (HTTP ${status}): ${said}`,
  });
}

/** The API server, or a proxy before it, takes no WebSocket; whether another way is open is not known. */
export class UpgradeRefused extends PergolaError {
  /** what it answered, as a phrase */
  readonly answer: string;
  constructor(answer: string, server: string, context: string) {
    super({
      code: "cluster-unreachable",
      message: `The API server ${server} (context ${context}) takes no WebSocket: it answered ${answer}.`,
      hint: "Have the proxy before it pass on WebSockets, or put kubectl on the PATH, which can go by SPDY.",
    });
    this.name = "UpgradeRefused";
    this.answer = answer;
  }
}

/**
 * Whether an answer to a request for a WebSocket refuses the WebSocket itself, as proxies do, and not what was asked for.
 * @param body what came with it: the API server's own answers are a Status
 */
export function refusesUpgrade(status: number, body: string): boolean {
  // 503 and 504 are of an API server that is away for a while, as load balancers tell it: what takes no WebSocket says others.
  if ([401, 403, 404, 429, 503, 504].includes(status)) return false;
  let said: Status = {};
  try {
    said = JSON.parse(body) as Status;
  } catch {
    // a proxy's page
  }
  // What the API server says when a proxy has passed the request on without its Upgrade header.
  return said?.kind !== "Status" || /upgrade request required/i.test(said.message ?? "");
}

/** Codes of Node for a certificate that does not prove the server: another try would not help. */
const CERTIFICATE = /CERT|UNABLE_TO_VERIFY|SELF_SIGNED|ALTNAME/;

/** The error for a request that got no answer at all. */
export function connectionError(error: Error & { code?: string }, server: string, context: string): PergolaError {
  const why = error.message || error.code || String(error);
  if (CERTIFICATE.test(error.code ?? "")) {
    return new PergolaError(
      {
        code: "kubeconfig",
        message: `The certificate of the API server ${server} (context ${context}) cannot be trusted: ${why}`,
        hint: "The kubeconfig may be of an older cluster at the same address: get a new one.",
      },
      { cause: error },
    );
  }
  return new PergolaError(
    {
      code: "cluster-unreachable",
      message: `The API server ${server} (context ${context}) cannot be reached: ${why}`,
      hint: "Check that the cluster runs and that this machine can reach it (VPN, kubeconfig).",
    },
    { cause: error },
  );
}

/** The error of everything that stops because the caller's signal was aborted. */
export const interrupted = (): PergolaError => new PergolaError({ code: "interrupted", message: "Interrupted." });

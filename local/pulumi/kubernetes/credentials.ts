import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { ClusterEntry, ExecEntry, UserEntry } from "./kubeconfig.ts";

/** How to talk to an API server: TLS material and headers, from a kubeconfig's cluster and user. */
export interface Connection {
  readonly server: URL;
  readonly tls: {
    readonly ca?: Buffer;
    readonly cert?: Buffer;
    readonly key?: Buffer;
    readonly servername?: string;
    readonly rejectUnauthorized: boolean;
  };
  readonly headers: Readonly<Record<string, string>>;
  /** When the credentials end, in milliseconds since the epoch; undefined when they do not say. */
  readonly expires: number | undefined;
}

/**
 * Makes a connection from a kubeconfig's entries. Runs the credential program where the user entry names one.
 * @throws Error for what this client does not do, by name
 */
export async function connect(cluster: ClusterEntry, user: UserEntry): Promise<Connection> {
  if (cluster["proxy-url"] !== undefined)
    throw new Error("the kubeconfig's proxy-url is not supported by Pergola's Kubernetes provider");
  if (user["auth-provider"] !== undefined)
    throw new Error("the kubeconfig's auth-provider was removed from Kubernetes; use exec instead");
  const given = user.exec ? await runCredentialProgram(user.exec) : undefined;
  const ca = material(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  const cert = given?.cert ?? material(user["client-certificate-data"], user["client-certificate"]);
  const key = given?.key ?? material(user["client-key-data"], user["client-key"]);
  const token =
    given?.token ?? user.token ?? (user.tokenFile ? readFileSync(user.tokenFile, "utf8").trim() : undefined);
  const authorization =
    token !== undefined
      ? `Bearer ${token}`
      : user.username !== undefined
        ? `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}`
        : undefined;
  return {
    server: new URL(cluster.server),
    tls: {
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      ...(cluster["tls-server-name"] ? { servername: cluster["tls-server-name"] } : {}),
      rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
    },
    headers: authorization === undefined ? {} : { authorization },
    expires: given?.expires,
  };
}

function material(data: string | undefined, file: string | undefined): Buffer | undefined {
  if (data !== undefined) return Buffer.from(data, "base64");
  return file === undefined ? undefined : readFileSync(file);
}

/** client-go credential plugins: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
async function runCredentialProgram(exec: ExecEntry) {
  const environment = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  const info = { apiVersion: exec.apiVersion, kind: "ExecCredential", spec: { interactive: false } };
  let output: string;
  try {
    ({ stdout: output } = await promisify(execFile)(exec.command, [...(exec.args ?? [])], {
      env: { ...process.env, ...environment, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    }));
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`the kubeconfig's credential program ${exec.command} failed: ${(stderr || message).trim()}`);
  }
  const { status = {} } = JSON.parse(output) as { status?: Record<string, string> };
  return {
    token: status.token,
    cert: status.clientCertificateData ? Buffer.from(status.clientCertificateData) : undefined,
    key: status.clientKeyData ? Buffer.from(status.clientKeyData) : undefined,
    expires: status.expirationTimestamp ? Date.parse(status.expirationTimestamp) : undefined,
  };
}

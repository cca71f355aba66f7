/**
 * Turns the credentials of a kubeconfig context into what a TLS connection and a request need. Credential plugins
 * (`exec`, as EKS and GKE use them) are run here; `auth-provider` and `proxy-url` are left to `@kubernetes/client-node`.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Agent } from "node:http";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { PergolaError } from "../../errors.ts";
import { type ExecEntry, type KubeTarget, kubeconfigFiles, type UserEntry } from "./kubeconfig.ts";

/** How to connect and what to say: spread into `https.request` or a WebSocket's options. */
export interface Credentials {
  readonly tls: SecureContextOptions & {
    rejectUnauthorized?: boolean;
    servername?: string;
    /** what has been made of `ca`, `cert` and `key` */
    secureContext?: SecureContext;
  };
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** an agent that must be used (a proxy); otherwise the caller makes its own */
  readonly agent?: Agent;
}

/** Time that a credential plugin may take; some open a browser. */
const PLUGIN_SECONDS = 120;
/** Bound service account tokens live an hour and are rewritten before; the file is read again after this time. */
const TOKEN_FILE_SECONDS = 60;

/** Credentials of one context, kept until they end. */
export class Authentication {
  readonly #target: KubeTarget;
  readonly #environment: NodeJS.ProcessEnv;
  #kept: { credentials: Promise<Credentials>; until: number } | undefined;
  #expiry = Number.POSITIVE_INFINITY;

  constructor(target: KubeTarget, environment: NodeJS.ProcessEnv) {
    this.#target = target;
    this.#environment = environment;
  }

  /** @throws PergolaError kubeconfig: a file that cannot be read, a plugin that fails */
  credentials(): Promise<Credentials> {
    if (this.#kept && this.#kept.until > Date.now() && this.#expiry > Date.now()) return this.#kept.credentials;
    this.#expiry = Number.POSITIVE_INFINITY;
    const credentials = this.#make().then((made) => {
      const tls = withSecureContext(made.tls, this.#target);
      // Whoever is to act as somebody with fewer rights must never do it with their own.
      return { ...made, tls, headers: { ...made.headers, ...impersonation(this.#target.user) } };
    });
    const until = this.#target.user.tokenFile ? Date.now() + TOKEN_FILE_SECONDS * 1000 : Number.POSITIVE_INFINITY;
    this.#kept = { credentials, until };
    credentials.catch(() => this.forget());
    return credentials;
  }

  /** Drops what is kept: the server refused it. */
  forget(): void {
    this.#kept = undefined;
  }

  async #make(): Promise<Credentials> {
    const { cluster, user, context } = this.#target;
    if (cluster["proxy-url"] || user["auth-provider"]) return this.#byLibrary();
    const tls: { -readonly [K in keyof Credentials["tls"]]: Credentials["tls"][K] } = {};
    const headers: Record<string, string> = {};
    const ca = dataOrFile(cluster["certificate-authority-data"], cluster["certificate-authority"], context);
    if (ca) tls.ca = ca;
    if (cluster["insecure-skip-tls-verify"]) tls.rejectUnauthorized = false;
    if (cluster["tls-server-name"]) tls.servername = cluster["tls-server-name"];
    const certificate = dataOrFile(user["client-certificate-data"], user["client-certificate"], context);
    const key = dataOrFile(user["client-key-data"], user["client-key"], context);
    if (certificate) tls.cert = certificate;
    if (key) tls.key = key;
    const token =
      user.token || (user.tokenFile ? dataOrFile(undefined, user.tokenFile, context)?.toString().trim() : "");
    if (token) headers.Authorization = `Bearer ${token}`;
    else if (user.username) {
      headers.Authorization = `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}`;
    }
    if (user.exec && !token) {
      const status = await runPlugin(user.exec, this.#target, this.#environment);
      if (status.token) headers.Authorization = `Bearer ${status.token}`;
      if (status.clientCertificateData) tls.cert = status.clientCertificateData;
      if (status.clientKeyData) tls.key = status.clientKeyData;
      if (status.expirationTimestamp) this.#expiry = Date.parse(status.expirationTimestamp) - 10_000;
    }
    return { tls, headers };
  }

  async #byLibrary(): Promise<Credentials> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    const files = kubeconfigFiles(this.#environment);
    for (const [index, file] of files.entries()) {
      const one = new KubeConfig();
      one.loadFromFile(file);
      if (index === 0) config.loadFromOptions(one);
      else config.mergeConfig(one, true);
    }
    config.setCurrentContext(this.#target.context);
    const options: { headers?: Record<string, string>; agent?: Agent } & Credentials["tls"] = {};
    try {
      await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]);
    } catch (error) {
      throw new PergolaError({
        code: "kubeconfig",
        message: `The credentials of context ${this.#target.context} cannot be had: ${(error as Error).message}`,
      });
    }
    const { headers, agent, ca, cert, key, rejectUnauthorized, servername } = options;
    const tls = { ca, cert, key, rejectUnauthorized, servername };
    return { tls, headers: headers ?? {}, ...(agent ? { agent } : {}) };
  }
}

/**
 * Headers that ask the API server to act as somebody else.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
function impersonation(user: UserEntry): Record<string, string | string[]> {
  const groups = user["as-groups"] ?? [];
  return {
    ...(user.as ? { "Impersonate-User": user.as } : {}),
    ...(user["as-uid"] ? { "Impersonate-Uid": user["as-uid"] } : {}),
    ...(groups.length > 0 ? { "Impersonate-Group": groups } : {}),
    ...Object.fromEntries(
      Object.entries(user["as-user-extra"] ?? {}).map(([key, values]) => [
        `Impersonate-Extra-${encodeURIComponent(key)}`,
        values,
      ]),
    ),
  };
}

/**
 * Reads certificates and key once for all connections. Says of a broken certificate or key whose it is: a connection would
 * fail with OpenSSL's words alone.
 */
function withSecureContext(tls: Credentials["tls"], { context, user }: KubeTarget): Credentials["tls"] {
  const { ca, cert, key, ...more } = tls;
  if (!cert && !key) return tls;
  try {
    return { ...more, secureContext: createSecureContext({ ca, cert, key }) };
  } catch (cause) {
    const files = [user["client-certificate"], user["client-key"]].filter(Boolean).join(", ");
    throw new PergolaError(
      {
        code: "kubeconfig",
        message: `The client certificate or key of context ${context}${files ? ` (${files})` : ""} cannot be used: ${(cause as Error).message}`,
        hint: "Both must be PEM and belong together: get a new kubeconfig.",
      },
      { cause },
    );
  }
}

function dataOrFile(data: string | undefined, file: string | undefined, context: string): Buffer | undefined {
  if (data) return Buffer.from(data, "base64");
  if (!file) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new PergolaError({
      code: "kubeconfig",
      message: `Context ${context} names the file ${file}, which cannot be read: ${(error as Error).message}`,
    });
  }
}

interface PluginStatus {
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
  expirationTimestamp?: string;
}

/**
 * Runs a credential plugin.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
function runPlugin(exec: ExecEntry, target: KubeTarget, environment: NodeJS.ProcessEnv): Promise<PluginStatus> {
  const { cluster } = target;
  const info = {
    apiVersion: exec.apiVersion ?? "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: {
      interactive: process.stdin.isTTY === true,
      ...(exec.provideClusterInfo && {
        cluster: {
          server: target.server,
          "tls-server-name": cluster["tls-server-name"],
          "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"],
          "certificate-authority-data": dataOrFile(
            cluster["certificate-authority-data"],
            cluster["certificate-authority"],
            target.context,
          )?.toString("base64"),
        },
      }),
    },
  };
  const env: NodeJS.ProcessEnv = { ...environment, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  for (const { name, value } of exec.env ?? []) env[name] = value;
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(
        new PergolaError({
          code: "kubeconfig",
          message: `The credential plugin ${exec.command} of context ${target.context} ${why}`,
          ...(exec.installHint ? { hint: exec.installHint.trim() } : {}),
        }),
      );
    const child = spawn(exec.command, exec.args ?? [], { env, stdio: ["inherit", "pipe", "pipe"] });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`gave no answer within ${PLUGIN_SECONDS} s.`);
    }, PLUGIN_SECONDS * 1000);
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      fail(`cannot be started: ${error.message}`);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code !== 0) return fail(`failed (${code === null ? signal : `exit ${code}`}): ${err.trim().slice(-500)}`);
      try {
        const status = (JSON.parse(out) as { status?: PluginStatus }).status;
        if (!status || !(status.token || status.clientCertificateData)) return fail("answered without a credential.");
        resolve(status);
      } catch {
        fail("did not answer with JSON.");
      }
    });
  });
}

/**
 * Registry credentials for a build. They are looked up where they live (by default in the docker config that the builder's
 * pod mounts: so whoever builds needs none of their own), answered to buildctl through the shim, and kept in memory only.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GOOGLE_HELPER } from "../../../infra/setupNames.ts";
import { CredentialMask, saidByHelper } from "./credentialMask.ts";
import { type CredentialPlace, type HelperRun, NO_PROGRAM } from "./credentialPlaces.ts";
import {
  type CredentialAnswer,
  NOT_FOUND,
  SHIM_NAME,
  SHIM_SECONDS,
  shimProgram,
  shimScript,
} from "./credentialShim.ts";
import { credentialSource, type DockerConfig } from "./dockerConfig.ts";

export interface CredentialServer {
  /** directory for the PATH of buildctl */
  readonly binDirectory: string;
  /** what went wrong when credentials were asked for; null when nothing did */
  readonly failure: string | null;
  /** whether there were credentials for a registry, host[:port]; undefined when it was not asked */
  found(host: string): boolean | undefined;
  /** a text without the secrets that were answered so far */
  mask(text: string): string;
  close(): Promise<void>;
}

/** In seconds. */
export interface CredentialLimits {
  /** helpers may log in to a cloud; beyond this they hang. Shorter than the shim's own limit. */
  readonly helper: number;
  readonly shim: number;
}
const LIMITS: CredentialLimits = { helper: 15, shim: SHIM_SECONDS };

/** Answers one question about a registry. Never rejects. */
export async function answerCredentials(
  host: string,
  place: CredentialPlace,
  seconds: number = LIMITS.helper,
): Promise<CredentialAnswer> {
  const limit = new AbortController();
  let waiting = `${place.config} ${place.where} could not be read`;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CredentialAnswer>((resolve) => {
    timer = setTimeout(() => {
      resolve({ error: `${waiting} within ${seconds} s` });
      limit.abort();
    }, seconds * 1000);
  });
  const asked = look(host, place, limit.signal, (program) => {
    waiting = `${program} ${place.where} did not answer for ${host}`;
  }).catch(
    (error: Error): CredentialAnswer => ({
      error: `asking for the credentials of ${host} ${place.where}: ${saidByHelper(error.message)}`,
    }),
  );
  const answer = await Promise.race([asked, late]);
  clearTimeout(timer);
  return answer;
}

async function look(
  host: string,
  place: CredentialPlace,
  signal: AbortSignal,
  starting: (program: string) => void,
): Promise<CredentialAnswer> {
  const { where } = place;
  const file = `${place.config} ${where}`;
  let text: string | null;
  try {
    text = await place.read(signal);
  } catch (error) {
    return { error: `${file} cannot be read: ${(error as Error).message}` };
  }
  if (text === null) return { notFound: true };
  const config = parseObject<DockerConfig>(text);
  if (config === null) return { error: `${file} is not valid JSON of a docker config` };
  const source = credentialSource(config, host);
  if (source === null) return { notFound: true };
  if ("broken" in source) return { error: `the entry for ${host} in ${file} holds no user name with a password` };
  if (!("helper" in source)) return source;

  const program = `docker-credential-${source.helper}`;
  starting(program);
  const { exitCode, stdout, stderr, message } = await ask(place, program, host, signal);
  const said = stdout.trim();
  // As docker's own clients compare it: https://github.com/docker/docker-credential-helpers, credentials/error.go
  if (exitCode !== 0 && said === NOT_FOUND) return { notFound: true };
  if (exitCode === null && NO_PROGRAM.test(message)) {
    return { error: `there is no program ${program} ${where}, which ${place.config} names for ${host}` };
  }
  if (exitCode !== 0) {
    return { error: `${program} ${where} failed for ${host}: ${saidByHelper(said || stderr) || message}` };
  }
  // What it said from here on may hold a secret, so it is not repeated.
  if (said === "") return { error: `${program} ${where} answered nothing for ${host}` };
  const answer = parseObject<{ Username?: unknown; Secret?: unknown }>(said);
  if (answer === null) return { error: `${program} ${where} did not answer in JSON for ${host}` };
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== "string" || typeof secret !== "string") {
    return { error: `${program} ${where} answered without Username and Secret for ${host}` };
  }
  return username === "" && secret === "" ? { notFound: true } : { username, secret };
}

/** What Google's helper says where no metadata server answers, and what it says of one that does not know the pod. */
const NO_IDENTITY_YET = /could not find default credentials|metadata/i;

/** Milliseconds that a pod may take to become somebody, and between questions whether it has. */
const IDENTITY = { patience: 8000, pause: 500 } as const;

/**
 * Asks a helper. GKE's metadata server does not know a pod in its first seconds (GKE, "Troubleshoot Workload Identity"), and a
 * builder may be that new: its helper is asked again.
 */
async function ask(place: CredentialPlace, program: string, host: string, signal: AbortSignal): Promise<HelperRun> {
  const until = Date.now() + IDENTITY.patience;
  for (;;) {
    const run = await place.run([program, "get"], host, signal);
    const failed = run.exitCode !== 0 && NO_IDENTITY_YET.test(run.stdout);
    const early = place.isPod && program.endsWith(`-${GOOGLE_HELPER}`) && failed;
    if (!early || Date.now() > until || signal.aborted) return run;
    await delay(IDENTITY.pause, undefined, { signal }).catch(() => {});
  }
}

/** An object; null when the text is no JSON, or JSON of anything else. */
function parseObject<T extends object>(text: string): T | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as T) : null;
  } catch {
    return null;
  }
}

/**
 * Writes the docker config and the shim into the private directory of a build and answers the shim's questions.
 */
export async function serveCredentials(
  directory: string,
  place: CredentialPlace,
  limits: CredentialLimits = LIMITS,
): Promise<CredentialServer> {
  const socketPath = path.join(directory, "credentials.sock");
  const binDirectory = path.join(directory, "bin");
  const script = path.join(directory, "credentials.cjs");
  mkdirSync(binDirectory, { mode: 0o700 });
  writeFileSync(script, shimScript(socketPath, limits.shim), { mode: 0o600 });
  const program = path.join(binDirectory, `docker-credential-${SHIM_NAME}`);
  writeFileSync(program, shimProgram(process.execPath, script), { mode: 0o700 });
  // A store and not one helper per host: the config of the place need not be read before the build starts.
  writeFileSync(path.join(directory, "config.json"), JSON.stringify({ credsStore: SHIM_NAME }), { mode: 0o600 });

  const mask = new CredentialMask();
  let failure: string | null = null;
  const asked = new Map<string, boolean>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    let question = "";
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (text: string) => {
      question += text;
    });
    socket.on("end", async () => {
      const host = question.trim();
      const answer = await answerCredentials(host, place, limits.helper);
      asked.set(host, "secret" in answer);
      if ("error" in answer) failure = answer.error;
      if ("secret" in answer) mask.add(answer.username, answer.secret);
      socket.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return {
    binDirectory,
    get failure() {
      return failure;
    },
    found: (host) => asked.get(host),
    mask: (text) => mask.apply(text),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

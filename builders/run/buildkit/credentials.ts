/**
 * Registry credentials for a build, from the docker config that the builder's pod mounts: so whoever builds needs none
 * of their own. They are read over exec, answered to buildctl through the shim, and kept in memory only.
 */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { type CredentialAnswer, NOT_FOUND, SHIM_NAME, shimSource } from "./credentialShim.ts";
import { credentialSource, type DockerConfig } from "./dockerConfig.ts";

/** A short command in the pod that serves the build. */
export type RunInPod = (
  command: readonly string[],
  input: string,
) => Promise<{ exitCode: number | null; message: string; stdout: string; stderr: string }>;

export interface CredentialServer {
  /** directory for the PATH of buildctl */
  readonly binDirectory: string;
  /** what went wrong when credentials were asked for; null when nothing did */
  readonly failure: string | null;
  close(): Promise<void>;
}

/** Helpers may log in to a cloud; beyond this they hang. Shorter than the shim's own limit. */
const HELPER_SECONDS = 15;

/** Answers one question about a registry. Never throws. */
export async function answerCredentials(
  host: string,
  dockerConfig: string,
  pod: string,
  run: RunInPod,
): Promise<CredentialAnswer> {
  const read = await run(["cat", dockerConfig], "");
  if (read.exitCode !== 0) {
    return { error: `${dockerConfig} in pod ${pod} cannot be read: ${(read.stderr || read.message).trim()}` };
  }
  let config: DockerConfig;
  try {
    config = JSON.parse(read.stdout) as DockerConfig;
  } catch {
    return { error: `${dockerConfig} in pod ${pod} is not valid JSON` };
  }
  const source = credentialSource(config, host);
  if (source === null) return { notFound: true };
  if (!("helper" in source)) return source;
  const program = `docker-credential-${source.helper}`;
  const { exitCode, stdout, stderr, message } = await run([program, "get"], host);
  const said = stdout.trim();
  if (exitCode !== 0) {
    if (said.includes(NOT_FOUND)) return { notFound: true };
    if (exitCode === null && /executable file not found/.test(message)) {
      return { error: `the builder's image has no ${program}, which ${dockerConfig} in pod ${pod} names for ${host}` };
    }
    return { error: `${program} in pod ${pod} failed for ${host}: ${said || stderr.trim() || message}` };
  }
  try {
    const { Username: username, Secret: secret } = JSON.parse(said) as { Username?: string; Secret?: string };
    if (username !== undefined && secret !== undefined) return { username, secret };
  } catch {
    // falls through: what it said may hold a secret, so it is not repeated
  }
  return { error: `${program} in pod ${pod} did not answer with credentials for ${host}` };
}

/**
 * Writes the docker config and the shim into the private directory of a build and answers the shim's questions.
 */
export async function serveCredentials(
  directory: string,
  dockerConfig: string,
  pod: string,
  run: RunInPod,
): Promise<CredentialServer> {
  const socketPath = path.join(directory, "credentials.sock");
  const binDirectory = path.join(directory, "bin");
  await mkdir(binDirectory, { mode: 0o700 });
  const program = path.join(binDirectory, `docker-credential-${SHIM_NAME}`);
  await writeFile(program, shimSource(process.execPath, socketPath), { mode: 0o700 });
  // A store and not one helper per host: the pod's config need not be read before the build starts.
  await writeFile(path.join(directory, "config.json"), JSON.stringify({ credsStore: SHIM_NAME }), { mode: 0o600 });

  let failure: string | null = null;
  const answer = async (host: string): Promise<CredentialAnswer> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<CredentialAnswer>((resolve) => {
      timer = setTimeout(
        () => resolve({ error: `no credentials for ${host} from pod ${pod} within ${HELPER_SECONDS} s` }),
        HELPER_SECONDS * 1000,
      );
    });
    const asked = answerCredentials(host, dockerConfig, pod, run).catch(
      (error: Error): CredentialAnswer => ({
        error: `asking pod ${pod} for the credentials of ${host}: ${error.message}`,
      }),
    );
    const result = await Promise.race([asked, late]);
    clearTimeout(timer);
    if ("error" in result) failure = result.error;
    return result;
  };

  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    let question = "";
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (text: string) => {
      question += text;
    });
    socket.on("end", async () => {
      socket.end(JSON.stringify(await answer(question.trim())));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  await chmod(socketPath, 0o600);
  return {
    binDirectory,
    get failure() {
      return failure;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** `--ssh`: the agents whose keys RUN steps may use. Keys stay on this machine; BuildKit's session carries questions and answers. */
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { PergolaError } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `default`, `ID=SOCKET` or `ID=KEY[,KEY]`, as buildctl and docker buildx have it; an id alone is the agent of SSH_AUTH_SOCK.
 * @returns absolute paths by id: one socket, or files with keys
 * @throws PergolaError usage, secret-missing
 */
export function parseSsh(
  texts: readonly string[],
  workingDirectory: string,
  environment: Environment,
): Record<string, readonly string[]> {
  const agents = new Map<string, readonly string[]>();
  for (const text of texts) {
    const [, id = "", given] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    if (!/^[\w.-]+$/.test(id)) throw misread(text, "Write --ssh default, --ssh ID=SOCKET or --ssh ID=KEY[,KEY].");
    if (agents.has(id)) throw misread(text, `The id ${id} is given twice; each RUN --mount=type=ssh names one.`);
    agents.set(id, given ? filesOf(id, text, given, workingDirectory) : [agentOf(id, environment)]);
  }
  return Object.fromEntries(agents);
}

function agentOf(id: string, { SSH_AUTH_SOCK: socket }: Environment): string {
  if (!socket) {
    throw missing(
      `The SSH agent ${id} is to be that of SSH_AUTH_SOCK, which is not set.`,
      `Start one (eval "$(ssh-agent)" && ssh-add), or name a key: --ssh ${id}=FILE`,
    );
  }
  if (!lookAt(id, socket, " of SSH_AUTH_SOCK").isSocket()) {
    throw missing(`The SSH agent ${id}: ${socket} of SSH_AUTH_SOCK is no socket.`, `Name a key: --ssh ${id}=FILE`);
  }
  return socket;
}

function filesOf(id: string, text: string, given: string, workingDirectory: string): string[] {
  const files = given.split(",").map((file) => path.resolve(workingDirectory, file));
  const sockets = files.filter((file) => lookAt(id, file).isSocket());
  if (sockets.length > 0 && files.length > 1) throw misread(text, "Name one socket, or only keys.");
  for (const file of files) {
    if (sockets.includes(file)) continue;
    const wrong = keyProblem(read(id, file));
    if (wrong !== null) throw missing(`The SSH key ${file} for ${id} ${wrong.what}.`, wrong.hint);
  }
  return files;
}

/** What keeps BuildKit from using a key: its client asks for no passphrase. Pure; the text is shown nowhere. */
export function keyProblem(text: string): { readonly what: string; readonly hint: string } | null {
  const [, label = "", body = ""] = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----(.+)-----END/s.exec(text) ?? [];
  if (label === "") return { what: "is no private key", hint: "Name the private key, not the .pub file beside it." };
  const locked =
    label === "ENCRYPTED PRIVATE KEY" ||
    /Proc-Type:.*ENCRYPTED/.test(body) ||
    (label === "OPENSSH PRIVATE KEY" && opensshCipher(body) !== "none");
  if (!locked) return null;
  return { what: "has a passphrase", hint: "Add it to an agent (ssh-add) and use that: --ssh default" };
}

/** https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key: a magic text, then the cipher's name. */
function opensshCipher(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  const start = "openssh-key-v1\0".length + 4;
  if (bytes.length < start) return "";
  return bytes.toString("latin1", start, start + bytes.readUInt32BE(start - 4));
}

function lookAt(id: string, file: string, whose = ""): { isSocket(): boolean } {
  return orMissing(id, `${file}${whose}`, () => statSync(file));
}

function read(id: string, file: string): string {
  return orMissing(id, file, () => readFileSync(file, "latin1"));
}

function orMissing<T>(id: string, what: string, look: () => T): T {
  try {
    return look();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw missing(`SSH for ${id}: ${what} cannot be read (${code}).`, undefined, cause);
  }
}

function missing(message: string, hint?: string, cause?: unknown): PergolaError {
  return new PergolaError({ code: "secret-missing", message, ...(hint === undefined ? {} : { hint }) }, { cause });
}

function misread(text: string, hint: string): PergolaError {
  return new PergolaError({ code: "usage", message: `--ssh ${JSON.stringify(text)} is not understood.`, hint });
}

/**
 * The credential helper that buildctl calls: a small program that passes the question on to the runner over a unix
 * socket. buildctl asks during the whole build, and names no helper in its own errors, so this one words its failures
 * itself, on stdout, the only place that buildctl shows.
 * Protocol: https://github.com/docker/docker-credential-helpers (get: the server on stdin; JSON or a message on stdout).
 */

/** `credsStore` of the private docker config; the program is `docker-credential-<this>`. */
export const SHIM_NAME = "pergola";
/** The message that docker's clients take for "anonymous". */
export const NOT_FOUND = "credentials not found in native keychain";
/** buildctl itself would wait without end. */
export const SHIM_SECONDS = 20;

/** The runner's answer to a question. */
export type CredentialAnswer =
  | { readonly username: string; readonly secret: string }
  | { readonly notFound: true }
  | { readonly error: string };

/**
 * Source of the program: a shell script that starts the Node at `node` on `script`. Not Node as its interpreter: that line
 * takes no path with a space, and what NODE_OPTIONS makes Node print would be part of the answer.
 */
export function shimProgram(node: string, script: string): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return `#!/bin/sh
unset NODE_OPTIONS
if [ ! -x ${quote(node)} ]; then echo pergola: ${quote(`${node} is gone, so nobody can ask for credentials`)}; exit 1; fi
exec ${quote(node)} ${quote(script)} "$@"
`;
}

/** Source of what it starts (CommonJS), asking at the socket `socketPath`. */
export function shimScript(socketPath: string, seconds: number = SHIM_SECONDS): string {
  return `const net = require("node:net");
let said = false;
const say = (text, code) => {
  if (said) return;
  said = true;
  process.stdout.write(text + "\\n", () => process.exit(code));
};
const fail = (text) => say("pergola: " + text, 1);
const ask = (server) => {
  let answer = "";
  const socket = net.connect(${JSON.stringify(socketPath)}, () => socket.end(server + "\\n"));
  socket.setEncoding("utf8").on("data", (text) => { answer += text; });
  socket.on("error", (error) => fail("the runner does not answer about credentials: " + error.message));
  socket.on("end", () => {
    try {
      const { username, secret, notFound, error } = JSON.parse(answer);
      if (notFound) say(${JSON.stringify(NOT_FOUND)}, 1);
      else if (error) fail(error);
      else say(JSON.stringify({ ServerURL: server, Username: username, Secret: secret }), 0);
    } catch {
      fail("the runner gave no answer about the credentials of " + server);
    }
  });
};
if (process.argv[2] !== "get") fail("only reads credentials, it does not " + process.argv[2]);
else {
  setTimeout(() => fail("no answer about credentials within ${seconds} s"), ${seconds * 1000});
  let server = "";
  process.stdin.setEncoding("utf8").on("data", (text) => { server += text; }).on("end", () => ask(server.trim()));
}
`;
}

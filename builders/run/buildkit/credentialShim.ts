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

/** Source of the program: an executable script for the Node at `node`, asking at the socket `socketPath`. */
export function shimSource(node: string, socketPath: string): string {
  return `#!${node}
const net = require("node:net");
const say = (text, code) => process.stdout.write(text + "\\n", () => process.exit(code));
const fail = (text) => say("pergola: " + text, 1);
setTimeout(() => fail("no answer about credentials within ${SHIM_SECONDS} s"), ${SHIM_SECONDS * 1000});
if (process.argv[2] !== "get") fail("only reads credentials, it does not " + process.argv[2]);
let server = "";
process.stdin.setEncoding("utf8").on("data", (text) => { server += text; }).on("end", () => {
  let answer = "";
  const socket = net.connect(${JSON.stringify(socketPath)}, () => socket.end(server.trim() + "\\n"));
  socket.setEncoding("utf8").on("data", (text) => { answer += text; });
  socket.on("error", (error) => fail("the runner does not answer about credentials: " + error.message));
  socket.on("end", () => {
    try {
      const { username, secret, notFound, error } = JSON.parse(answer);
      if (notFound) say(${JSON.stringify(NOT_FOUND)}, 1);
      else if (error) fail(error);
      else say(JSON.stringify({ ServerURL: server.trim(), Username: username, Secret: secret }), 0);
    } catch {
      fail("the runner gave no answer about the credentials of " + server.trim());
    }
  });
});
`;
}

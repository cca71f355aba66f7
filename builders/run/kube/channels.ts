/**
 * Framing of `pods/exec` over a WebSocket, subprotocol `v5.channel.k8s.io`: the first byte of every binary message is
 * the channel; the error channel carries one `Status` with the result; channel 255 half-closes another one (new in v5).
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
 */
import type { Status } from "./errors.ts";

export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 } as const;
export const EXEC_PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

/** The message that carries `data` on `channel`. */
export function frame(channel: number, data: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(data.length + 1);
  message[0] = channel;
  message.set(data, 1);
  return message;
}

/** The message that tells the other side that nothing more comes on `channel`. */
export const closeFrame = (channel: number): Buffer => Buffer.of(CHANNEL.close, channel);

/** How a command in a pod ended. */
export interface ExecResult {
  /** null when the command's own exit code is not known: it could not be started, or the connection was lost */
  readonly exitCode: number | null;
  /** what the API server or the container runtime said, "" after exit code 0 */
  readonly message: string;
  /** the connection did not break but fell silent */
  readonly hung?: boolean;
}

/** Reads the Status of the error channel. */
export function parseExecStatus(text: string): ExecResult {
  let status: Status;
  try {
    status = JSON.parse(text) as Status;
  } catch {
    return { exitCode: null, message: text.trim() };
  }
  if (status.status === "Success") return { exitCode: 0, message: "" };
  const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
  const code = Number(cause?.message);
  return {
    exitCode: cause && Number.isInteger(code) ? code : null,
    message: status.message ?? status.reason ?? text.trim(),
  };
}

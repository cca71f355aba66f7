/**
 * Brings the build context into a waiting pod: one compressed stream, which is unpacked as it comes, and counted and hashed
 * there. Only when length and hash are those of what was sent the marker is written that lets the build begin, so a stream that
 * was cut can never become a build of half a context.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import { PassThrough, Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { PergolaError } from "../../errors.ts";
import { listContext } from "../../images/context.ts";
import type { KanikoPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import type { Kube } from "../kube/kube.ts";
import { inPieces } from "../tar.ts";
import { archive } from "./archive.ts";
import { type LivingCommand, runLiving } from "./livingCommand.ts";

/** The fastest level: the way into a cluster is mostly faster than a better compression. */
const GZIP_LEVEL = 1;

/**
 * sh: directory to unpack into, prefix of files for the way. Two traps of exec over the API (seen with Kubernetes 1.34 and
 * containerd 1.6): when nothing holds a command's stdout any more it ends at once with exit code 0, whatever is still to come,
 * so the shell stays; and while a command leaves input unread its end is never told, so a failure (a full disk) reads on to the
 * end of the stream, as does a tar that has seen the end of the archive.
 */
const RECEIVE =
  'mkfifo "$2.bytes" "$2.hash" || { cat > /dev/null; exit 1; }; ' +
  'wc -c < "$2.bytes" > "$2.size" & size=$!; sha256sum < "$2.hash" > "$2.sum" & sum=$!; ' +
  'tee "$2.bytes" "$2.hash" | { tar -x -z -p -f - -C "$1"; code=$?; cat > /dev/null; exit $code; } && ' +
  'wait $size && wait $sum && cat "$2.size" "$2.sum" && rm "$2".*';

/** sh: marker, word. The pipe may not be there yet. The container waits for the end of this shell, whose number it gets. */
const BEGIN = 'mkfifo "$1" 2> /dev/null; echo "$$ $2" > "$1"';

export interface TransferIo {
  readonly kube: Kube;
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
}

/** Compressed bytes that are kept ready until the pod takes them. */
const READY_BYTES = 32 * 1024 * 1024;

/**
 * Begins to pack the context and the plan's own files, so that they are ready when the pod is. What goes wrong is an error of the
 * stream: PergolaError context-missing, context-unreadable. The caller destroys it.
 */
export function packContext({ transfer, context, files }: KanikoPlan): Readable {
  const packed = new PassThrough({ highWaterMark: READY_BYTES });
  const prefix = path.posix.relative(transfer.directory, path.posix.resolve(transfer.directory, transfer.context));
  const source = async function* () {
    // A staged copy holds what the ignore file lets through.
    const entries = listContext(context.sent, context.sent === context.directory ? context.dockerfile : null);
    yield* inPieces(archive({ directory: context.sent, entries, prefix, files }));
  };
  // The error is the stream's own: whoever reads it hears of it.
  pipeline(Readable.from(source()), createGzip({ level: GZIP_LEVEL }), packed).catch(() => {});
  packed.on("error", () => {});
  return packed;
}

/**
 * Sends the packed context.
 * @param running settles when it is known whether the container runs
 * @returns bytes that went through the connection
 * @throws PergolaError: transfer-failed, context-missing, context-unreadable, interrupted; what `running` does
 */
export async function sendContext(
  plan: KanikoPlan,
  packed: Readable,
  io: TransferIo,
  running: Promise<unknown>,
): Promise<number> {
  const { transfer } = plan;
  const way = path.posix.join(transfer.directory, ".way");

  const hash = createHash("sha256");
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      io.emit({ type: "context", bytes, total: null });
      done(null, chunk);
    },
  });

  const answer = await run(plan, io, {
    running,
    script: RECEIVE,
    args: [transfer.directory, way],
    send: (stdin) => pipeline(packed, count, stdin),
    sent: () => bytes,
  });
  const [size, digest] = answer.trim().split(/\s+/);
  if (size !== String(bytes)) throw failed(plan, `${size || "none"} of ${bytes} bytes arrived`);
  if (digest !== hash.digest("hex")) throw failed(plan, "the bytes that arrived are not the bytes that were sent");
  return bytes;
}

/**
 * Lets the build begin, once the context is there.
 * @param word what the container's last line begins with: letters and digits
 * @throws PergolaError: transfer-failed, interrupted
 */
export async function letBegin(plan: KanikoPlan, word: string, io: TransferIo): Promise<void> {
  await run(plan, io, { script: BEGIN, args: [plan.transfer.marker, word] });
}

type Command = Omit<LivingCommand, "namespace" | "pod" | "container">;

async function run(plan: KanikoPlan, { kube, signal }: TransferIo, command: Command): Promise<string> {
  const target = { namespace: plan.namespace, pod: plan.pod.metadata.name, container: plan.container };
  return await runLiving(kube, { ...target, ...command }, signal).catch((error: Error) => {
    throw error instanceof PergolaError ? error : failed(plan, error.message, error);
  });
}

function failed(plan: KanikoPlan, why: string, cause?: unknown): PergolaError {
  const message = `The build context did not get into pod ${plan.pod.metadata.name}: ${why}`;
  return new PergolaError({ code: "transfer-failed", message }, { cause });
}

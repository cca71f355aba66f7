/**
 * Brings the build context into a waiting pod: one compressed stream into a file, whose length and hash are compared
 * there before it is unpacked. The marker that lets the build begin is made last, so a stream that was cut can never
 * become a build of half a context.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { PergolaError } from "../../errors.ts";
import { listContext } from "../../images/context.ts";
import type { KanikoPlan } from "../../plan/plan.ts";
import type { BuildEvent } from "../../report/events.ts";
import { interrupted } from "../kube/errors.ts";
import type { Kube } from "../kube/kube.ts";
import { archive } from "./archive.ts";

/** The fastest level: the way into a cluster is mostly faster than a better compression. */
const GZIP_LEVEL = 1;

/** sh: file, size, hash, directory, marker. Prints what is wrong. */
const UNPACK = `set -e
got=$(wc -c < "$1")
[ "$got" -eq "$2" ] || { echo "$got of $2 bytes arrived"; exit 9; }
echo "$3  $1" | sha256sum -c -s || { echo "the bytes that arrived are not the bytes that were sent"; exit 9; }
tar -x -z -p -f "$1" -C "$4"
rm "$1"
: > "$5"
`;

export interface TransferIo {
  readonly kube: Kube;
  emit(event: BuildEvent): void;
  readonly signal: AbortSignal;
}

/**
 * Sends the context and the plan's own files.
 * @returns bytes that went through the connection
 * @throws PergolaError: transfer-failed, context-missing, context-unreadable, interrupted
 */
export async function sendContext(plan: KanikoPlan, io: TransferIo): Promise<number> {
  const { kube, signal, emit } = io;
  const { transfer, context, namespace } = plan;
  const pod = plan.pod.metadata.name;
  const target = { namespace, pod, container: transfer.container };
  const file = path.posix.join(transfer.directory, ".context.tar.gz");
  const failed = (why: string, cause?: unknown) =>
    new PergolaError({ code: "transfer-failed", message: `The build context did not get into pod ${pod}: ${why}` }, { cause });

  const prefix = path.posix.relative(transfer.directory, path.posix.resolve(transfer.directory, transfer.context));
  const entries = listContext(context.directory, context.dockerfile);
  const source = archive({ directory: context.directory, entries, prefix, files: plan.files });
  const hash = createHash("sha256");
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      emit({ type: "context", bytes, total: null });
      done(null, chunk);
    },
  });

  const exec = await kube.exec({ ...target, command: ["sh", "-c", 'cat > "$1"', "sh", file] }, signal);
  exec.stdout.resume();
  try {
    await pipeline(Readable.from(source), createGzip({ level: GZIP_LEVEL }), count, exec.stdin);
  } catch (error) {
    exec.close();
    if (signal.aborted) throw interrupted();
    if (error instanceof PergolaError) throw error;
    const { message } = await exec.result;
    throw failed(exec.stderr().trim() || message || (error as Error).message, error);
  }
  const received = await exec.result;
  if (signal.aborted) throw interrupted();
  if (received.exitCode !== 0) throw failed(exec.stderr().trim() || received.message);

  const digest = hash.digest("hex");
  const unpack = ["sh", "-c", UNPACK, "sh", file, String(bytes), digest, transfer.directory, transfer.marker];
  const unpacked = await kube.run({ ...target, command: unpack }, "", signal);
  if (signal.aborted) throw interrupted();
  if (unpacked.exitCode !== 0) {
    throw failed([unpacked.stdout, unpacked.stderr, unpacked.exitCode === null ? unpacked.message : ""].map((text) => text.trim()).filter(Boolean).join(": ") || unpacked.message);
  }
  return bytes;
}

import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bridge, openBridge } from "../../../../../builders/run/buildkit/bridge.ts";
import type { ExecResult } from "../../../../../builders/run/kube/channels.ts";
import type { Exec } from "../../../../../builders/run/kube/exec.ts";

/** A far end that sends back what it gets, until it is lost. */
function echo(): Exec & { lose(message: string): void } {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  stdin.pipe(stdout);
  let end: (result: ExecResult) => void = () => {};
  const result = new Promise<ExecResult>((resolve) => {
    end = resolve;
  });
  return {
    stdin,
    stdout,
    result,
    taken: () => 0,
    stderr: () => "",
    close: () => end({ exitCode: null, message: "closed here" }),
    lose(message) {
      end({ exitCode: null, message });
      stdout.destroy();
    },
  };
}

let directory: string;
let bridge: Bridge | undefined;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "bridge-"));
});
afterEach(async () => {
  await bridge?.close();
  await rm(directory, { recursive: true });
});
const socketPath = () => path.join(directory, "b.sock");
async function dial(): Promise<net.Socket> {
  const socket = net.connect(socketPath());
  await once(socket, "connect");
  return socket;
}

describe("the bridge to buildkitd", () => {
  it("carries bytes both ways and counts them, over a socket that only its owner may use", async () => {
    bridge = await openBridge(socketPath(), async () => echo());
    const socket = await dial();
    socket.write("hello");
    expect(String((await once(socket, "data"))[0])).toBe("hello");
    expect([bridge.sent, bridge.received]).toEqual([5, 5]);
    expect((await stat(socketPath())).mode & 0o777).toBe(0o600);
    socket.destroy();
  });

  it("says why a connection broke and refuses the second dial that buildctl tries", async () => {
    const far = echo();
    bridge = await openBridge(socketPath(), async () => far);
    const socket = await dial();
    socket.on("error", () => {});
    socket.write("x");
    await once(socket, "data");
    far.lose("the connection to the pod was lost: WebSocket code 1006");
    expect(await bridge.broken).toBe("the connection to the pod was lost: WebSocket code 1006");
    await expect(dial()).rejects.toMatchObject({ code: expect.stringMatching(/ECONNREFUSED|ENOENT/) });
  });

  it("hands on why the pod could not be reached at all", async () => {
    const refusal = new Error("pods is forbidden");
    bridge = await openBridge(socketPath(), () => Promise.reject(refusal));
    const socket = net.connect(socketPath());
    socket.on("error", () => {});
    expect(await bridge.broken).toBe(refusal);
  });

  it("reaches for the pod when told, before anybody connects, and drops a connection that nobody used", async () => {
    const far = echo();
    let opened = 0;
    bridge = await openBridge(socketPath(), async () => {
      opened++;
      return far;
    });
    bridge.dial();
    expect(opened).toBe(1);
    await bridge.close();
    expect(await far.result).toEqual({ exitCode: null, message: "closed here" });
  });

  it("takes the end of a build for no breakage", async () => {
    const far = echo();
    bridge = await openBridge(socketPath(), async () => far);
    const socket = await dial();
    socket.end("bye");
    socket.resume();
    await once(socket, "close");
    far.lose("the far side went away after us");
    expect(await Promise.race([bridge.broken, Promise.resolve("nothing")])).toBe("nothing");
  });
});

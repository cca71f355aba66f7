// Whether an image store is there, asked of programs and sockets of the tests' own; and what clients' failures mean.
import { chmodSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkStore, hintOf } from "../../../../../builders/run/load/store.ts";
import { folder, rejectionOf } from "../../samples.ts";

const { signal } = new AbortController();
const containerd = (socket: string) => ({
  target: { into: "containerd" as const, address: socket, namespace: "Y" },
  place: "containerd at X (namespace Y)",
  check: { socket },
});

/** Docker's client, as a script. */
function docker(script: string) {
  const root = folder({ docker: `#!/bin/sh\n${script}\n` });
  chmodSync(path.join(root, "docker"), 0o755);
  return {
    target: { into: "docker" as const },
    place: "Docker",
    check: { argv: [path.join(root, "docker"), "version"] },
  };
}

describe("a store", () => {
  it("is there when its client says so, or its socket takes a connection", async () => {
    await checkStore(docker('[ "$1 $HOST" = "version x" ]'), { HOST: "x" }, signal);
    const socket = path.join(folder({}), "s");
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => void server.close());
    await checkStore(containerd(socket), {}, signal);
  });

  it("is not there when the client fails: its last words are the reason, and nothing was built", async () => {
    const said = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
    expect(await rejectionOf(checkStore(docker(`echo note >&2; echo '${said}' >&2; exit 1`), {}, signal))).toEqual({
      code: "load-failed",
      message: `Images cannot be loaded into Docker: ${said}`,
      hint: "Start the daemon, or name another one (DOCKER_HOST, docker context use), or leave out --load. Nothing was built.",
    });
  });

  it("is not there when its socket is not", async () => {
    const socket = path.join(folder({}), "s");
    expect(await rejectionOf(checkStore(containerd(socket), {}, signal))).toMatchObject({
      code: "load-failed",
      message: `Images cannot be loaded into containerd at X (namespace Y): connect ENOENT ${socket}`,
      hint: expect.stringContaining("--load=containerd,address=SOCKET"),
    });
  });

  it("is not waited for once the caller gives up", async () => {
    const over = new AbortController();
    const checking = checkStore(docker("exec sleep 1000"), process.env, over.signal);
    over.abort(new Error("given up"));
    await expect(checking).rejects.toThrow("given up");
  });
});

it.each([
  // As docker 20.10 and 28, and ctr 1.6, were seen to say it; the last two as Node says it of a socket.
  ["docker", "permission denied while trying to connect to the Docker daemon socket at unix:///x", "group docker"],
  ["docker", "Error processing tar file(exit status 1): write /x: no space left on device", "Make room"],
  [
    "docker",
    "Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?",
    "Start the daemon",
  ],
  ["containerd", 'ctr: failed to ingest "b": write /x: no space left on device', "Make room"],
  ["containerd", 'ctr: failed to dial "/x.sock": context deadline exceeded', "Start containerd"],
  ["containerd", "connect EACCES /x.sock", "root"],
  ["containerd", "connect ECONNREFUSED /x.sock", "Start containerd"],
] as const)("%s: %s", (into, said, hint) => {
  expect(hintOf(new Error(said), into)).toContain(hint);
});

it("what is not known gets no hint", () => {
  expect(hintOf(new Error("unexpected EOF"), "docker")).toBeNull();
});

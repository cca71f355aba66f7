// Clusters behind a proxy: whether one can be reached is known before the first read, because a read that fails ends a preview.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type ProgramRun, readStackFile, runProgram } from "./program.ts";

const NOWHERE = "https://127.0.0.1:1";
let proxy: Server | undefined;

afterEach(() => void proxy?.close());

/** A proxy that answers CONNECT with `status`; its URL, and what it was asked for. */
async function startProxy(status: string, login = "me:pa%20ss"): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  proxy = createServer().on("connect", (request, socket) => {
    asked.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    socket.end(`HTTP/1.1 ${status}\r\n\r\n`);
  });
  await new Promise<void>((listening) => proxy!.listen(0, "127.0.0.1", listening));
  return { url: `http://${login}@127.0.0.1:${(proxy!.address() as AddressInfo).port}`, asked };
}

const preview = (HTTPS_PROXY: string) =>
  runProgram({ config: readStackFile("local"), preview: true, server: NOWHERE, environment: { HTTPS_PROXY } });

function expectUnreachable(run: ProgramRun): void {
  expect(run.exitCode).toBe(0);
  expect(run.reads).toEqual([]);
  expect(run.messages.map(({ text }) => text)).toEqual([
    `the cluster at ${NOWHERE} cannot be reached: this preview leaves out its uid and what exists in it`,
  ]);
}

test("a preview works when neither cluster nor proxy can be reached", async () => {
  expectUnreachable(await preview("http://127.0.0.1:1"));
});

test("a preview works when the proxy does not reach the cluster", async () => {
  expectUnreachable(await preview((await startProxy("502 Bad Gateway")).url));
});

test("a cluster that the proxy reaches is read", async () => {
  const { url, asked } = await startProxy("200 Connection established");
  const run = await preview(url);
  expect(run.messages).toEqual([]);
  expect(run.reads.map(({ id }) => id)).toEqual(["kube-system"]);
  expect(asked).toEqual([`127.0.0.1:1 Basic ${Buffer.from("me:pa ss").toString("base64")}`]);
});

test("a proxy's password may have a % that escapes nothing", async () => {
  const { url, asked } = await startProxy("502 Bad Gateway", "me:50%off");
  expectUnreachable(await preview(url));
  expect(asked).toEqual([`127.0.0.1:1 Basic ${Buffer.from("me:50%off").toString("base64")}`]);
});

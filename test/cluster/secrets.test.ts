// Secrets and SSH agents get to RUN steps, and nowhere else.
import { createHash, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, it } from "vitest";
import { BUILD_NAMESPACE, build, context, kubectl, pergola, pods } from "./environment.ts";
import { endpoint, imageFiles, parts } from "./registry.ts";

const NAMESPACE = BUILD_NAMESPACE["cluster-buildkit"];

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** An SSH agent with one identity: https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent */
async function agent(socket: string, comment: string): Promise<void> {
  const text = (value: string): Buffer => {
    const bytes = Buffer.alloc(4 + value.length);
    bytes.writeUInt32BE(value.length);
    bytes.write(value, 4);
    return bytes;
  };
  const key = Buffer.concat([text("ssh-ed25519"), text("k".repeat(32))]).toString("latin1");
  const answer = Buffer.concat([Buffer.of(12, 0, 0, 0, 1), text(key), text(comment)]).toString("latin1");
  const server = createServer((socket) => socket.on("data", () => socket.write(text(answer), "latin1")));
  servers.push(server);
  await once(server.listen(socket), "listening");
}

/** Asks each agent for its identities, and keeps the answers. */
const ASK = `
import { appendFileSync } from "node:fs";
import { connect } from "node:net";
for (const name of process.argv.slice(2)) {
  const socket = connect("/run/" + name);
  socket.write(Buffer.of(0, 0, 0, 1, 11));
  let answer = Buffer.alloc(0);
  for await (const piece of socket) {
    answer = Buffer.concat([answer, piece]);
    if (answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE()) break;
  }
  appendFileSync("/answers", name + " " + answer[8] + " " + answer.toString("latin1").includes("of the agent") + "\\n");
}
`;

/** Text of every blob that a tag leads to, unpacked. */
async function blobsOf(reference: string): Promise<string> {
  const { host, repository, tag } = parts(reference);
  const base = `http://${endpoint(host)}/v2/${repository}`;
  const accept = ["manifest", "index"].map((type) => `application/vnd.oci.image.${type}.v1+json`).join(", ");
  const manifest = await (await fetch(`${base}/manifests/${tag}`, { headers: { accept } })).text();
  let found = manifest;
  for (const [, digest] of manifest.matchAll(/"digest":\s*"(sha256:[0-9a-f]+)"/g)) {
    const blob = Buffer.from(await (await fetch(`${base}/blobs/${digest}`)).arrayBuffer());
    found += (blob[0] === 0x1f ? gunzipSync(blob) : blob).toString("latin1");
  }
  return found;
}

it("secrets and agents are there for steps, and in no argument, environment, plan, log, image or cache", async () => {
  const canary = `canary-${Math.random()}`;
  const [inFile, inEnv] = [`${canary}-file`, `${canary}-env`];
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const dockerfile = `FROM node:24-bookworm-slim
COPY ask.mjs /
ARG NONCE
RUN --mount=type=secret,id=file --mount=type=secret,id=env cat /run/secrets/file /run/secrets/env | sha256sum > /secrets
RUN --mount=type=ssh,target=/run/default --mount=type=ssh,id=key,target=/run/key node /ask.mjs default key
`;
  const folder = await context({ Dockerfile: dockerfile, "ask.mjs": ASK });
  const beside = await context({ file: inFile, key });
  await agent(join(beside, "agent"), `of the agent, ${canary}`);
  const args = [
    ...[folder, "--mode", "cluster-buildkit", "--name", "test-secrets", "--build-arg", `NONCE=${Math.random()}`],
    ...["--secret", `id=file,src=${join(beside, "file")}`, "--secret", "id=env,env=TEST_TOKEN"],
    ...["--ssh", "default", "--ssh", `key=${join(beside, "key")}`],
  ];
  const env = { TEST_TOKEN: inEnv, SSH_AUTH_SOCK: join(beside, "agent") };
  const { result, stderr } = await build(args, env);
  const image = result.images[0]!;
  expect(image.error, stderr).toBeNull();
  const files = await imageFiles(image.reference);
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  expect(files.get("secrets")?.sha256).toBe(sha256(`${sha256(inFile + inEnv)}  -\n`));
  expect(files.get("answers")?.sha256).toBe(sha256("default 1 true\nkey 1 false\n"));

  const dryRun = await pergola(["build", ...args, "--dry-run"], env);
  const daemon = (await pods(NAMESPACE)).find(({ status }) => status.phase === "Running")!.metadata.name;
  const processes = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; true";
  const places: Record<string, string> = {
    plan: String(dryRun.stdout) + String(dryRun.stderr),
    "result and progress": JSON.stringify(result) + stderr,
    "processes of the pod": await kubectl(["exec", daemon, "--namespace", NAMESPACE, "--", "sh", "-c", processes]),
    objects: await kubectl(["get", "pods,deployments,configmaps,secrets", "--namespace", NAMESPACE, "-o", "json"]),
    "the daemon's log": await kubectl(["logs", daemon, "--namespace", NAMESPACE]),
    image: await blobsOf(image.reference),
    cache: await blobsOf(image.reference.replace(/:[^:]+$/, ":_buildcache")),
  };
  const secret = key.split("\n")[1] as string;
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, place).toBeGreaterThan(0);
    expect(text.includes(canary) || text.includes(secret), place).toBe(false);
  }
  // What was looked at is what it is taken for.
  expect(places.plan).toContain(`key=${join(beside, "key")}`);
  expect(places["processes of the pod"]).toContain("buildkitd");
  expect(places.cache).toContain("of the agent");
});

it("a step that asks for an agent which nobody gave fails the build, which says so", async () => {
  const folder = await context({
    Dockerfile:
      "FROM node:24-bookworm-slim\nCOPY ask.mjs nonce /\nRUN --mount=type=ssh,target=/run/default node /ask.mjs default\n",
    "ask.mjs": ASK,
    nonce: `${Math.random()}`,
  });
  const args = [folder, "--mode", "cluster-buildkit", "--name", "test-secrets"];
  const { code, result } = await build(args);
  expect(code).toBe(1);
  expect(result.images[0]?.error?.message).toMatch(/ssh/i);
});

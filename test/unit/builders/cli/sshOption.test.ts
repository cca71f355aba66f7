import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keyProblem, parseSsh } from "../../../../builders/cli/sshOption.ts";
import { errorOf, folder } from "../samples.ts";

/** The head of a key as OpenSSH writes it, with this cipher. */
function opensshKey(cipher: string): string {
  const name = Buffer.alloc(4 + cipher.length);
  name.writeUInt32BE(cipher.length);
  name.write(cipher, 4);
  const body = Buffer.concat([Buffer.from("openssh-key-v1\0"), name, Buffer.alloc(60)]).toString("base64");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const plain = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
const cipher = { cipher: "aes-256-cbc", passphrase: "canary" };
const locked = privateKey.export({ type: "pkcs8", format: "pem", ...cipher }) as string;
const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const lockedRsa = rsa.export({ type: "pkcs1", format: "pem", ...cipher }) as string;

it.each<[string, string, string | undefined]>([
  ["PKCS 8", plain, undefined],
  ["PKCS 1", rsa.export({ type: "pkcs1", format: "pem" }) as string, undefined],
  ["OpenSSH's own", opensshKey("none"), undefined],
  ["PKCS 8 with a passphrase", locked, "has a passphrase"],
  ["PKCS 1 with a passphrase", lockedRsa, "has a passphrase"],
  ["OpenSSH's own with a passphrase", opensshKey("aes256-ctr"), "has a passphrase"],
  ["a public key", publicKey.export({ type: "spki", format: "pem" }) as string, "is no private key"],
  ["anything else", "ssh-ed25519 AAAA me@here", "is no private key"],
])("a key in the form %s", (_, text, problem) => {
  expect(keyProblem(text)?.what).toBe(problem);
});

describe("--ssh", () => {
  let root: string;
  let agent: ReturnType<typeof createServer>;
  beforeEach(async () => {
    root = folder({ key: plain, second: opensshKey("none"), locked, "key.pub": "ssh-ed25519 AAAA" });
    agent = createServer().listen(path.join(root, "agent"));
    await once(agent, "listening");
  });
  afterEach(() => {
    agent.close();
  });
  const parse = (texts: string[], environment: Record<string, string> = {}) => parseSsh(texts, root, environment);

  it("is the agent of the environment, a socket, or keys; by id", () => {
    const socket = path.join(root, "agent");
    expect(parse([])).toEqual({});
    expect(parse(["default"], { SSH_AUTH_SOCK: socket })).toEqual({ default: [socket] });
    expect(parse(["default=", "git=agent"], { SSH_AUTH_SOCK: socket })).toEqual({ default: [socket], git: [socket] });
    expect(parse(["git=key,second"])).toEqual({ git: [path.join(root, "key"), path.join(root, "second")] });
  });

  it.each<[string, string[], Record<string, string>, { code: string; message: RegExp }]>([
    ["no agent", ["default"], {}, { code: "secret-missing", message: /SSH_AUTH_SOCK, which is not set/ }],
    ["an agent that is gone", ["a"], { SSH_AUTH_SOCK: "/gone" }, { code: "secret-missing", message: /\/gone.*ENOENT/ }],
    ["no socket", ["a"], { SSH_AUTH_SOCK: "/etc" }, { code: "secret-missing", message: /\/etc.* is no socket/ }],
    ["no file", ["git=gone"], {}, { code: "secret-missing", message: /gone cannot be read \(ENOENT\)/ }],
    ["a directory", ["git=."], {}, { code: "secret-missing", message: /EISDIR/ }],
    ["a passphrase", ["git=locked"], {}, { code: "secret-missing", message: /locked for git has a passphrase/ }],
    ["a public key", ["git=key.pub"], {}, { code: "secret-missing", message: /key.pub for git is no private key/ }],
    ["a socket and a key", ["git=agent,key"], {}, { code: "usage", message: /not understood/ }],
    ["an id twice", ["git=key", "git=second"], {}, { code: "usage", message: /not understood/ }],
    ["no id", ["=key"], {}, { code: "usage", message: /not understood/ }],
    ["raw sockets", ["git=raw=true"], {}, { code: "secret-missing", message: /raw=true/ }],
  ])("refuses %s", (_, texts, environment, expected) => {
    const error = errorOf(() => parse(texts, environment));
    expect(error.code).toBe(expected.code);
    expect(error.message).toMatch(expected.message);
    expect(JSON.stringify(error)).not.toContain("PRIVATE KEY");
  });
});

// Build caches in a registry of their own, with certificates of an authority of one's own: what of the graph is about them.
import { beforeAll, describe, expect, test } from "vitest";
import { buildSetup } from "../../infra/setup.ts";
import { AUTHORITY } from "../unit/certificates.ts";
import { type ProgramRun, readStackFile, runProgram } from "./program.ts";

const registry = { kind: "dockerRegistry", host: "caches.example:5443", namespace: "team" };

function run(logins: readonly object[]): Promise<ProgramRun> {
  const config = readStackFile("local");
  // biome-ignore lint/suspicious/noExplicitAny: as it stands in the file
  const { "pergola:registry": images, "pergola:cluster": cluster } = config as any;
  config["pergola:cache"] = [{ tag: "_buildcache", mode: "auto", registry }];
  images.caBundle = AUTHORITY;
  cluster.pullSecret = { logins };
  return runProgram({ config, secrets: { password: "hush" }, preview: true });
}

describe("a registry of caches", () => {
  let made: ProgramRun;
  beforeAll(async () => {
    made = await run([{ host: registry.host, username: "builder", passwordSecret: "password" }]);
    expect(made.exitCode, JSON.stringify(made.messages) + made.stderr).toBe(0);
  });

  test("is in the setup, with the certificates that vouch for it", () => {
    const setup = buildSetup.parse(made.outputs.setup);
    expect(setup.cache).toEqual([
      { tag: "_buildcache", mode: "auto", export: true, registry: { ...registry, insecure: false } },
    ]);
    expect(setup.registry.caBundle).toBe(AUTHORITY);
    expect(setup.pullSecrets.map(({ hosts }) => hosts)).toEqual([[registry.host], [registry.host]]);
  });

  test.each(["pergola-buildkit", "pergola-kaniko"])("can be reached by the builders of %s", (namespace) => {
    const policy = made.registrations.find(({ name }) => name.startsWith(namespace) && name.endsWith("-egress"));
    expect(JSON.stringify(policy?.inputs)).toContain('"ports":[{"port":5443,"protocol":"TCP"}]');
  });
});

test("a registry of caches without a login is refused in a preview by its host, and nothing is registered", async () => {
  const refused = await run([]);
  expect(refused.messages.map(({ text }) => text).join("\n")).toContain(
    'pergola:cache[0].registry.host: "caches.example:5443" has no login',
  );
  expect(refused.registrations.filter(({ custom }) => custom)).toEqual([]);
});

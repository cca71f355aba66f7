// What builders reach: policies with the hosts that a stack file names, and a notice where it names logins alone.
import { expect, test } from "vitest";
import { type ProgramRun, readStackFile, runProgram } from "./program.ts";

const HOST = "base.example";

/** The stack `local`, whose builders have the logins of a docker config, with these further hosts. */
async function preview(hosts: string[]): Promise<ProgramRun> {
  const config = readStackFile("local");
  // biome-ignore lint/suspicious/noExplicitAny: as it stands in the file
  const { "pergola:cluster": cluster } = config as any;
  cluster.pullSecret = { dockerConfigSecrets: ["bases"] };
  Object.assign(cluster.guardrails, { hosts });
  const bases = JSON.stringify({ auths: { [HOST]: { username: "reader", password: "canary-config-61" } } });
  const run = await runProgram({ config, secrets: { bases }, preview: true });
  expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
  return run;
}

/** Notices about further hosts. */
const notices = ({ messages }: ProgramRun) =>
  messages.flatMap(({ severity, text }) => (text.includes("guardrails.hosts") ? [severity] : []));

const policies = ({ registrations }: ProgramRun): string =>
  JSON.stringify(registrations.filter(({ type }) => type.endsWith(":NetworkPolicy")));

test("hosts that only a docker config names are in no policy, which a notice says", async () => {
  const run = await preview([]);
  expect(notices(run)).toEqual(["INFO"]);
  expect(policies(run)).not.toContain('"port":443');
});

test("hosts that guardrails name are in the policies of each namespace, and nothing is left to say", async () => {
  const run = await preview(["base.example"]);
  expect(notices(run)).toEqual([]);
  expect(policies(run).match(/"port":443/g)).toHaveLength(2);
});

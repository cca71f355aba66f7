// The AWS stand-in and its judge: what AWS refuses the stand-in refuses, and moto takes nothing that it does not know.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ValueMap } from "../../local/pulumi/wire.ts";
import { BAD_INPUTS } from "./standin/aws/badInputs.ts";
import { awsStandin } from "./standin/aws/cloud.ts";
import { GOOD_INPUTS, IDENTITY, THERE, TRUST } from "./standin/aws/goodInputs.ts";
import { clusterInMoto, putIntoMoto } from "./standin/aws/inMoto.ts";
import { JUDGED, NOT_JUDGED } from "./standin/aws/moto/calls.ts";
import { MOTO_ACCOUNT, motoAt, motoJudge } from "./standin/aws/moto/judge.ts";
import { type MotoServer, startMoto } from "./standin/aws/moto/server.ts";
import { putThere } from "./standin/given.ts";
import { StandinProvider } from "./standin/provider.ts";
import { State } from "./standin/state.ts";

const PLACE = { account: MOTO_ACCOUNT, region: "eu-central-1" };
const SETTINGS = { region: PLACE.region, allowedAccountIds: JSON.stringify([PLACE.account]) };

let moto: MotoServer;
let folder: string;
let state: State;

beforeAll(async () => {
  moto = await startMoto();
  folder = mkdtempSync(join(tmpdir(), "pergola-standin-"));
  state = new State(folder);
  await clusterInMoto(moto.endpoint, PLACE.region, "dev");
  for (const { type, inputs } of THERE) {
    putThere(awsStandin(PLACE.account), state, PLACE, type, inputs);
    await putIntoMoto(moto.endpoint, PLACE, type, inputs);
  }
});

afterAll(async () => {
  await moto?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function provider(judged: boolean): StandinProvider {
  const made = new StandinProvider(awsStandin(PLACE.account, judged ? motoJudge(moto.endpoint) : undefined), state);
  made.configure(SETTINGS);
  return made;
}

/** Check and creation, as the engine does them. @throws Error with everything that was refused */
async function make(by: StandinProvider, type: string, given: ValueMap) {
  const { inputs, failures } = by.check(type, given);
  if (failures.length > 0) throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
  return { inputs, ...(await by.create(type, inputs, false)) };
}

test("every type is judged by moto, or it is said why not", () => {
  const { types } = awsStandin(PLACE.account);
  expect([...Object.keys(JUDGED), ...Object.keys(NOT_JUDGED)].sort()).toEqual(Object.keys(types).sort());
  const shown = new Set(GOOD_INPUTS.map(({ type }) => type));
  expect(Object.keys(JUDGED).filter((type) => !shown.has(type))).toEqual([]);
});

describe("what is right", () => {
  test.each(GOOD_INPUTS)(
    "$type is taken by the stand-in and by moto, unchanged after that, and can be taken away",
    async (one) => {
      const by = provider(true);
      const { id, inputs, outputs } = await make(by, one.type, one.inputs);
      expect(by.read(one.type, id, inputs)).toEqual({ outputs, inputs });
      expect(by.diff(one.type, outputs, inputs, by.check(one.type, one.inputs).inputs).fields).toEqual([]);
      if (one.type !== "aws:iam/rolePolicyAttachment:RolePolicyAttachment") {
        const updated = await by.update(one.type, id, outputs, inputs, false);
        expect(by.diff(one.type, updated, inputs, inputs).fields).toEqual([]);
      }
      await by.delete(one.type, id);
      expect(by.read(one.type, id, inputs)).toBeUndefined();
    },
  );
});

describe("what AWS refuses", () => {
  test.each(BAD_INPUTS)(
    "$type with $what is refused; moto $moto it",
    async ({ type, inputs, says, moto: judgement }) => {
      const before = state.all();
      await expect(make(provider(false), type, inputs)).rejects.toThrow(says);
      expect(state.all()).toEqual(before);
      if (judgement === null) return;
      const complete = { ...awsStandin(PLACE.account).types[type]?.defaults, ...inputs };
      const judge = motoAt(moto.endpoint, PLACE.region);
      const done = await JUDGED[type]!.created(judge, complete).then(
        () => "takes",
        () => "refuses",
      );
      // What moto takes is in nobody's way in the lines that follow.
      if (done === "takes") await JUDGED[type]!.deleted(judge, complete);
      expect(done).toBe(judgement);
    },
  );

  test("what moto refuses and the stand-in takes is an error, and nothing is left of it", async () => {
    await (await motoAt(moto.endpoint, PLACE.region).iam()).send(
      new (await import("@aws-sdk/client-iam")).CreateRoleCommand({
        RoleName: "hidden",
        AssumeRolePolicyDocument: TRUST,
      }),
    );
    const role = { name: "hidden", assumeRolePolicy: TRUST };
    await expect(make(provider(true), "aws:iam/role:Role", role)).rejects.toThrow(
      "moto refuses what the stand-in takes: aws:iam/role:Role created: EntityAlreadyExists",
    );
    expect(state.all().map(({ id }) => id)).not.toContain("hidden");
  });

  test("a role is not deleted while policies hang on it", async () => {
    const by = provider(false);
    const role = await make(by, "aws:iam/role:Role", { name: "held", assumeRolePolicy: TRUST });
    const policy = await make(by, "aws:iam/rolePolicy:RolePolicy", { name: "push", role: "held", policy: IDENTITY });
    await expect(by.delete("aws:iam/role:Role", role.id)).rejects.toThrow("DeleteConflict");
    await by.delete("aws:iam/rolePolicy:RolePolicy", policy.id);
    await by.delete("aws:iam/role:Role", role.id);
  });
});

describe("the provider", () => {
  const configure = (settings: ValueMap) => new StandinProvider(awsStandin("210987654321"), state).configure(settings);

  test("refuses the credentials of another account, and takes those of a role in the right one", () => {
    expect(() => configure(SETTINGS)).toThrow("AWS account ID not allowed: 210987654321");
    const assumeRoles = JSON.stringify([{ roleArn: `arn:aws:iam::${PLACE.account}:role/registry-admin` }]);
    expect(() => configure({ ...SETTINGS, assumeRoles })).not.toThrow();
  });

  test("takes no zone for a region, and no setting that the program does not have", () => {
    expect(() => configure({ ...SETTINGS, region: "eu-central-1a" })).toThrow("invalid AWS Region: eu-central-1a");
    expect(awsStandin(PLACE.account).checkSettings({ ...SETTINGS, profile: "mine" })).toHaveLength(1);
  });
});

describe("what means the same", () => {
  const role = (assumeRolePolicy: object) => ({
    name: "r",
    assumeRolePolicy: JSON.stringify(assumeRolePolicy),
    path: "/",
  });
  const statement = { Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:root" }, Action: "sts:AssumeRole" };
  const one = role({ Version: "2012-10-17", Statement: [statement] });

  test.each([
    ["another order", role({ Statement: [statement], Version: "2012-10-17" })],
    ["one value in a list", role({ Version: "2012-10-17", Statement: { ...statement, Action: ["sts:AssumeRole"] } })],
    [
      "an account by its id",
      role({ Version: "2012-10-17", Statement: [{ ...statement, Principal: { AWS: "123456789012" } }] }),
    ],
  ])("%s of a policy is no change", (_, other) => {
    expect(provider(false).diff("aws:iam/role:Role", one, one, other).fields).toEqual([]);
  });

  test("another action is a change in place; another name is another role", () => {
    const changed = role({ Version: "2012-10-17", Statement: [{ ...statement, Action: "sts:TagSession" }] });
    const by = provider(false);
    expect(by.diff("aws:iam/role:Role", one, one, changed).fields).toMatchObject([
      { path: "assumeRolePolicy", kind: "update", replaces: false },
    ]);
    expect(by.diff("aws:iam/role:Role", one, one, { ...one, name: "s" }).fields).toMatchObject([
      { path: "name", replaces: true },
    ]);
  });

  test("a template by $Latest is a change each time, as EKS answers with a number", async () => {
    const type = "aws:eks/nodeGroup:NodeGroup";
    const good = GOOD_INPUTS.find((input) => input.type === type)!.inputs;
    const given = { ...good, nodeGroupName: "latest", launchTemplate: { name: "taken", version: "$Latest" } };
    const by = provider(false);
    const { id, inputs, outputs } = await make(by, type, given);
    expect(by.diff(type, outputs, inputs, inputs).fields).toMatchObject([{ path: "launchTemplate.version" }]);
    await by.delete(type, id);
  });
});

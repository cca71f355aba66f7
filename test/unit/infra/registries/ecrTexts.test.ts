// What is said of a registry in another account than the cluster.
import { expect, test } from "vitest";
import { nodesMayNotPullText } from "../../../../infra/registries/ecrTexts.ts";
import { awsConfig } from "../awsConfig.ts";
import type { Change } from "../config.ts";

const CENTRAL = "aws-central-registry";
const CLUSTER = "123456789012";
const text = (change: Change, stack = CENTRAL) => nodesMayNotPullText(awsConfig(change, stack));

const SAID =
  `the cluster is in account ${CLUSTER}, and the registry in 210987654321: builders may use its repositories, but nodes may not pull ` +
  `from shop/api, shop/web. For pods that run these images write pergola:registry.pull: { accounts: ["${CLUSTER}"] }`;

test("nodes of another account that no policy lets in are said to be outside, with the line that lets them in", () => {
  expect(text((it) => (it["pergola:registry"].pull = {}))).toBe(SAID);
  expect(text((it) => (it["pergola:registry"].pull = { accounts: ["999999999999"] }))).toBe(SAID);
  expect(text((it) => (it["pergola:registry"].pull = { roles: ["arn:aws:iam::999999999999:role/a"] }))).toBe(SAID);
});

test("only the repositories that are closed are named, and none that is there already", () => {
  const change: Change = (it) => {
    const registry = it["pergola:registry"];
    registry.pull = {};
    registry.repositories = [
      { name: "shop/api", existing: true },
      { name: "shop/web", pull: { accounts: [CLUSTER] } },
      "shop/jobs",
    ];
  };
  expect(text(change)).toContain("nodes may not pull from shop/jobs. For");
});

test.each<[string, Change]>([
  ["by account", (it) => (it["pergola:registry"].pull = { accounts: [CLUSTER] })],
  ["by organization, as in the example", () => {}],
  ["by a role of theirs", (it) => (it["pergola:registry"].pull = { roles: [`arn:aws:iam::${CLUSTER}:role/nodes`] })],
  ["as they may push", (it) => Object.assign(it["pergola:registry"], { pull: {}, push: { accounts: [CLUSTER] } })],
])("nothing is said where they are let in %s", (_, change) => {
  expect(text(change)).toBeNull();
});

test("nothing is said of a registry in the cluster's own account", () => {
  expect(text(() => {}, "aws-dev")).toBeNull();
});

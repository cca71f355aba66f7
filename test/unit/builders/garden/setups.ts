/** Environments for the tests of `pergola garden`: as the program makes them of stack files, and the embedded one. */
import { makeBuildSetup } from "../../../../infra/buildSetup.ts";
import type { StackConfig } from "../../../../infra/config.ts";
import type { BuildSetup } from "../../../../infra/setup.ts";
import { awsConfig } from "../../infra/awsConfig.ts";
import type { Change } from "../../infra/config.ts";
import { gcpConfig } from "../../infra/gcpConfig.ts";
import { localSetup } from "../samples.ts";

/** The BuildSetup of the stack file aws-dev after a change, under another stack's name. */
export function awsSetup(stack: string, change: Change = () => {}): BuildSetup {
  return setupOf(stack, awsConfig(change));
}

/** The BuildSetup of an example that is not on AWS, after a change. */
export function gcpSetup(stack: string, change: Change = () => {}): BuildSetup {
  return setupOf(stack, gcpConfig(change, stack));
}

/** A password that a stack file names, as `pulumi config set --secret` adds it. */
export const withSecret =
  (name: string): Change =>
  (config) => {
    config["pergola:secrets"] = { [name]: "token" };
  };

/** A registry of one's own, with a certificate of one's own; its caches are in another one. */
const inHarbor: Change = (config) => {
  config["pergola:secrets"] = { ghcr: "token", caches: "token" };
  Object.assign(config["pergola:registry"], { host: "harbor.shop.example:8443", namespace: "shop/images" });
  config["pergola:cluster"].pullSecret = {
    logins: [{ host: "caches.shop.example", username: "builder", passwordSecret: "caches" }],
  };
  const registry = { kind: "dockerRegistry", host: "caches.shop.example", namespace: "builds" };
  config["pergola:cache"] = [{ tag: "_buildcache", mode: "max", registry }];
  config["pergola:builder"].modes.kaniko = { namespaces: ["shop-kaniko"] };
};

function setupOf(stack: string, config: StackConfig): BuildSetup {
  return makeBuildSetup(config, { stack, clusterUid: "uid" });
}

/** Adds the mode kaniko in a namespace of its own. */
export const withKaniko: Change = (config) => {
  config["pergola:builder"].modes.kaniko = { namespaces: ["shop-kaniko"] };
  config["pergola:access"].namespaces.push("shop-kaniko");
};

const withTeams: Change = (config) => {
  const { access, registry } = { access: config["pergola:access"], registry: config["pergola:registry"] };
  delete access.namespaces;
  delete access.namespacePatterns;
  registry.repositories = ["a/api", "a/web", "b/api"];
  access.teams = {
    a: { namespaces: ["team-a"], repositories: ["a/api", "a/web"] },
    b: { namespaces: ["team-b"], repositories: ["b/api"] },
  };
  config["pergola:builder"].modes["cluster-buildkit"].namespaces = [
    { name: "team-a", team: "a", images: ["a/api", "a/web"] },
    { name: "team-b", team: "b", images: ["b/api"] },
  ];
};

const withPodIdentity: Change = (config) => {
  config["pergola:access"] = { kind: "podIdentity", namespaces: ["shop-dev"] };
};

const inChina: Change = (config) => {
  config["pergola:registry"].region = "cn-north-1";
  config["pergola:access"].oidcProviders = [
    "arn:aws-cn:iam::123456789012:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
  ];
  delete config["pergola:access"].ci;
  config["pergola:cluster"].eks.region = "cn-north-1";
  withKaniko(config);
};

const withExistingRole: Change = (config) => {
  config["pergola:access"] = { kind: "existing", role: "arn:aws:iam::123456789012:role/builders/shop" };
  config["pergola:registry"].repositories = ["shop/api", { name: "shop/web", cache: { repository: "shop/layers" } }];
};

/** Name -> an environment, and the namespace that the block is wanted for. */
export const SETUPS: readonly [name: string, setup: BuildSetup, namespace: string | null][] = [
  ["local", localSetup(), null],
  ["aws-dev", awsSetup("aws-dev", withKaniko), null],
  ["aws-teams", awsSetup("aws-teams", withTeams), "team-a"],
  ["aws-podidentity", awsSetup("aws-podidentity", withPodIdentity), null],
  ["aws-china", awsSetup("aws-china", inChina), null],
  ["aws-existing", awsSetup("aws-existing", withExistingRole), null],
  ["gcp-dev", gcpSetup("gcp-dev"), null],
  ["gcp-key", gcpSetup("gcp-key"), null],
  ["gcp-central-registry", gcpSetup("gcp-central-registry"), null],
  ["gcr-eu", gcpSetup("gcr-eu"), null],
  ["gcp-autopilot", gcpSetup("gcp-autopilot"), null],
  ["ghcr", gcpSetup("ghcr", withSecret("ghcr")), null],
  ["dockerhub", gcpSetup("dockerhub", withSecret("hub")), null],
  ["harbor", setupOf("harbor", gcpConfig(inHarbor, "ghcr")), null],
];

export const teamsSetup = (): BuildSetup => awsSetup("aws-teams", withTeams);

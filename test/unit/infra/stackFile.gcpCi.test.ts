// Bad stack files: every field and rule about CI jobs in Google Cloud once, with the exact message.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseStackFile } from "../../../infra/stackFile.ts";
import { access, many } from "./accessChanges.ts";
import { type Change, values } from "./config.ts";
import { gcpCases } from "./gcpConfig.ts";

const ci = (said: object): Change => access((it) => (it.ci = said));
const github = (said: object, more: object = {}): Change =>
  ci({ github: { repository: "shop/monorepo", branches: ["main"], provider: { create: true }, ...said }, ...more });
const gitlab = (said: object, more: object = {}): Change =>
  ci({ gitlab: { project: "shop/web/app", branches: ["main"], provider: { create: true }, ...said }, ...more });

const PROVIDER = "projects/123/locations/global/workloadIdentityPools/jobs/providers/github";

gcpCases("which jobs", [
  ["GitHub's, which may be", github({ tags: ["v1"] }), []],
  ["GitHub's by a provider that is there, which may be", github({ provider: PROVIDER }), []],
  ["GitHub's of a repository with ids, which may be", github({ repository: "shop@12/monorepo@34" }), []],
  ["GitLab's, which may be", gitlab({ url: "https://gitlab.example.com" }), []],
  [
    "a service account that is there, which may be",
    ci({ serviceAccount: "jobs@shop-ops.iam.gserviceaccount.com" }),
    [],
  ],
  [
    "GitHub's of no branch",
    github({ branches: [] }),
    ["pergola:access.ci.github: admits no job: name branches or tags (branches: [main])"],
  ],
  [
    "GitLab's of no branch",
    gitlab({ branches: [] }),
    ["pergola:access.ci.gitlab: admits no job: name branches or tags (branches: [main])"],
  ],
  [
    "a branch by a pattern",
    github({ branches: ["release-*"] }),
    [
      'pergola:access.ci.github.branches[0]: "release-*" has a *, but a principal of Google Cloud has no wildcard: name each one',
    ],
  ],
  [
    "what is no branch",
    github({ branches: ['main"] || true || assertion.ref in ["'] }),
    [
      'pergola:access.ci.github.branches[0]: "main\\"] || true || assertion.ref in [\\"" is not the name of a branch or tag',
    ],
  ],
  [
    "a repository without its owner",
    github({ repository: "monorepo" }),
    ['pergola:access.ci.github.repository: "monorepo" is neither OWNER/REPOSITORY nor OWNER@ID/REPOSITORY@ID'],
  ],
  [
    "a project without its group",
    gitlab({ project: "app" }),
    ['pergola:access.ci.gitlab.project: "app" is not GROUP/PROJECT'],
  ],
  [
    "a GitLab by HTTP",
    gitlab({ url: "http://gitlab.example.com" }),
    ['pergola:access.ci.gitlab.url: "http://gitlab.example.com" is not an https URL without a path'],
  ],
  [
    "a branch twice",
    github({ branches: ["main", "main"] }),
    ['pergola:access.ci.github: "repo:shop/monorepo:ref:refs/heads/main" is selected twice'],
  ],
  [
    "a subject that is too long",
    github({ branches: ["b".repeat(96)] }),
    [
      `pergola:access.ci.github: "repo:shop/monorepo:ref:refs/heads/${"b".repeat(96)}" has 130 characters; IAM takes tokens with subjects of 127`,
    ],
  ],
  [
    "a condition that is too long",
    github({ branches: many(200, (index) => `release-${index}`) }),
    ["pergola:access.ci.github: makes a condition of 5150 characters; IAM takes 4096. Name fewer branches and tags"],
  ],
  [
    "as many by a provider that is there, which may be",
    github({ branches: many(200, (index) => `release-${index}`), provider: PROVIDER }),
    [],
  ],
  [
    "more subjects than one policy takes",
    github({ branches: many(1501, (index) => `r${index}`) }),
    [
      "pergola:access.ci.github: admits 1501 branches and tags, each a member of the service account; IAM takes 1500 in a policy",
    ],
  ],
]);

gcpCases("how jobs come to be the service account", [
  [
    "a pool where its provider belongs",
    github({ provider: "projects/123/locations/global/workloadIdentityPools/jobs" }),
    [
      'pergola:access.ci.github.provider: "projects/123/locations/global/workloadIdentityPools/jobs" is not projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
    ],
  ],
  [
    "a pool that Google keeps for itself",
    github({ provider: { create: true, pool: "gcp-jobs" } }),
    ['pergola:access.ci.github.provider.pool: "gcp-jobs" begins with gcp-, which Google keeps for itself'],
  ],
  [
    "a pool with a short id",
    github({ provider: { create: true, pool: "ci" } }),
    ['pergola:access.ci.github.provider.pool: "ci" has 2 characters; ids of pools have 4 to 32'],
  ],
  [
    "a service account of Google's own",
    github({}, { serviceAccount: { existing: "123-compute@developer.gserviceaccount.com" } }),
    [
      'pergola:access.ci.serviceAccount: "123-compute@developer.gserviceaccount.com" is an account of Google\'s own, whose address does not tell its project; name one that was made for the jobs',
    ],
  ],
  [
    "a service account with a short id",
    github({}, { serviceAccount: "ci" }),
    ['pergola:access.ci.serviceAccount: "ci" has 2 characters; ids of service accounts have 6 to 30'],
  ],
  [
    "the builders' service account",
    ci({ serviceAccount: "gar-access@shop-registry.iam.gserviceaccount.com" }),
    [
      "pergola:access.ci.serviceAccount: is gar-access@shop-registry.iam.gserviceaccount.com, as whom builders push: jobs would have their rights without a build; give jobs one of their own",
    ],
  ],
  [
    "the account that nodes are unless they are told another one",
    ci({ serviceAccount: "123-compute@developer.gserviceaccount.com" }),
    [
      "pergola:access.ci.serviceAccount: is 123-compute@developer.gserviceaccount.com, the default account of Compute Engine, also of GKE's nodes: whatever was told no account of its own is that one, and could start builds; name one that was made for the jobs",
    ],
  ],
  [
    "the service account of nodes by its address",
    ci({ serviceAccount: "gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com" }),
    [
      "pergola:access.ci.serviceAccount: is gcp-dev-nodes@shop-clusters.iam.gserviceaccount.com, the account of the nodes of pergola:cluster.builderNodes[0]: whoever has a node could start builds, and jobs pull images; give jobs one of their own",
    ],
  ],
  [
    "the service account that is made for nodes of a second pool, by its id",
    (config) => {
      github({}, { serviceAccount: "shop-workers" })(config);
      const arm64 = { kind: "gke", architecture: "arm64", machineType: "t2a-standard-8", max: 2 };
      config["pergola:cluster"].builderNodes.push({ ...arm64, nodeServiceAccount: "shop-workers" });
    },
    [
      "pergola:access.ci.serviceAccount: is shop-workers@shop-clusters.iam.gserviceaccount.com, the account of the nodes of pergola:cluster.builderNodes[1]: whoever has a node could start builds, and jobs pull images; give jobs one of their own",
    ],
  ],
  [
    "the id of the nodes' account in another project, which may be",
    ci({ serviceAccount: "gcp-dev-nodes@shop-ops.iam.gserviceaccount.com" }),
    [],
  ],
  [
    "a cluster of which only the project is known, for a service account that is there, which may be",
    (config) => {
      ci({ serviceAccount: "jobs@shop-ops.iam.gserviceaccount.com" })(config);
      delete config["pergola:cluster"].gke;
      config["pergola:cluster"].builderNodes = [{ kind: "existing" }];
      config["pergola:access"].clusterProject = "shop-clusters";
    },
    [],
  ],
  [
    "a cluster that is not known",
    (config) => {
      delete config["pergola:cluster"].gke;
      config["pergola:cluster"].builderNodes = [{ kind: "existing" }];
      const jobs = { serviceAccount: "jobs@shop-ops.iam.gserviceaccount.com" };
      config["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", rotation: 1, ci: jobs };
    },
    [
      "pergola:access.ci: gets the right to find the cluster, which goes by the project of the cluster; add pergola:cluster.gke: { project, location, name }",
    ],
  ],
]);

test("ids that the stack's name makes too long", () => {
  const { config } = parse(readFileSync(join(import.meta.dirname, "../../../stacks/Pulumi.gcp-dev.yaml"), "utf8"));
  github({})(config);
  config["pergola:cluster"].builderNodes = [{ kind: "existing" }];
  const stack = "s".repeat(30);
  const messages = (stack: string) => {
    const parsed = parseStackFile(stack, values(config), []);
    return "problems" in parsed ? parsed.problems : [];
  };
  expect(messages(stack)).toEqual([
    {
      path: "pergola:access.ci.serviceAccount",
      message: `would be "${stack}-ci", which has 33 characters; ids of service accounts have 6 to 30; give an id`,
    },
    {
      path: "pergola:access.ci.github.provider.pool",
      message: `would be "pergola-${stack}", which has 38 characters; ids of pools have 4 to 32; give an id`,
    },
  ]);
  expect(messages("dev").map(({ path }) => path)).toEqual([]);
  expect(messages("a").map(({ path }) => path)).toEqual(["pergola:access.ci.serviceAccount"]);
});

// Every example stack by the program's production entry: its resource graph, and what holds for all of them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildSetup } from "../../infra/setup.ts";
import { type EcrRepositories, EXCLUDING, expectEcrRepositories } from "./ecrExpectations.ts";
import { expectAdditive, expectGcp, type GcpExample } from "./gcpExpectations.ts";
import { expectTaken } from "./gcpTaken.ts";
import { golden, graphText } from "./golden.ts";
import type { LiveObjects, Registration } from "./monitor.ts";
import { KUBE_SYSTEM, type ProgramRun, readStackFile, repositoryRoot, runProgram } from "./program.ts";

interface Example {
  readonly ecr?: EcrRepositories;
  readonly gcp?: GcpExample;
  /** what `pulumi config set --secret` adds to the file */
  readonly secrets?: Readonly<Record<string, string>>;
}

const inEcr = (ecr: EcrRepositories): Example => ({ ecr });
const onGcp = (
  repositories: GcpExample["repositories"],
  builders: string,
  namespaces: readonly string[] = [],
): Example => ({
  gcp: { repositories, builders: `${builders}.iam.gserviceaccount.com`, namespaces },
});

/** Each example with what is made in its cloud. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  "aws-dev": inEcr({ "shop/api": [EXCLUDING, "shop/api/cache"], "shop/web": ["MUTABLE", "shop/web/cache"] }),
  "aws-teams": inEcr({
    "checkout/api": [EXCLUDING, "checkout/api/cache"],
    "checkout/payments": [EXCLUDING, "checkout/payments/cache"],
    "search/api": [EXCLUDING, "search/api/cache"],
    "base/node": [EXCLUDING, "base/node/cache"],
  }),
  "aws-podidentity": inEcr({ "shop/api": [EXCLUDING, "shop/api/cache"], "shop/web": [EXCLUDING, "shop/web/cache"] }),
  "aws-china": inEcr({ "shop/api": [EXCLUDING, "shop/api/cache"] }),
  "aws-central-registry": inEcr({
    "shop/api": [EXCLUDING, "shop/api/cache"],
    "shop/web": [EXCLUDING, "shop/web/cache"],
  }),
  "aws-existing": inEcr({ "shop/api": [null, "shop/api/cache"], "shop/web": ["MUTABLE", "shop/web/cache"] }),
  "gcp-dev": onGcp({ "shop-registry/europe-central2/shop": "images" }, "gar-access@shop-registry", ["shop-dev"]),
  "gcp-key": onGcp({ "shop-registry/europe-west3/shop": "images" }, "gar-access@shop-registry"),
  "gcp-central-registry": onGcp(
    {
      "shop-registry/europe/shop": "immutable images",
      "shop-registry/europe/shop-cache": "caches",
      "shop-registry/europe/docker-hub": "remote",
    },
    "shop-builders@shop-clusters",
    ["shop-dev", "shop-kaniko"],
  ),
  "gcr-eu": onGcp({ "shop-images/europe/eu.gcr.io": "images" }, "image-builders@shop-images", ["shop-dev"]),
  "gcp-autopilot": onGcp({ "shop-autopilot/europe-north1/shop": "images" }, "image-builders@shop-autopilot", [
    "shop-dev",
  ]),
  ghcr: { secrets: { ghcr: "a-token" } },
  dockerhub: { secrets: { hub: "a-token" } },
};

/** The cluster holds the namespaces that examples take as they are. */
const LIVE: LiveObjects = {
  ...KUBE_SYSTEM,
  "kubernetes:core/v1:Namespace::shop-dev": { metadata: { name: "shop-dev", labels: {} } },
};

/**
 * Files of the SDKs that every stack on a cloud loads: ECR is one file of the program, with what all of its kinds need, and so are
 * the rights of builders on Google Cloud.
 */
const USED_BESIDE = {
  aws: [
    ...["package.json", "utilities.js", "provider.js"],
    ...["ecr/repository.js", "ecr/lifecyclepolicy.js", "ecr/repositorypolicy.js"],
  ],
  gcp: [
    ...["package.json", "utilities.js", "provider.js"],
    ...["serviceaccount/account.js", "serviceaccount/iammember.js"],
  ],
} as const;

/** A text with all that is in base64 in it, also twice. */
function withDecoded(text: string, times = 2): string {
  if (times === 0) return text;
  const inside = [...text.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)].map(([part]) =>
    Buffer.from(part, "base64").toString(),
  );
  return [text, withDecoded(inside.join("\n"), times - 1)].join("\n");
}

test("every example stack is here, or is the embedded environment", () => {
  const files = readdirSync(join(repositoryRoot, "stacks")).flatMap(
    (file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [],
  );
  expect(files.filter((stack) => stack !== "local").sort()).toEqual(Object.keys(EXAMPLES).sort());
});

describe.each(Object.entries(EXAMPLES))("the stack %s", (stack, { ecr, gcp, secrets = {} }) => {
  let run: ProgramRun;
  const ofType = (pattern: RegExp): Registration[] => run.registrations.filter(({ type }) => pattern.test(type));

  beforeAll(async () => {
    run = await runProgram({ stack, config: readStackFile(stack), live: LIVE, secrets });
    expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
  });

  test("is the graph that was reviewed (UPDATE_GOLDEN=1 writes it anew)", () => {
    expect(graphText(run)).toBe(golden(stack, graphText(run)));
    expect(buildSetup.parse(run.outputs.setup).environment).toBe(stack);
  });

  test("has in its cloud the repositories, rights and members that it should, and none in another", () => {
    if (ecr !== undefined) expectEcrRepositories(run, ecr);
    if (gcp !== undefined) expectGcp(run, gcp);
    expectAdditive(run);
    const clouds = new Set(ofType(/^(aws|gcp):/).map(({ type }) => type.split(":")[0]));
    expect([clouds.has("aws"), clouds.has("gcp")]).toEqual([ecr !== undefined, gcp !== undefined]);
  });

  if (gcp !== undefined) {
    test("is taken by Google in any order that it leaves open, is quiet after that, and goes away in any", () =>
      expectTaken(run.registrations, readStackFile(stack)));
  }

  test("has no secret of its file in clear", () => {
    const text = withDecoded(graphText(run));
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    expect(text).not.toContain("PRIVATE KEY");
  });

  test("gives every resource the provider of its account or project, a parent, and the name of its component", () => {
    const byUrn = new Map(run.registrations.map((one) => [one.urn, one]));
    for (const one of ofType(/^(aws|gcp|kubernetes):/)) {
      expect(one.provider, one.urn).not.toMatch(/^$|::default/);
      const parent = byUrn.get(one.parent);
      expect(parent, one.urn).toBeDefined();
      if (parent?.type.startsWith("pergola:infra:")) expect(one.name.startsWith(parent.name), one.urn).toBe(true);
      const provider = byUrn.get(one.provider.split("::").slice(0, -1).join("::"));
      if (one.type.startsWith("gcp:") && "project" in one.inputs) {
        expect(provider?.inputs.project, one.urn).toBe(one.inputs.project);
      }
    }
    for (const { inputs, urn } of ofType(/^pulumi:providers:aws$/)) {
      expect(JSON.parse(String(inputs.allowedAccountIds)), urn).toHaveLength(1);
    }
  });

  test("loads no SDK of another cloud, no compiler, and of its own cloud's only what it is made of", () => {
    // Pulumi's SDK carries a compiler, too, and npm, and loads them for any program.
    const unused = /^(typescript|@typescript|@pulumi\/pulumi\/vendor|@npmcli\/arborist\/lib\/arborist)\//;
    expect(run.loaded.filter((file) => unused.test(file))).toEqual([]);
    for (const [cloud, beside] of Object.entries(USED_BESIDE)) {
      const own = ofType(new RegExp(`^${cloud}:`)).map(({ type }) => `${type.split(":")[1]}.js`.toLowerCase());
      const used = new Set(own.length === 0 ? [] : [...own, ...beside]);
      const prefix = `@pulumi/${cloud}/`;
      const loaded = run.loaded.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length));
      expect(loaded.filter((file) => !used.has(file.toLowerCase()))).toEqual([]);
    }
  });
});

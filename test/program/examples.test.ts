// Every example stack by the program's production entry: its resource graph, and what holds for all of them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildSetup } from "../../infra/setup.ts";
import { golden, graphText } from "./golden.ts";
import type { LiveObjects, Registration } from "./monitor.ts";
import { KUBE_SYSTEM, type ProgramRun, readStackFile, repositoryRoot, runProgram } from "./program.ts";

/** Image repository -> its mutability, and its cache repository; what is existing is not made, and has none here. */
type Repositories = Readonly<Record<string, readonly [mutability: string | null, cache: string | null]>>;

const EXCLUDING = "IMMUTABLE_WITH_EXCLUSION";

/** Each example on AWS with its repositories. */
const EXAMPLES: Readonly<Record<string, Repositories>> = {
  "aws-dev": { "shop/api": [EXCLUDING, "shop/api/cache"], "shop/web": ["MUTABLE", "shop/web/cache"] },
  "aws-teams": {
    "checkout/api": [EXCLUDING, "checkout/api/cache"],
    "checkout/payments": [EXCLUDING, "checkout/payments/cache"],
    "search/api": [EXCLUDING, "search/api/cache"],
    "base/node": [EXCLUDING, "base/node/cache"],
  },
  "aws-podidentity": { "shop/api": [EXCLUDING, "shop/api/cache"], "shop/web": [EXCLUDING, "shop/web/cache"] },
  "aws-china": { "shop/api": [EXCLUDING, "shop/api/cache"] },
  "aws-central-registry": { "shop/api": [EXCLUDING, "shop/api/cache"], "shop/web": [EXCLUDING, "shop/web/cache"] },
  "aws-existing": { "shop/api": [null, "shop/api/cache"], "shop/web": ["MUTABLE", "shop/web/cache"] },
};

/** The cluster holds the namespaces that examples take as they are. */
const LIVE: LiveObjects = {
  ...KUBE_SYSTEM,
  "kubernetes:core/v1:Namespace::shop-dev": { metadata: { name: "shop-dev", labels: {} } },
};

test("every example stack is here, or is the embedded environment", () => {
  const files = readdirSync(join(repositoryRoot, "stacks")).flatMap(
    (file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [],
  );
  expect(files.filter((stack) => stack !== "local").sort()).toEqual(Object.keys(EXAMPLES).sort());
});

describe.each(Object.entries(EXAMPLES))("the stack %s", (stack, repositories) => {
  let run: ProgramRun;
  const ofType = (pattern: RegExp): Registration[] => run.registrations.filter(({ type }) => pattern.test(type));

  beforeAll(async () => {
    run = await runProgram({ stack, config: readStackFile(stack), live: LIVE });
    expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
  });

  test("is the graph that was reviewed (UPDATE_GOLDEN=1 writes it anew)", () => {
    expect(graphText(run)).toBe(golden(stack, graphText(run)));
    expect(buildSetup.parse(run.outputs.setup).environment).toBe(stack);
  });

  test("has each image repository beside its cache, which is like it but for its tags", () => {
    const made = new Map(ofType(/^aws:ecr\/repository:/).map((one) => [String(one.inputs.name), one]));
    const expected = Object.entries(repositories).flatMap(([image, [mutability, cache]]) => [
      ...(mutability === null ? [] : [image]),
      ...(cache === null ? [] : [cache]),
    ]);
    expect([...made.keys()].sort()).toEqual([...new Set(expected)].sort());
    for (const [image, [mutability, cache]] of Object.entries(repositories)) {
      const [own, sibling] = [made.get(image), made.get(cache ?? "")];
      expect(own?.inputs.imageTagMutability ?? null, image).toBe(mutability);
      expect(own?.inputs.imageTagMutabilityExclusionFilters, image).toEqual(
        mutability === EXCLUDING ? [{ filter: "_buildcache*", filterType: "WILDCARD" }] : undefined,
      );
      if (own !== undefined) expect(own.protect, image).toBe(true);
      if (cache === null) continue;
      expect(sibling?.inputs.imageTagMutability, cache).toBe("MUTABLE");
      expect(sibling?.inputs.imageTagMutabilityExclusionFilters, cache).toBeUndefined();
      expect(sibling?.protect, cache).toBe(false);
      if (own !== undefined) {
        expect(sibling?.inputs.encryptionConfigurations, cache).toEqual(own.inputs.encryptionConfigurations);
        expect(sibling?.provider, cache).toBe(own.provider);
      }
      const lifecycle = ofType(/^aws:ecr\/lifecyclePolicy:/).find(({ inputs }) => inputs.repository === cache);
      expect(JSON.parse(String(lifecycle?.inputs.policy)).rules, cache).toMatchObject([
        { selection: { tagStatus: "any", countType: "sinceImagePushed", countNumber: 14 }, action: { type: "expire" } },
      ]);
    }
  });

  test("gives every resource the provider of its account and region, a parent, and the name of its component", () => {
    const byUrn = new Map(run.registrations.map((one) => [one.urn, one]));
    for (const one of ofType(/^(aws|kubernetes):/)) {
      expect(one.provider, one.urn).not.toMatch(/^$|::default/);
      const parent = byUrn.get(one.parent);
      expect(parent, one.urn).toBeDefined();
      if (parent?.type.startsWith("pergola:infra:")) expect(one.name.startsWith(parent.name), one.urn).toBe(true);
    }
    for (const { inputs, urn } of ofType(/^pulumi:providers:aws$/)) {
      expect(JSON.parse(String(inputs.allowedAccountIds)), urn).toHaveLength(1);
    }
  });

  test("loads no SDK of another cloud, no compiler, and of AWS's only what it is made of", () => {
    // Pulumi's SDK carries a compiler, too, and npm, and loads them for any program.
    const unused = /^(@pulumi\/gcp|typescript|@typescript|@pulumi\/pulumi\/vendor|@npmcli\/arborist\/lib\/arborist)\//;
    expect(run.loaded.filter((file) => unused.test(file))).toEqual([]);
    const used = new Set(
      [...USED_BESIDE, ...ofType(/^aws:/).map(({ type }) => `${type.split(":")[1]}.js`)].map(
        (file) => `@pulumi/aws/${file}`,
      ),
    );
    const strange = run.loaded.filter((file) => file.startsWith("@pulumi/aws/") && !used.has(file));
    expect(strange).toEqual([]);
  });
});

/** Files of the SDK that every stack on AWS loads: ECR is one file of the program, with what all of its kinds need. */
const USED_BESIDE: readonly string[] = [
  ...["package.json", "utilities.js", "provider.js"],
  ...["ecr/repository.js", "ecr/lifecyclePolicy.js", "ecr/repositoryPolicy.js"],
];

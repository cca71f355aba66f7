// Roles of builders: their documents are no longer than IAM takes, or refused; and who builds what, as whom.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { placeBuild } from "../../../../builders/plan/placement.ts";
import { builderRolePolicy, builderTrust, existingRoleDocuments } from "../../../../infra/access/accessDocuments.ts";
import { documentsText, givenAwayText } from "../../../../infra/access/accessTexts.ts";
import { builderRoles } from "../../../../infra/access/builderRoles.ts";
import { makeBuildSetup } from "../../../../infra/buildSetup.ts";
import { egressOf } from "../../../../infra/cluster/egress.ts";
import type { StackConfig } from "../../../../infra/config.ts";
import { POLICY_LIMITS, policySize } from "../../../../infra/documents/aws/policyDocument.ts";
import { builderEgress } from "../../../../infra/documents/networkPolicy.ts";
import { awsConfig, awsProblems } from "../awsConfig.ts";
import type { Change } from "../config.ts";
import { mayAssume, mayDo } from "../policyJudge.ts";

const ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";

const setupOf = (config: StackConfig) => makeBuildSetup(config, { stack: "aws-dev", clusterUid: "uid" });

test("documents of any size are either within IAM's limits or refused", () => {
  const amounts = fc.record({
    namespaces: fc.integer({ min: 0, max: 40 }),
    patterns: fc.integer({ min: 0, max: 40 }),
    clusters: fc.integer({ min: 1, max: 6 }),
    repositories: fc.integer({ min: 1, max: 120 }),
    kind: fc.constantFrom("irsa", "podIdentity", "teams"),
  });
  const list = (count: number, name: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => name(index));
  const refused = { yes: 0, no: 0 };
  fc.assert(
    fc.property(amounts, ({ kind, ...count }) => {
      const change: Change = (it) => {
        const repositories = list(count.repositories, (index) => `shop/service-${index}`);
        const namespaces = ["shop-dev", ...list(count.namespaces, (index) => `shop-test-${index}`)];
        it["pergola:registry"].repositories = repositories;
        it["pergola:access"] = {
          kind: kind === "podIdentity" ? kind : "irsa",
          ...(kind === "podIdentity"
            ? {}
            : {
                oidcProviders: list(
                  count.clusters,
                  (index) => `arn:aws:iam::123456789012:oidc-provider/${ISSUER}${index}`,
                ),
              }),
          ...(kind === "teams" ? { teams: { shop: { namespaces, repositories } } } : { namespaces }),
          ...(kind === "irsa" ? { namespacePatterns: list(count.patterns, (index) => `shop-${index}-*`) } : {}),
        };
      };
      const problems = awsProblems(change);
      refused[problems.length > 0 ? "yes" : "no"]++;
      for (const problem of problems) expect(problem).toMatch(/: make a (trust document|policy) of \d+ characters/);
      if (problems.length > 0) return;
      const config = awsConfig(change);
      for (const role of builderRoles(config, "aws-dev")) {
        expect(policySize(builderTrust(config, role))).toBeLessThanOrEqual(POLICY_LIMITS.trust);
        expect(policySize(builderRolePolicy(config, role.repositories))).toBeLessThanOrEqual(POLICY_LIMITS.inline);
      }
    }),
    { numRuns: 150 },
  );
  expect(refused.yes).toBeGreaterThan(0);
  expect(refused.no).toBeGreaterThan(0);
});

describe("teams", () => {
  const config = awsConfig((it) => {
    const access = it["pergola:access"];
    delete access.namespaces;
    access.namespacePatterns = [];
    access.teams = {
      shop: { namespaces: ["shop-dev", "shop-project"], repositories: ["shop/api"], role: { path: "/builders/" } },
      web: { namespaces: ["web-dev"], repositories: ["shop/web", "shop/api"] },
    };
    const names = ["shop-dev", { name: "web-dev", images: ["shop/web"] }];
    it["pergola:builder"].modes["cluster-buildkit"].namespaces = names;
  });

  test("give the account of each namespace its team's role, and its builds the team's images", () => {
    const { namespaces } = setupOf(config).builders.modes["cluster-buildkit"]!;
    const account = "arn:aws:iam::123456789012:role";
    expect(namespaces.map(({ name, team, annotations, images }) => ({ name, team, annotations, images }))).toEqual([
      {
        name: "shop-dev",
        team: "shop",
        annotations: { "eks.amazonaws.com/role-arn": `${account}/builders/aws-dev-builder-shop` },
        images: ["shop/api"],
      },
      {
        name: "web-dev",
        team: "web",
        annotations: { "eks.amazonaws.com/role-arn": `${account}/aws-dev-builder-web` },
        images: ["shop/web"],
      },
    ]);
  });

  test("have the runner refuse early what a team may not push", () => {
    const place = (image: string, namespace: string) =>
      placeBuild(setupOf(config), "cluster-buildkit", image, { namespace, contextNamespace: null });
    expect(place("shop/api", "shop-dev").namespace.team).toBe("shop");
    expect(() => place("shop/web", "shop-dev")).toThrow(
      "Image shop/web may not be built in namespace shop-dev (allowed: shop/api).",
    );
  });

  test("may share a repository: both push", async () => {
    const arn = "arn:aws:ecr:eu-central-1:123456789012:repository/shop/api";
    for (const { repositories } of builderRoles(config, "aws-dev")) {
      expect(await mayDo(builderRolePolicy(config, repositories), "ecr:PutImage", arn)).toBe(true);
    }
  });
});

test("without teams an entry's own team and images stay", () => {
  const config = awsConfig((it) => {
    const entry = { name: "shop-dev", team: "people", images: ["shop/api"] };
    it["pergola:builder"].modes["cluster-buildkit"].namespaces = [entry];
  });
  const [namespace] = setupOf(config).builders.modes["cluster-buildkit"]!.namespaces;
  expect(namespace).toMatchObject({ team: "people", images: ["shop/api"] });
});

describe("an existing role", () => {
  const ROLE = "arn:aws:iam::999999999999:role/builders";
  const existing = (more: object): Change => {
    return (it) => {
      it["pergola:access"] = { kind: "existing", role: ROLE, namespacePatterns: ["shop-preview-*"], ...more };
    };
  };

  test("is told exactly what to allow and to trust", async () => {
    const oidcProviders = [`arn:aws:iam::999999999999:oidc-provider/${ISSUER}`];
    const config = awsConfig(existing({ oidcProviders }));
    const { allow, trust } = existingRoleDocuments(config)!;
    expect(documentsText(config)).toBe(
      `${ROLE} is not this stack's. For builders to push it has to allow\n${JSON.stringify(allow, null, 2)}\n` +
        `and to trust\n${JSON.stringify(trust, null, 2)}`,
    );
    const repository = "arn:aws:ecr:eu-central-1:123456789012:repository/shop/api";
    expect(await mayDo(allow, "ecr:PutImage", `${repository}/cache`)).toBe(true);
    expect(await mayDo(allow, "ecr:PutImage", `${repository}-other`)).toBe(false);
    for (const [namespace, allowed] of [
      ["shop-dev", true],
      ["shop-preview-1", true],
      ["other", false],
    ] as const) {
      const subject = `system:serviceaccount:${namespace}:garden-in-cluster-builder`;
      const token = { issuer: ISSUER, subject, audience: "sts.amazonaws.com", roleAccount: "999999999999" };
      expect(await mayAssume(trust, token)).toBe(allowed);
    }
  });

  test("has a place for the issuer, where the stack file has no provider", () => {
    const text = documentsText(awsConfig(existing({})))!;
    expect(text).toContain('"Federated": "arn:aws:iam::999999999999:oidc-provider/ISSUER"');
    expect(text).toContain('"ISSUER:aud": "sts.amazonaws.com"');
    expect(text.split("\n").at(-1)).toBe(
      "ISSUER is the cluster's (aws eks describe-cluster --query cluster.identity.oidc.issuer, without https://); with " +
        "pergola:access.oidcProviders it is written in here",
    );
    expect(documentsText(awsConfig())).toBeNull();
  });
});

describe("what any namespace gives away", () => {
  const anyNamespace: Change = (it) => {
    it["pergola:access"].namespacePatterns = ["*"];
    it["pergola:access"].allowAnyNamespace = true;
  };

  test("is said of the role that is made, and of one that is there", () => {
    const said = (arn: string) =>
      "any namespace of the cluster may push images (pergola:access.allowAnyNamespace): whoever may make service accounts and pods in " +
      `one, as Kubernetes' own role edit allows, can become ${arn}. That gives them: overwriting tags that may be moved, writing ` +
      "caches that other builds import, pulling every repository of this stack, and a login to the registry that lasts 12 hours, also " +
      'outside of the cluster. A common part ("team-*") or a list of namespaces gives away less';
    expect(givenAwayText(awsConfig(anyNamespace), "aws-dev")).toBe(
      said("arn:aws:iam::123456789012:role/aws-dev-builder"),
    );
    const role = "arn:aws:iam::123456789012:role/builders";
    const existing = awsConfig((it) => {
      it["pergola:access"] = { kind: "existing", role, namespacePatterns: ["*"], allowAnyNamespace: true };
    });
    expect(givenAwayText(existing, "aws-dev")).toBe(said(role));
  });

  test("is nothing of patterns that say something", () => {
    expect(givenAwayText(awsConfig(), "aws-dev")).toBeNull();
  });
});

describe("builders reach what gives them their role", () => {
  const egress = (change: Change) => builderEgress(egressOf(awsConfig(change))).egress!;
  const open = (change: Change, address: string, port: number) =>
    egress(change).some(
      ({ to = [], ports = [] }) =>
        ports.some((one) => one.port === port) &&
        to.some(({ ipBlock }) => ipBlock !== undefined && contains(ipBlock, address)),
    );
  const contains = ({ cidr, except = [] }: { cidr: string; except?: string[] }, address: string): boolean => {
    const bits = (text: string) => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    const [base, length] = cidr.split("/") as [string, string];
    const size = 2 ** (32 - Number(length));
    const inside = Math.floor(bits(base) / size) === Math.floor(bits(address) / size);
    return inside && !except.some((one) => contains({ cidr: one }, address));
  };
  const podIdentity: Change = (it) => {
    it["pergola:access"] = { kind: "podIdentity" };
  };
  const noInternet =
    (change: Change): Change =>
    (it) => {
      change(it);
      it["pergola:cluster"].guardrails = { internet: false };
    };

  test("the agent of Pod Identity where that is used, and only there", () => {
    for (const change of [podIdentity, noInternet(podIdentity)]) expect(open(change, "169.254.170.23", 80)).toBe(true);
    for (const change of [() => {}, noInternet(() => {})]) expect(open(change, "169.254.170.23", 80)).toBe(false);
    expect(open(podIdentity, "169.254.170.23", 443)).toBe(false);
  });

  test("never the metadata service, which hands out the node's role", () => {
    for (const change of [() => {}, podIdentity, noInternet(podIdentity), noInternet(() => {})]) {
      for (const port of [80, 443]) expect(open(change, "169.254.169.254", port)).toBe(false);
      expect(open(change, "169.254.170.2", 80)).toBe(false);
    }
  });

  test("the token service of IRSA, also where the web is closed: the registry's name has no address to narrow port 443 to", () => {
    expect(
      open(
        noInternet(() => {}),
        "52.94.0.1",
        443,
      ),
    ).toBe(true);
    expect(
      open(
        noInternet(() => {}),
        "52.94.0.1",
        80,
      ),
    ).toBe(false);
  });
});

// Who may become the role of builders, by the real documents of stack files, judged by a simulator of IAM.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builderTrust } from "../../../../../infra/access/accessDocuments.ts";
import { builderRoles } from "../../../../../infra/access/builderRoles.ts";
import { irsaTrust, podIdentityTrust } from "../../../../../infra/documents/aws/builderTrust.ts";
import {
  POLICY_LIMITS,
  policySize,
  policyText,
  type TrustDocument,
} from "../../../../../infra/documents/aws/policyDocument.ts";
import { matchesPattern } from "../../../../../infra/documents/namespacePattern.ts";
import { awsConfig } from "../../awsConfig.ts";
import type { Change } from "../../config.ts";
import { mayAssume, mayAssumeForPod, type Token } from "../../policyJudge.ts";

const ID = "id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const DEV = `oidc.eks.eu-central-1.amazonaws.com/${ID}`;
const STAGING = "oidc.eks.eu-west-1.amazonaws.com/id/STAGING";
const CHINA = `oidc.eks.cn-north-1.amazonaws.com.cn/${ID}`;
const BUILDER = "garden-in-cluster-builder";
const STS = "sts.amazonaws.com";
const provider = (issuer: string, partition = "aws") => `arn:${partition}:iam::123456789012:oidc-provider/${issuer}`;

function trustOf(change: Change, team: string | null = null): TrustDocument {
  const config = awsConfig(change);
  const role = builderRoles(config, "aws-dev").find((one) => one.team === team)!;
  return builderTrust(config, role);
}

const token = (namespace: string, account: string, audience: string, issuer: string): Token => ({
  ...{ issuer, audience },
  subject: `system:serviceaccount:${namespace}:${account}`,
  partition: issuer === CHINA ? "aws-cn" : "aws",
});

const TEAMS: Change = (it) => {
  delete it["pergola:access"].namespaces;
  it["pergola:access"].namespacePatterns = [];
  it["pergola:access"].teams = {
    shop: { namespaces: ["shop-dev"], repositories: ["shop/api"] },
    web: { namespaces: ["web-dev", "web-test"], repositories: ["shop/web"] },
  };
};

/** document, namespace, account, audience, issuer, allowed */
type Row = [string, string, string, string, string, boolean];

const documents: Readonly<Record<string, TrustDocument>> = {
  "aws-dev": trustOf(() => {}),
  "team shop": trustOf(TEAMS, "shop"),
  "team web": trustOf(TEAMS, "web"),
  "two clusters": trustOf((it) => {
    it["pergola:access"].oidcProviders.push({ create: true, issuer: `https://${STAGING}` });
  }),
  patterns: trustOf((it) => {
    it["pergola:access"].namespacePatterns = ["team-?", "*-ci", "k*", "d*"];
  }),
  any: trustOf((it) => {
    it["pergola:access"].namespacePatterns = ["*"];
    it["pergola:access"].allowAnyNamespace = true;
  }),
  china: trustOf((it) => {
    it["pergola:registry"].region = "cn-north-1";
    it["pergola:cluster"].eks.region = "cn-north-1";
    it["pergola:access"].oidcProviders = [{ create: true, issuer: `https://${CHINA}` }];
    delete it["pergola:access"].ci;
  }),
};

const rows: Row[] = [
  ["aws-dev", "shop-dev", BUILDER, STS, DEV, true],
  ["aws-dev", "shop-preview-1", BUILDER, STS, DEV, true],
  ["aws-dev", "shop-preview-", BUILDER, STS, DEV, true],
  ["aws-dev", "shop-preview", BUILDER, STS, DEV, false],
  ["aws-dev", "shop-dev-2", BUILDER, STS, DEV, false],
  ["aws-dev", "my-shop-dev", BUILDER, STS, DEV, false],
  ["aws-dev", "my-shop-preview-1", BUILDER, STS, DEV, false],
  ["aws-dev", "SHOP-DEV", BUILDER, STS, DEV, false],
  ["aws-dev", "*", BUILDER, STS, DEV, false],
  ["aws-dev", "shop-preview-*", BUILDER, STS, DEV, true],
  ["aws-dev", "shop-d?v", BUILDER, STS, DEV, false],
  ["aws-dev", "", BUILDER, STS, DEV, false],
  ["aws-dev", "default", BUILDER, STS, DEV, false],
  ["aws-dev", "kube-system", BUILDER, STS, DEV, false],
  ["aws-dev", "shop-dev", "default", STS, DEV, false],
  ["aws-dev", "shop-dev", "ecr-poweruser", STS, DEV, false],
  ["aws-dev", "shop-dev", "garden-in-cluster-builder-2", STS, DEV, false],
  ["aws-dev", "shop-dev", `x:${BUILDER}`, STS, DEV, false],
  ["aws-dev", "shop-preview-1", "default", STS, DEV, false],
  ["aws-dev", "shop-dev", BUILDER, "sts.amazonaws.com.cn", DEV, false],
  ["aws-dev", "shop-dev", BUILDER, "https://kubernetes.default.svc", DEV, false],
  ["aws-dev", "shop-preview-1", BUILDER, "sigstore", DEV, false],
  ["aws-dev", "shop-dev", BUILDER, "*", DEV, false],
  ["aws-dev", "shop-dev", BUILDER, STS, STAGING, false],
  ["aws-dev", "shop-preview-1", BUILDER, STS, `${DEV}2`, false],
  ["aws-dev", "shop-dev", BUILDER, STS, "oidc.eks.eu-central-1.amazonaws.com", false],
  ["team shop", "shop-dev", BUILDER, STS, DEV, true],
  ["team shop", "web-dev", BUILDER, STS, DEV, false],
  ["team shop", "shop-preview-1", BUILDER, STS, DEV, false],
  ["team web", "web-dev", BUILDER, STS, DEV, true],
  ["team web", "web-test", BUILDER, STS, DEV, true],
  ["team web", "shop-dev", BUILDER, STS, DEV, false],
  ["team web", "web", BUILDER, STS, DEV, false],
  ["two clusters", "shop-dev", BUILDER, STS, DEV, true],
  ["two clusters", "shop-dev", BUILDER, STS, STAGING, true],
  ["two clusters", "shop-preview-1", BUILDER, STS, STAGING, true],
  ["two clusters", "other", BUILDER, STS, STAGING, false],
  ["two clusters", "shop-dev", "default", STS, STAGING, false],
  ["two clusters", "shop-dev", BUILDER, STS, "oidc.eks.eu-west-1.amazonaws.com/id/OTHER", false],
  ["patterns", "team-a", BUILDER, STS, DEV, true],
  ["patterns", "team-ab", BUILDER, STS, DEV, false],
  ["patterns", "team-", BUILDER, STS, DEV, false],
  ["patterns", "shop-ci", BUILDER, STS, DEV, true],
  ["patterns", "-ci", BUILDER, STS, DEV, true],
  ["patterns", "shop-ci-2", BUILDER, STS, DEV, false],
  ["patterns", "kube-ci", BUILDER, STS, DEV, false],
  ["patterns", "kube-system", BUILDER, STS, DEV, false],
  ["patterns", "kube-", BUILDER, STS, DEV, false],
  ["patterns", "kubernetes", BUILDER, STS, DEV, true],
  ["patterns", "default", BUILDER, STS, DEV, false],
  ["patterns", "default-2", BUILDER, STS, DEV, true],
  ["patterns", "team-a", "default", STS, DEV, false],
  ["any", "whatever", BUILDER, STS, DEV, true],
  ["any", "kube-system", BUILDER, STS, DEV, false],
  ["any", "kube-node-lease", BUILDER, STS, DEV, false],
  ["any", "default", BUILDER, STS, DEV, false],
  ["any", "whatever", "default", STS, DEV, false],
  ["any", "whatever", BUILDER, "sigstore", DEV, false],
  ["china", "shop-dev", BUILDER, STS, CHINA, true],
  ["china", "shop-dev", BUILDER, "sts.amazonaws.com.cn", CHINA, false],
  ["china", "shop-dev", BUILDER, STS, DEV, false],
];

describe("by IRSA", () => {
  test.each(rows)("%s: %s %s for %s of %s: %s", async (document, namespace, account, audience, issuer, allowed) => {
    expect(await mayAssume(documents[document]!, token(namespace, account, audience, issuer))).toBe(allowed);
  });

  test("not with a provider of the same issuer in another account", async () => {
    const own = token("shop-dev", BUILDER, STS, DEV);
    expect(await mayAssume(documents["aws-dev"]!, own)).toBe(true);
    expect(await mayAssume(documents["aws-dev"]!, { ...own, account: "999999999999" })).toBe(false);
  });

  test("in every statement the audience is compared as a whole", () => {
    for (const document of Object.values(documents)) {
      for (const { Condition, Principal } of document.Statement) {
        const issuer = (Principal as { Federated: string }).Federated.split("oidc-provider/")[1];
        expect(Condition.StringEquals![`${issuer}:aud`]).toBe(STS);
      }
    }
  });

  test("patterns have a guard where they could match what they never may", () => {
    const guards = (namespacePatterns: string[]) =>
      irsaTrust({ providers: [provider(DEV)], namespaces: [], namespacePatterns }).Statement.map(
        ({ Condition }) => Condition.StringNotLike?.[`${DEV}:sub`],
      );
    const [kube, standard] = ["kube-*", "default"].map((namespace) => `system:serviceaccount:${namespace}:${BUILDER}`);
    expect(guards(["shop-preview-*"])).toEqual([undefined]);
    expect(guards(["kub?-*", "shop-*"])).toEqual([[kube]]);
    expect(guards(["de*"])).toEqual([[standard]]);
    expect(guards(["*"])).toEqual([[standard, kube]]);
  });

  test("two clusters with a list and a pattern fit", () => {
    expect(policySize(documents["two clusters"]!)).toBeLessThan(POLICY_LIMITS.trust);
  });
});

const name = fc
  .stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
  .filter((text) => !/^(kube-|default$)/.test(text));
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 8 });

describe("any list of namespaces", () => {
  test("admits each of them, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(names, name, async (namespaces, other) => {
        const trust = irsaTrust({ providers: [provider(DEV)], namespaces, namespacePatterns: [] });
        for (const namespace of [...namespaces, other]) {
          const allowed = await mayAssume(trust, token(namespace, BUILDER, STS, DEV));
          expect(allowed).toBe(namespaces.includes(namespace));
          expect(await mayAssume(trust, token(namespace, "default", STS, DEV))).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("is the same text in any order", () => {
    fc.assert(
      fc.property(
        names,
        names,
        fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        (namespaces, others, ids, seed) => {
          const namespacePatterns = others.map((other) => `${other}-*`);
          const providers = ids.map((id) => provider(`oidc.example/${id}`));
          const turned = <T>(list: readonly T[]): T[] => [
            ...list.slice(seed % list.length),
            ...list.slice(0, seed % list.length),
          ];
          const text = policyText(irsaTrust({ providers, namespaces, namespacePatterns }));
          const other = irsaTrust({
            providers: turned(providers).reverse(),
            namespaces: [...turned(namespaces), ...namespaces],
            namespacePatterns: turned(namespacePatterns).reverse(),
          });
          expect(policyText(other)).toBe(text);
        },
      ),
    );
  });
});

test("any patterns: kube-* and default are never admitted, and other namespaces when a pattern matches them", async () => {
  const pattern = fc.stringMatching(/^[kubedflt*?-]{1,7}$/).filter((text) => /[*?]/.test(text));
  const namespace = fc.oneof(
    fc.constantFrom("default", "kube-", "kube-system", "kubed", "kub", "defaul", "defaults"),
    name,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(pattern, { minLength: 1, maxLength: 4 }),
      namespace,
      async (namespacePatterns, found) => {
        const trust = irsaTrust({ providers: [provider(DEV)], namespaces: [], namespacePatterns });
        const matched = namespacePatterns.some((one) => matchesPattern(one, found));
        const kept = found === "default" || found.startsWith("kube-");
        expect(await mayAssume(trust, token(found, BUILDER, STS, DEV))).toBe(matched && !kept);
      },
    ),
    { numRuns: 200 },
  );
});

describe("by Pod Identity", () => {
  const cluster = "arn:aws:eks:eu-central-1:123456789012:cluster/dev";
  const trust = trustOf((it) => {
    it["pergola:access"] = { kind: "podIdentity" };
  });

  test.each([
    ["shop-dev", BUILDER, cluster, "pods.eks.amazonaws.com", true],
    ["shop-preview-1", BUILDER, cluster, "pods.eks.amazonaws.com", false],
    ["shop-dev", "default", cluster, "pods.eks.amazonaws.com", false],
    ["shop-dev", BUILDER, `${cluster}-2`, "pods.eks.amazonaws.com", false],
    ["shop-dev", BUILDER, cluster, "ec2.amazonaws.com", false],
    ["*", BUILDER, cluster, "pods.eks.amazonaws.com", false],
  ])("%s %s of %s, by %s: %s", async (namespace, account, of, service, allowed) => {
    expect(await mayAssumeForPod(trust, { cluster: of, namespace, account }, service)).toBe(allowed);
  });

  test("is the same text in any order", () => {
    const text = policyText(podIdentityTrust({ cluster, namespaces: ["a", "b"] }));
    expect(policyText(podIdentityTrust({ cluster, namespaces: ["b", "a", "b"] }))).toBe(text);
  });
});

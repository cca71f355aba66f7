// Roles, OIDC providers, associations and access entries, as the program registers them by its production entry.
import { describe, expect, test } from "vitest";
import { type ProgramRun, readStackFile, runProgram, type StackFileConfig } from "./program.ts";

const ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";

// biome-ignore lint/suspicious/noExplicitAny: parts of a stack file
type Change = (config: any) => void;

async function run(change: Change = () => {}): Promise<ProgramRun> {
  const config: StackFileConfig = readStackFile("aws-dev");
  change(config);
  // Nodes have tests and roles of their own.
  Object.assign(config["pergola:cluster"] as object, {
    context: "pergola-local",
    builderNodes: [{ kind: "existing" }],
  });
  const done = await runProgram({ stack: "aws-dev", config });
  expect(done.exitCode, JSON.stringify(done.messages) + done.stderr).toBe(0);
  return done;
}

/** In an order of its own: the engine gets what does not depend on each other as it comes. */
const inOrder = (rows: unknown[][]) => [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** What was registered of IAM and of EKS's access, but for documents, which have tests of their own. */
function access({ registrations }: ProgramRun): unknown[][] {
  const rows = registrations
    .filter(({ type }) => /^aws:(iam|eks\/(podIdentity|accessEntry))|^pergola:infra:(Builder|PodId|CiId)/.test(type))
    .filter(({ type }) => !/^pergola:infra:Builder(Namespace|Account)/.test(type))
    .map(({ type, name, inputs }) => {
      const { assumeRolePolicy: _, policy: __, ...rest } = inputs;
      return [type.split(":").at(-1), name, rest];
    });
  return inOrder(rows);
}

const ROLE = { path: "/", maxSessionDuration: 3600 };

describe("the stack aws-dev", () => {
  test("has one role with one policy, and CI's role with its way into the cluster", async () => {
    const done = await run();
    expect(access(done)).toEqual(
      inOrder([
        ["BuilderAccess", "builder-access", {}],
        ["CiIdentity", "ci-identity", {}],
        [
          "Role",
          "builder-access-role",
          {
            ...ROLE,
            name: "aws-dev-builder",
            description: "Image builders of the stack aws-dev: they push and pull its images",
          },
        ],
        [
          "Role",
          "ci-identity-role",
          { ...ROLE, name: "aws-dev-ci", description: "CI jobs that build with the stack aws-dev" },
        ],
        ["RolePolicy", "builder-access-policy", { name: "push-and-pull-images", role: "aws-dev-builder" }],
        [
          "AccessEntry",
          "ci-identity-entry",
          {
            clusterName: "dev",
            kubernetesGroups: ["pergola:ci:aws-dev"],
            principalArn: "arn:aws:iam::123456789012:role/aws-dev-ci",
            type: "STANDARD",
          },
        ],
      ]),
    );
    expect(done.messages).toEqual([]);
  });

  const inAnotherAccount: Change = (it) => {
    it["pergola:registry"].account = "999999999999";
    it["pergola:cluster"].eks.account = "123456789012";
  };
  const as = (role: string) => ({ role: `arn:aws:iam::123456789012:role/${role}` });
  const providerOf = (done: ProgramRun, types: RegExp) =>
    new Set(
      done.registrations.filter(({ type }) => types.test(type)).map(({ provider }) => provider?.split("::").at(-2)),
    );

  test("makes everything by the provider of the cluster's account, called the same whomever it acts as", async () => {
    const done = await run((it) => {
      inAnotherAccount(it);
      it["pergola:cluster"].eks.assumeRole = as("provisioner");
    });
    expect(providerOf(done, /^aws:(iam|eks)/)).toEqual(new Set(["aws-123456789012-eu-central-1"]));
    expect(providerOf(done, /^aws:ecr/)).toEqual(new Set(["aws-999999999999-eu-central-1"]));
  });

  test("has two providers in one place where registry and cluster are provisioned as somebody else", async () => {
    const done = await run((it) => {
      it["pergola:registry"].assumeRole = as("registry/provisioner");
      it["pergola:cluster"].eks.assumeRole = as("cluster/provisioner");
    });
    expect(providerOf(done, /^aws:ecr/)).toEqual(new Set(["aws-123456789012-eu-central-1"]));
    expect(providerOf(done, /^aws:(iam|eks)/)).toEqual(new Set(["aws-123456789012-eu-central-1-2"]));
  });
});

test("OIDC providers are made from issuers, without thumbprints, before the roles that trust them", async () => {
  const done = await run((it) => {
    it["pergola:access"].oidcProviders = [{ create: true, issuer: `https://${ISSUER}` }];
    it["pergola:access"].ci.github.oidcProvider = { create: true };
  });
  const providers = done.registrations.filter(({ type }) => type.includes("openIdConnectProvider"));
  expect(providers.map(({ name, inputs }) => [name, inputs])).toEqual([
    [`oidc-${ISSUER}`, { url: `https://${ISSUER}`, clientIdLists: ["sts.amazonaws.com"] }],
    ["ci-identity-oidc", { url: "https://token.actions.githubusercontent.com", clientIdLists: ["sts.amazonaws.com"] }],
  ]);
  const role = (name: string) => done.registrations.find((one) => one.name === name)!;
  expect(role("builder-access-role").dependencies).toContain(providers[0]!.urn);
  expect(role("ci-identity-role").dependencies).toContain(providers[1]!.urn);
  expect(role("builder-access-role").inputs.assumeRolePolicy).toContain(
    `arn:aws:iam::123456789012:oidc-provider/${ISSUER}`,
  );
});

test("Pod Identity has an association for each namespace, and a role for each team", async () => {
  const done = await run((it) => {
    it["pergola:access"] = {
      kind: "podIdentity",
      teams: {
        shop: { namespaces: ["shop-dev", "shop-project"], repositories: ["shop/api"] },
        web: {
          namespaces: ["web-dev"],
          repositories: ["shop/web"],
          role: {
            name: "web",
            path: "/a/",
            permissionsBoundary: "arn:aws:iam::123456789012:policy/b",
            maxSessionSeconds: 7200,
            tags: { team: "web" },
          },
        },
      },
    };
  });
  const role = (team: string) => `Image builders of team ${team} of the stack aws-dev: they push and pull its images`;
  const association = { clusterName: "dev", serviceAccount: "garden-in-cluster-builder" };
  const arn = "arn:aws:iam::123456789012:role";
  expect(access(done).filter(([type]) => !String(type).startsWith("Builder"))).toEqual(
    inOrder([
      ["PodIdentity", "pod-identity", {}],
      ["Role", "builder-access-shop-role", { ...ROLE, name: "aws-dev-builder-shop", description: role("shop") }],
      [
        "Role",
        "builder-access-web-role",
        {
          name: "web",
          path: "/a/",
          description: role("web"),
          maxSessionDuration: 7200,
          tags: { team: "web" },
          permissionsBoundary: "arn:aws:iam::123456789012:policy/b",
        },
      ],
      ["RolePolicy", "builder-access-shop-policy", { name: "push-and-pull-images", role: "aws-dev-builder-shop" }],
      ["RolePolicy", "builder-access-web-policy", { name: "push-and-pull-images", role: "web" }],
      [
        "PodIdentityAssociation",
        "pod-identity-shop-dev",
        { ...association, namespace: "shop-dev", roleArn: `${arn}/aws-dev-builder-shop` },
      ],
      [
        "PodIdentityAssociation",
        "pod-identity-shop-project",
        { ...association, namespace: "shop-project", roleArn: `${arn}/aws-dev-builder-shop` },
      ],
      [
        "PodIdentityAssociation",
        "pod-identity-web-dev",
        { ...association, namespace: "web-dev", roleArn: `${arn}/a/web` },
      ],
    ]),
  );
});

test("a role that is there is not touched: what it needs is said, and nothing of AWS's access is made", async () => {
  const role = "arn:aws:iam::123456789012:role/builders";
  const done = await run((it) => {
    it["pergola:access"] = { kind: "existing", role };
  });
  expect(access(done)).toEqual([]);
  expect(done.messages).toHaveLength(1);
  expect(done.messages[0]!.severity).toBe("INFO");
  expect(done.messages[0]!.text).toContain(`${role} is not this stack's. For builders to push it has to allow`);
});

test("CI's role that is there gets an access entry and nothing else", async () => {
  const role = "arn:aws:iam::999999999999:role/jobs";
  const done = await run((it) => {
    it["pergola:access"] = { kind: "existing", role: "arn:aws:iam::123456789012:role/builders", ci: { role } };
    it["pergola:cluster"].ci = { group: "builds" };
  });
  const entry = { clusterName: "dev", kubernetesGroups: ["builds"], principalArn: role, type: "STANDARD" };
  expect(access(done)).toEqual(
    inOrder([
      ["CiIdentity", "ci-identity", {}],
      ["AccessEntry", "ci-identity-entry", entry],
    ]),
  );
  const files = done.loaded.filter((file) => /^@pulumi\/aws\/(iam|eks)\//.test(file));
  expect(files).toEqual(["@pulumi/aws/eks/accessEntry.js"]);
});

test("any namespace is warned of", async () => {
  const done = await run((it) => {
    it["pergola:access"].namespacePatterns = ["*"];
    it["pergola:access"].allowAnyNamespace = true;
  });
  expect(done.messages.map(({ severity }) => severity)).toEqual(["WARNING"]);
  expect(done.messages[0]!.text).toContain("any namespace of the cluster may push images");
});

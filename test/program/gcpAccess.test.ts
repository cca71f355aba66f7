// The builders' service account, its rights and keys, and CI's identity, as the program registers them by its production entry.
import { beforeAll, describe, expect, test } from "vitest";
import { projectNumber } from "../engine/standin/gcp/values.ts";
import { isSecret, withoutSecrets } from "./monitor.ts";
import { type ProgramRun, readStackFile, runProgram, type StackFileConfig } from "./program.ts";

// biome-ignore lint/suspicious/noExplicitAny: parts of a stack file
type Change = (config: any) => void;

async function run(change: Change = () => {}, preview = false, environment = {}): Promise<ProgramRun> {
  const config: StackFileConfig = readStackFile("gcp-dev");
  // Nodes have tests of their own.
  (config["pergola:cluster"] as Record<string, unknown>).builderNodes = [{ kind: "existing" }];
  change(config);
  const done = await runProgram({ stack: "gcp-dev", config, preview, environment });
  expect(done.exitCode, JSON.stringify(done.messages) + done.stderr).toBe(0);
  return done;
}

/** Of the nodes here, which are somebody else's in another project than the registry. */
const NODES_NEED =
  "nodes that this stack does not make can pull only if their service account has roles/artifactregistry.reader";
/** What was said of identities. */
const ofIdentities = ({ messages }: ProgramRun) => messages.filter(({ text }) => !text.includes(NODES_NEED));

const OURS = /^gcp:(serviceaccount|artifactregistry\/repositoryIam|projects\/iAM|iam)/;

/** Type, name and inputs of what was registered of IAM, sorted: the engine gets what does not depend on each other as it comes. */
function identities({ registrations }: ProgramRun): unknown[][] {
  return registrations
    .filter(({ type }) => OURS.test(type) || /^pergola:infra:(Gcp(Builder|Ci)|ServiceAccount)/.test(type))
    .map(({ type, name, inputs }) => [type.split(":").at(-1), name, inputs])
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const find = ({ registrations }: ProgramRun, name: string) =>
  registrations.find((one) => one.custom && one.name === name)!;
const providerOf = (done: ProgramRun, name: string) => find(done, name).provider.split("::").at(-2);

const EMAIL = "gar-access@shop-registry.iam.gserviceaccount.com";
const GSA = `projects/shop-registry/serviceAccounts/${EMAIL}`;
const USER = "roles/iam.workloadIdentityUser";
const KEY = "shop-registry/europe-central2/shop";
const member = `serviceAccount:${EMAIL}`;
const builders = (namespace: string) =>
  `serviceAccount:shop-clusters.svc.id.goog[${namespace}/garden-in-cluster-builder]`;
const REPOSITORY = { project: "shop-registry", location: "europe-central2", repository: "shop" };

describe("the stack gcp-dev", () => {
  let done: ProgramRun;
  beforeAll(async () => {
    done = await run();
  });

  test("has one service account, its right to one repository, and one member for its namespace", () => {
    expect(identities(done)).toEqual([
      [
        "Account",
        "builder-access-account",
        {
          project: "shop-registry",
          accountId: "gar-access",
          displayName: "Image builders",
          description: "Image builders of the stack gcp-dev: they push and pull its images",
        },
      ],
      ["GcpBuilderAccess", "builder-access", {}],
      ["IAMMember", "builder-access-shop-dev", { serviceAccountId: GSA, role: USER, member: builders("shop-dev") }],
      [
        "RepositoryIamMember",
        `builder-access-${KEY}`,
        { ...REPOSITORY, role: "roles/artifactregistry.writer", member },
      ],
    ]);
    const account = find(done, "builder-access-account").urn;
    expect(find(done, "builder-access-account").dependencies).toEqual(
      ["iam", "iamcredentials"].map((api) => find(done, `access-apis-shop-registry-${api}`).urn),
    );
    const repository = done.registrations.find(
      ({ type }) => type === "gcp:artifactregistry/repository:Repository",
    )!.urn;
    expect(find(done, `builder-access-${KEY}`).dependencies).toEqual([account, repository].sort());
    expect(find(done, "builder-access-shop-dev").dependencies).toContain(account);
    expect(ofIdentities(done).map(({ severity }) => severity)).toEqual(["INFO"]);
    expect(ofIdentities(done)[0]!.text).toContain(
      "all clusters of shop-clusters share the pool shop-clusters.svc.id.goog",
    );
  });

  test("has its right by the repository's own id, so that the engine replaces it with the repository", () => {
    const right = find(done, `builder-access-${KEY}`);
    expect(right.propertyDependencies).toEqual({ repository: [find(done, "registry-shop").urn] });
  });

  test("has nothing that owns a whole policy or a role of one", () => {
    expect(done.registrations.filter(({ type }) => /iAM(Binding|Policy)|IamBinding|IamPolicy/.test(type))).toEqual([]);
  });

  test("has one member more for one namespace more, which the setup knows", async () => {
    const after = await run((it) => {
      it["pergola:access"].namespaces.push("shop-two");
      it["pergola:builder"].modes.kaniko.namespaces.push("shop-two");
    });
    const added = identities(after).filter((one) => !JSON.stringify(identities(done)).includes(JSON.stringify(one)));
    expect(added).toEqual([
      ["IAMMember", "builder-access-shop-two", { serviceAccountId: GSA, role: USER, member: builders("shop-two") }],
    ]);
    expect(identities(after)).toHaveLength(identities(done).length + 1);
    // biome-ignore lint/suspicious/noExplicitAny: the setup is checked elsewhere
    const { namespaces } = (after.outputs.setup as any).builders.modes.kaniko;
    expect(namespaces.map((one: { name: string }) => one.name)).toEqual(["shop-dev", "shop-two"]);
  });
});

test("a service account that is there is made a member, and nothing else of it is touched", async () => {
  const existing = "builder@shop-ops.iam.gserviceaccount.com";
  const done = await run((it) => (it["pergola:access"].serviceAccount = { existing }));
  expect(identities(done).map(([type, name]) => `${type} ${name}`)).toEqual([
    "GcpBuilderAccess builder-access",
    "IAMMember builder-access-shop-dev",
    `RepositoryIamMember builder-access-${KEY}`,
  ]);
  expect(find(done, "builder-access-shop-dev").inputs.serviceAccountId).toBe(
    `projects/shop-ops/serviceAccounts/${existing}`,
  );
  expect(providerOf(done, "builder-access-shop-dev")).toBe("gcp-shop-ops");
  expect(providerOf(done, `builder-access-${KEY}`)).toBe("gcp-shop-registry");
});

test("the providers are of their projects, whatever region, zone and project the environment names", async () => {
  const environment = { GOOGLE_PROJECT: "elsewhere", CLOUDSDK_COMPUTE_REGION: "us-east1", GOOGLE_ZONE: "us-east1-b" };
  const { registrations } = await run(() => {}, false, environment);
  const providers = registrations.filter(({ type }) => type === "pulumi:providers:gcp");
  expect(providers.map(({ name, inputs }) => [name, inputs]).sort()).toEqual(
    ["shop-clusters", "shop-registry"].map((project) => [`gcp-${project}`, { project }]),
  );
});

test("service accounts, pools and their providers that somebody disabled stay so", async () => {
  const done = await run((it) => {
    const jobs = { repository: "shop/monorepo", branches: ["main"], provider: { create: true } };
    it["pergola:access"].ci = { github: jobs };
  });
  // By their default the provider would enable them again after a refresh.
  for (const name of ["builder-access-account", "ci-identity-account", "ci-identity-pool", "ci-identity-github"])
    expect(find(done, name).ignoreChanges, name).toEqual(["disabled"]);
});

test("nodes of another project that the stack does not make are said to need a right, and those of the same are not", async () => {
  const about = ({ messages }: ProgramRun) => messages.filter(({ text }) => text.includes(NODES_NEED));
  expect(about(await run()).map(({ severity }) => severity)).toEqual(["INFO"]);
  expect(about(await run((it) => (it["pergola:cluster"].gke.project = "shop-registry")))).toEqual([]);
});

test("without an identity nothing of IAM is made, and it is said who builders then are", async () => {
  const done = await run((it) => (it["pergola:access"] = { kind: "none" }));
  expect(identities(done)).toEqual([]);
  expect(ofIdentities(done).map(({ severity }) => severity)).toEqual(["INFO"]);
  expect(ofIdentities(done)[0]!.text).toContain("pergola:access makes no identity for europe-central2-docker.pkg.dev");
});

test("no API is enabled where the file leaves that to others", async () => {
  const done = await run((it) => (it["pergola:registry"].enableApis = false));
  expect(done.registrations.filter(({ type }) => type.startsWith("gcp:projects/"))).toEqual([]);
  expect(find(done, "builder-access-account").dependencies).toEqual([]);
});

test("a right to a whole project is one member of it, and is warned of", async () => {
  const done = await run((it) => (it["pergola:access"].scope = "project"));
  expect(identities(done).filter(([type]) => String(type).endsWith("IamMember"))).toEqual([]);
  const { type, inputs } = find(done, "builder-access-project");
  expect(type).toBe("gcp:projects/iAMMember:IAMMember");
  expect(inputs).toEqual({ project: "shop-registry", role: "roles/artifactregistry.writer", member });
  expect(ofIdentities(done).map(({ severity }) => severity)).toEqual(["WARNING", "INFO"]);
  expect(ofIdentities(done)[0]!.text).toContain("builders may write to every repository of shop-registry");
});

describe("keys", () => {
  const key =
    (more: object): Change =>
    (it) => {
      it["pergola:access"] = { kind: "serviceAccountKey", serviceAccount: "gar-access", ...more };
    };
  const keysOf = (done: ProgramRun) =>
    done.registrations.filter(({ type }) => type === "gcp:serviceaccount/key:Key").map(({ name }) => name);
  const SECRET = "shop-dev-pull-secret";

  /** The login that builders get. */
  function login(done: ProgramRun): { host: string; username: string; password: string } {
    const { data } = find(done, SECRET).inputs;
    const entry = ((isSecret(data) ? data.value : data) as Record<string, unknown>)[".dockerconfigjson"];
    const config = JSON.parse(Buffer.from(String(isSecret(entry) ? entry.value : entry), "base64").toString());
    expect(Object.keys(config)).toEqual(["auths"]);
    const [[host, { auth }]] = Object.entries(config.auths) as [string, { auth: string }][] as [
      [string, { auth: string }],
    ];
    const text = Buffer.from(auth, "base64").toString();
    const colon = text.indexOf(":");
    return { host, username: text.slice(0, colon), password: text.slice(colon + 1) };
  }

  test.each([
    [{ rotation: 3 }, ["builder-key-3", "builder-key-2"]],
    [{ rotation: 3, keep: "none" }, ["builder-key-3"]],
  ])("of %j: there are %s, and builders have the first", async (more, names) => {
    const done = await run(key(more));
    expect(keysOf(done).sort()).toEqual([...names].sort());
    const present = find(done, names[0]!);
    expect(present.inputs).toEqual({ serviceAccountId: GSA });
    expect(present.dependencies).toContain(find(done, "builder-access-account").urn);
    expect(login(done)).toEqual({
      host: "europe-central2-docker.pkg.dev",
      username: "_json_key_base64",
      password: done.answers.get(present.urn)!.privateKey,
    });
    // The engine changes the Secret after it made the key, and deletes what is no longer there at its very end.
    expect(find(done, SECRET).dependencies).toContain(present.urn);
    for (const name of names.slice(1)) expect(find(done, SECRET).dependencies).not.toContain(find(done, name).urn);
  });

  test("are the JSON itself for _json_key", async () => {
    const done = await run(key({ rotation: 1, username: "_json_key" }));
    const { username, password } = login(done);
    expect(username).toBe("_json_key");
    expect(password).toBe(
      Buffer.from(String(done.answers.get(find(done, "builder-key-1").urn)!.privateKey), "base64").toString(),
    );
    expect(JSON.parse(password)).toMatchObject({ type: "service_account", client_email: EMAIL });
  });

  test.each([
    ["_json_key_base64", false],
    ["_json_key", true],
  ])("are nowhere but in what is marked secret, and are warned of: %s, preview: %s", async (username, preview) => {
    const done = await run(key({ rotation: 2, username }), preview);
    const keys = keysOf(done).map((name) => String(done.answers.get(find(done, name).urn)!.privateKey));
    const forms = keys.flatMap((base64) => {
      const json = Buffer.from(base64, "base64").toString();
      const auths = [`_json_key_base64:${base64}`, `_json_key:${json}`];
      return [base64, JSON.parse(json).private_key, ...auths.map((auth) => Buffer.from(auth).toString("base64"))];
    });
    // The docker config is in base64 as a whole, in which the key cannot be found.
    const { data } = find(done, SECRET).inputs;
    expect(isSecret(data)).toBe(true);
    forms.push(JSON.stringify(isSecret(data) ? data.value : data));
    const leaks = (value: unknown) => forms.filter((form) => JSON.stringify(value).includes(form));
    const asked = done.registrations;
    expect(leaks(asked)).not.toEqual([]);
    expect(leaks(withoutSecrets(asked, null))).toEqual([]);
    expect(leaks([done.outputs, done.messages, done.stdout, done.stderr])).toEqual([]);
    for (const name of keysOf(done)) expect(find(done, name).secretOutputs).toContain("privateKey");
    for (const { custom, inputs } of done.registrations) if (!custom) expect(inputs).toEqual({});
    expect(ofIdentities(done).map(({ severity }) => severity)).toEqual(["WARNING"]);
    expect(ofIdentities(done)[0]!.text).toContain("works from anywhere until it is deleted");
  });
});

describe("CI jobs", () => {
  const JOBS = "gcp-dev-ci@shop-clusters.iam.gserviceaccount.com";
  const POOL = `projects/${projectNumber("shop-clusters")}/locations/global/workloadIdentityPools/pergola-gcp-dev`;
  const ci =
    (said: object): Change =>
    (it) =>
      (it["pergola:access"].ci = said);
  const ofCi = (done: ProgramRun) => identities(done).filter(([, name]) => String(name).startsWith("ci-identity"));

  test("of GitHub become a service account of their own by tokens of their repository and branch alone", async () => {
    const done = await run(
      ci({ github: { repository: "shop/monorepo", branches: ["main"], tags: ["v1"], provider: { create: true } } }),
    );
    const asJob = (reference: string) => [
      "IAMMember",
      `ci-identity-repo:shop/monorepo:ref:refs/${reference}`,
      {
        serviceAccountId: `projects/shop-clusters/serviceAccounts/${JOBS}`,
        role: USER,
        member: `principal://iam.googleapis.com/${POOL}/subject/repo:shop/monorepo:ref:refs/${reference}`,
      },
    ];
    const description = "CI jobs that build with the stack gcp-dev";
    const displayName = "CI jobs that build images";
    expect(ofCi(done)).toEqual([
      [
        "Account",
        "ci-identity-account",
        { project: "shop-clusters", accountId: "gcp-dev-ci", displayName, description },
      ],
      ["GcpCiIdentity", "ci-identity", {}],
      [
        "IAMMember",
        "ci-identity-cluster",
        { project: "shop-clusters", role: "roles/container.clusterViewer", member: `serviceAccount:${JOBS}` },
      ],
      asJob("heads/main"),
      asJob("tags/v1"),
      [
        "WorkloadIdentityPool",
        "ci-identity-pool",
        { project: "shop-clusters", workloadIdentityPoolId: "pergola-gcp-dev", displayName, description },
      ],
      [
        "WorkloadIdentityPoolProvider",
        "ci-identity-github",
        {
          project: "shop-clusters",
          workloadIdentityPoolId: "pergola-gcp-dev",
          workloadIdentityPoolProviderId: "github",
          attributeMapping: { "google.subject": "assertion.sub" },
          attributeCondition:
            'assertion.repository == "shop/monorepo" && assertion.ref in ["refs/heads/main", "refs/tags/v1"]',
          oidc: { issuerUri: "https://token.actions.githubusercontent.com" },
        },
      ],
    ]);
    const first = find(done, "ci-identity-repo:shop/monorepo:ref:refs/heads/main");
    for (const name of ["ci-identity-account", "ci-identity-github"])
      expect(first.dependencies).toContain(find(done, name).urn);
    const apis = ["cloudresourcemanager", "iam", "iamcredentials", "sts"];
    for (const name of ["ci-identity-account", "ci-identity-pool", "ci-identity-cluster"]) {
      const urns = apis.map((api) => find(done, `access-apis-shop-clusters-${api}`).urn);
      expect(find(done, name).dependencies, name).toEqual(expect.arrayContaining(urns));
    }
    for (const [, name] of ofCi(done)) {
      if (name !== "ci-identity") expect(providerOf(done, String(name)), String(name)).toBe("gcp-shop-clusters");
    }
  });

  test("are bound to the minimal Role as the user that GKE takes them for, beside the group", async () => {
    const done = await run(ci({ serviceAccount: "jobs@shop-ops.iam.gserviceaccount.com" }));
    expect(ofCi(done).map(([, name]) => name)).toEqual(["ci-identity", "ci-identity-cluster"]);
    const subjects = [
      { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "pergola:ci:gcp-dev" },
      { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "jobs@shop-ops.iam.gserviceaccount.com" },
    ];
    const bindings = done.registrations.filter(({ type }) => /Binding$/.test(type));
    expect(bindings.map(({ type }) => type.split(":").at(-1)).sort()).toEqual(["ClusterRoleBinding", "RoleBinding"]);
    for (const { inputs } of bindings) expect(inputs.subjects).toEqual(subjects);
  });

  test("by a provider that is there make members of its pool, and no provider", async () => {
    const provider = "projects/99/locations/global/workloadIdentityPools/jobs/providers/gitlab";
    const existing = "jobs@shop-ops.iam.gserviceaccount.com";
    const done = await run(
      ci({ gitlab: { project: "shop/app", branches: ["main"], provider }, serviceAccount: { existing } }),
    );
    const name = "ci-identity-project_path:shop/app:ref_type:branch:ref:main";
    expect(ofCi(done).map(([, one]) => one)).toEqual(["ci-identity", "ci-identity-cluster", name]);
    expect(find(done, name).inputs).toEqual({
      serviceAccountId: `projects/shop-ops/serviceAccounts/${existing}`,
      role: USER,
      member:
        "principal://iam.googleapis.com/projects/99/locations/global/workloadIdentityPools/jobs/subject/project_path:shop/app:ref_type:branch:ref:main",
    });
    expect(providerOf(done, name)).toBe("gcp-shop-ops");
  });
});

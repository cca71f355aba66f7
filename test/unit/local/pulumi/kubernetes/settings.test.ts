import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readKubeconfig, selectCluster } from "../../../../../local/pulumi/kubernetes/kubeconfig.ts";
import { checkSettings, diffSettings, readSettings } from "../../../../../local/pulumi/kubernetes/settings.ts";
import { secret, unknown } from "../../../../../local/pulumi/wire.ts";

const kubeconfig = (server: string) => `
clusters: [{name: one, cluster: {server: "${server}"}}, {name: two, cluster: {server: "https://two"}}]
contexts: [{name: first, context: {cluster: one, user: me, namespace: team}}, {name: second, context: {cluster: two, user: me}}]
users: [{name: me, user: {token: t}}]
current-context: first
`;

describe("the provider's configuration", () => {
  test("switches come as JSON text, as the SDK sends them, or as booleans", () => {
    const inputs = {
      enableSecretMutable: "true",
      deleteUnreachable: true,
      upsertExistingObjects: "false",
      context: "c",
      version: "4.34.2",
    };
    expect(checkSettings(inputs)).toEqual([]);
    expect(readSettings(inputs)).toMatchObject({
      enableSecretMutable: true,
      deleteUnreachable: true,
      upsertExistingObjects: false,
      enableConfigMapMutable: false,
      context: "c",
    });
  });

  test.each([
    ["enableServerSideApply", "false", "leave enableServerSideApply out"],
    ["enablePatchForce", "true", "never forces"],
    ["renderYamlToDirectory", "/tmp/x", "renders no YAML"],
    ["kubeClientSettings", "{}", "nothing to tune"],
    ["clusterIdentifer", "x", "does not know the setting clusterIdentifer"],
    ["enableSecretMutable", "yes", 'must be true or false, found "yes"'],
    ["context", 1, "context must be a string"],
  ])("%s %j is refused by name", (property, value, reason) => {
    expect(checkSettings({ [property]: value })).toEqual([{ property, reason: expect.stringContaining(reason) }]);
  });

  test("what means nothing here passes: switches that are off, values that are not known yet", () => {
    expect(
      checkSettings({
        enablePatchForce: "false",
        alwaysRender: "false",
        enableServerSideApply: "true",
        kubeconfig: unknown,
      }),
    ).toEqual([]);
  });
});

describe("a changed configuration", () => {
  const diff = (olds: object, news: object) => diffSettings(olds as never, news as never, {});

  test("of the connection replaces everything when it leads to another cluster, and only then", () => {
    const olds = { kubeconfig: secret(kubeconfig("https://one")) };
    expect(diff(olds, { kubeconfig: kubeconfig("https://other") })).toEqual({
      changed: ["kubeconfig"],
      replaces: ["kubeconfig"],
    });
    expect(diff(olds, { kubeconfig: `${kubeconfig("https://one")}\n# comment` })).toEqual({
      changed: ["kubeconfig"],
      replaces: [],
    });
    expect(diff(olds, { ...olds, context: "second" })).toEqual({ changed: ["context"], replaces: ["context"] });
    expect(diff(olds, { ...olds, context: "nowhere" })).toEqual({ changed: ["context"], replaces: [] });
    expect(diff(olds, {})).toEqual({ changed: ["kubeconfig"], replaces: [] });
    expect(diff(olds, { kubeconfig: unknown })).toEqual({ changed: ["kubeconfig"], replaces: ["kubeconfig"] });
  });

  test("with a clusterIdentifier on both sides, only a change of that", () => {
    const olds = { kubeconfig: kubeconfig("https://one"), clusterIdentifier: "a" };
    const news = { kubeconfig: kubeconfig("https://other"), clusterIdentifier: "a" };
    expect(diff(olds, news)).toEqual({ changed: ["kubeconfig"], replaces: [] });
    expect(diff(olds, { ...olds, clusterIdentifier: "b" }).replaces).toEqual(["clusterIdentifier"]);
    expect(diff({ clusterIdentifier: "a" }, {}).replaces).toEqual([]);
    expect(diff({}, { clusterIdentifier: "a" }).replaces).toEqual([]);
  });
});

describe("kubeconfigs", () => {
  let folder: string;
  const [first, second] = ["first.yaml", "second.yaml"];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pergola-kubeconfig-"));
    await writeFile(join(folder, first), kubeconfig("https://one"));
    await writeFile(
      join(folder, second),
      'current-context: x\nclusters: [{name: one, cluster: {server: "https://ignored"}}, {name: three, cluster: {server: "https://three", certificate-authority: ca.pem}}]\n',
    );
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("content, a path, and KUBECONFIG with several paths of which the first wins", () => {
    expect(selectCluster(readKubeconfig(kubeconfig("https://one")), {})).toMatchObject({
      name: "one",
      namespace: "team",
      user: { token: "t" },
    });
    expect(selectCluster(readKubeconfig(join(folder, first)), { context: "second" }).cluster.server).toBe(
      "https://two",
    );
    const merged = readKubeconfig(undefined, {
      KUBECONFIG: `${join(folder, first)}:${join(folder, "none")}:${join(folder, second)}`,
    });
    expect(selectCluster(merged, {}).cluster.server).toBe("https://one");
    expect(selectCluster(merged, { cluster: "three" }).cluster).toEqual({
      server: "https://three",
      "certificate-authority": join(folder, "ca.pem"),
    });
  });

  test("what is missing is named, with what there is", () => {
    expect(() => readKubeconfig(join(folder, "none"))).toThrow(/none not found; set kubeconfig, or KUBECONFIG/);
    const config = readKubeconfig(join(folder, first));
    expect(() => selectCluster(config, { context: "third" })).toThrow('has no context "third"; it has first, second');
    expect(() => selectCluster(config, { cluster: "third" })).toThrow('has no cluster "third"; it has one, two');
  });

  test("a broken one is not quoted: it may hold credentials", () => {
    expect(() => readKubeconfig("clusters: [\n token: s3cret")).toThrow(/^the kubeconfig is not YAML$/);
  });
});

// Where secrets go: into Secrets, marked as such, and nowhere else.
import { beforeAll, describe, expect, test } from "vitest";
import { isSecret, withoutSecrets } from "./monitor.ts";
import { type ProgramRun, readStackFile, runProgram } from "./program.ts";

const SECRETS = { registryPassword: "canary-registry-77", hubPassword: "canary-hub-42" };
const CONFIG_PASSWORD = "canary-config-58";
/** A docker config that is a secret as a whole. */
const DOCKER_CONFIG = JSON.stringify({ auths: { "bases.example": { username: "reader", password: CONFIG_PASSWORD } } });
const KUBECONFIG_TOKEN = "canary-token-13";

/** Each secret as it is, and in the encodings that documents carry it in. */
const forms = [
  ...Object.values(SECRETS),
  KUBECONFIG_TOKEN,
  `builder:${SECRETS.registryPassword}`,
  `reader:${SECRETS.hubPassword}`,
  `reader:${CONFIG_PASSWORD}`,
  CONFIG_PASSWORD,
  DOCKER_CONFIG,
].flatMap((text) => [text, Buffer.from(text).toString("base64")]);

let run: ProgramRun;

beforeAll(async () => {
  const config = readStackFile("local");
  // biome-ignore lint/suspicious/noExplicitAny: as it stands in the file
  const { "pergola:registry": registry, "pergola:cluster": cluster } = config as any;
  registry.basicAuth = { username: "builder", passwordSecret: "registryPassword" };
  const logins = [{ host: "hub.example", username: "reader", passwordSecret: "hubPassword" }];
  cluster.pullSecret = { logins, dockerConfigSecrets: ["bases"] };
  cluster.pullSecrets = [{ namespaces: ["shop", "blog"], logins, dockerConfigSecrets: ["bases"] }];
  delete cluster.context;
  cluster.kubeconfigSecret = "kubeconfig";
  cluster.name = "dev";
  const kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "u", user: { token: KUBECONFIG_TOKEN } }],
  });
  run = await runProgram({ config, secrets: { ...SECRETS, bases: DOCKER_CONFIG, kubeconfig }, preview: true });
  expect(run.exitCode, JSON.stringify(run.messages) + run.stderr).toBe(0);
});

const leaks = (value: unknown) => forms.filter((form) => JSON.stringify(value).includes(form));

/** Decoded content of a Secret by its name in the program. */
function secretData(name: string, key: string): string {
  const { data } = run.registrations.find((resource) => resource.custom && resource.name === name)!.inputs;
  const value = isSecret(data) ? data.value : data;
  const entry = (value as Record<string, unknown>)[key];
  return Buffer.from(String(isSecret(entry) ? entry.value : entry), "base64").toString();
}

describe("secrets of a stack file", () => {
  test("arrive where they are needed", () => {
    const config = JSON.parse(secretData("pergola-kaniko-pull-secret", ".dockerconfigjson"));
    const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });
    expect(config.auths).toEqual({
      "172.30.0.11:30500": auth(`builder:${SECRETS.registryPassword}`),
      "hub.example": auth(`reader:${SECRETS.hubPassword}`),
      "bases.example": auth(`reader:${CONFIG_PASSWORD}`),
    });
    for (const namespace of ["shop", "blog"]) {
      const workloads = JSON.parse(secretData(`pull-secret-${namespace}/pergola-images`, ".dockerconfigjson"));
      expect(workloads.auths).toEqual({
        "hub.example": auth(`reader:${SECRETS.hubPassword}`),
        "bases.example": auth(`reader:${CONFIG_PASSWORD}`),
      });
    }
    expect(secretData("registry-auth", "htpasswd")).toMatch(/^builder:\$2b\$10\$.{53}\n$/);
  });

  test("are in no registration but where they are marked secret", () => {
    // The same without the marked values: nothing of them is left.
    expect(leaks(run.registrations)).not.toEqual([]);
    expect(leaks(run.registrations.map((resource) => withoutSecrets(resource, null)))).toEqual([]);
  });

  test("are in no component's arguments, marked or not", () => {
    const components = run.registrations.filter(({ custom }) => !custom);
    expect(components.length).toBeGreaterThan(5);
    expect(components.filter(({ inputs }) => Object.keys(inputs).length > 0)).toEqual([]);
  });

  test("are not in the setup, which is not secret", () => {
    expect(leaks(run.outputs)).toEqual([]);
    expect(withoutSecrets(run.outputs, null)).toEqual(run.outputs);
  });

  test("are in nothing that the program says", () => {
    expect(leaks([run.messages, run.stdout, run.stderr])).toEqual([]);
  });

  test("leave the pod of the registry readable in a preview", () => {
    const { inputs } = run.registrations.find(({ name }) => name === "registry-deployment")!;
    expect(withoutSecrets(inputs, null)).toEqual(inputs);
  });
});

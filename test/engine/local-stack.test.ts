// The stack `local` on the real engine and a real cluster, through its life; and where its secrets do not get to.
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { BUILDER_SERVICE_ACCOUNT, buildSetup, SETUP_CONFIG_MAP, SETUP_KEY } from "../../infra/setup.ts";
import { buildImage, withPullSecret } from "./build.ts";
import { kubectl, live } from "./cluster.ts";
import type { EngineResult, EngineStack } from "./engine.ts";
import { createLocalStack, PLACES, stackFile } from "./localStack.ts";
import { temporaryFolder } from "./programStack.ts";

const SECRETS = { registryPassword: "canary-registry-5f1c", hubPassword: "canary-hub-93ab" };

let stack: EngineStack;
let created: EngineResult;
/** command lines of all processes of this machine, those in pods included, from the first `up` on */
const commandLines = watchCommandLines();

beforeAll(async () => {
  stack = await createLocalStack(SECRETS);
  created = await stack.operate("up", { environment: { TMPDIR: temporaryFolder(stack) } });
  expect(created.code, created.shown).toBe(0);
});

afterAll(async () => {
  if (stack === undefined) return;
  await stack.operate("destroy");
  await stack[Symbol.asyncDispose]();
});

/** Steps that change something: reads do not. */
const changes = (result: EngineResult) => result.steps.filter((step) => !step.startsWith("read "));

/** Names in `operation name` steps. */
const names = (result: EngineResult, operation: string) =>
  result.steps.filter((step) => step.startsWith(`${operation} `)).map((step) => step.slice(operation.length + 1));

async function succeed(operation: Parameters<EngineStack["operate"]>[0], ...flags: string[]): Promise<EngineResult> {
  const result = await stack.operate(operation, { flags });
  expect(result.code, result.shown).toBe(0);
  return result;
}

/** Writes the stack file anew, with the secrets and the salt that the engine put into it. */
async function changeStackFile(text: string): Promise<void> {
  const path = await stack.configFile();
  const before = parseDocument(readFileSync(path, "utf8"));
  const after = parseDocument(text);
  after.setIn(["config", "pergola:secrets"], before.getIn(["config", "pergola:secrets"]));
  after.set("encryptionsalt", before.get("encryptionsalt"));
  await stack.writeConfig(String(after));
}

describe("what up makes", () => {
  test("the registry answers in its pod, and asks for the login of the stack file", async () => {
    const pods = JSON.parse(await kubectl(["get", "pods", "-n", PLACES.registryNamespace, "-o", "json"]));
    const [pod] = pods.items;
    expect(pods.items).toHaveLength(1);
    expect(pod.spec.nodeName).toBe("apps");
    const url = `/api/v1/namespaces/${PLACES.registryNamespace}/pods/${pod.metadata.name}:5000/proxy`;
    await kubectl(["get", "--raw", `${url}/`]);
    await expect(kubectl(["get", "--raw", `${url}/v2/`])).rejects.toThrow(
      /Unauthorized|provide credentials|logged in/i,
    );
  });

  test("the ConfigMap and the output are the same setup, but for the context", async () => {
    const output = buildSetup.parse(
      JSON.parse(await stack.run(["stack", "output", "setup", "--json", "--stack", stack.name])),
    );
    const kubeSystem = await live("kube-system", "namespace/kube-system");
    expect(output.cluster.uid).toBe((kubeSystem as unknown as { metadata: { uid: string } }).metadata.uid);
    for (const namespace of [PLACES.buildkit, PLACES.kaniko]) {
      const map = (await live(namespace, `configmap/${SETUP_CONFIG_MAP}`)) as unknown as {
        data: Record<string, string>;
      };
      const found = buildSetup.parse(JSON.parse(map.data[SETUP_KEY]!));
      expect(found).toEqual({ ...output, cluster: { ...output.cluster, context: null } });
    }
  });

  test("the pull secret holds every login", async () => {
    const secret = (await live(PLACES.kaniko, "secret/pergola-pull")) as unknown as { data: Record<string, string> };
    const config = JSON.parse(Buffer.from(secret.data[".dockerconfigjson"]!, "base64").toString());
    const login = (name: string, password: string) => ({ auth: Buffer.from(`${name}:${password}`).toString("base64") });
    expect(config).toEqual({
      auths: {
        [PLACES.host]: login("builder", SECRETS.registryPassword),
        "hub.example": login("reader", SECRETS.hubPassword),
      },
    });
  });

  test("a container that says nothing about resources gets into the quota of a builder namespace", async () => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "plain", namespace: PLACES.kaniko } };
    const spec = { containers: [{ name: "plain", image: "pergola.local/pause:1" }] };
    const made = await kubectl(
      ["create", "--dry-run=server", "-o", "json", "-f", "-"],
      JSON.stringify({ ...pod, spec }),
    );
    const { resources } = JSON.parse(made).spec.containers[0];
    expect(Object.keys(resources.limits).sort()).toEqual(["cpu", "ephemeral-storage", "memory"]);
  });

  test("a privileged pod is admitted where BuildKit runs, and not where kaniko does", async () => {
    const spec = {
      containers: [{ name: "root", image: "pergola.local/pause:1", securityContext: { privileged: true } }],
    };
    const create = (namespace: string) => {
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "root", namespace }, spec };
      return kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify(pod));
    };
    await create(PLACES.buildkit);
    await expect(create(PLACES.kaniko)).rejects.toThrow('violates PodSecurity "baseline');
  });

  test("the CI group may build in the builder namespaces and do nothing else", async () => {
    const may = async (verb: string, what: string, namespace: string) => {
      const who = ["--as", "ci", "--as-group", `pergola:ci:${PLACES.stack}`];
      return (await kubectl(["auth", "can-i", verb, what, "-n", namespace, ...who]).catch(() => "no")).trim() === "yes";
    };
    expect(await may("create", "pods", PLACES.kaniko)).toBe(true);
    expect(await may("create", "pods/exec", PLACES.buildkit)).toBe(true);
    expect(await may("get", "secrets/pergola-pull", PLACES.kaniko)).toBe(true);
    expect(await may("list", "secrets", PLACES.kaniko)).toBe(false);
    expect(await may("create", "pods", PLACES.registryNamespace)).toBe(false);
    expect(await may("get", "namespaces/kube-system", "default")).toBe(true);
    expect(await may("list", "namespaces", "default")).toBe(false);
  });
});

describe.each(["cluster-buildkit", "kaniko"] as const)(
  "a build in %s, into the registry that asks for a login",
  (mode) => {
    const namespace = { "cluster-buildkit": PLACES.buildkit, kaniko: PLACES.kaniko }[mode];

    test("pushes with the login of the pull secret, and takes bases from there", async () => {
      // From scratch: the base images are in the registry of another stack, which this one's NetworkPolicy does not open.
      const base = await buildImage(stack, mode, "base", "FROM scratch\nCOPY Dockerfile /base\n");
      expect(base.images).toMatchObject([{ status: "built", error: null }]);
      const app = await buildImage(stack, mode, "app", `FROM ${base.images[0]!.reference}\nCOPY Dockerfile /app\n`);
      expect(app.images).toMatchObject([{ status: "built", error: null }]);
    });

    test("with a wrong password is denied, and the registry is named", async () => {
      const wrong = { auths: { [PLACES.host]: { auth: Buffer.from("builder:not-it").toString("base64") } } };
      const secret = { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/dockerconfigjson" };
      const metadata = { name: "wrong-login", namespace };
      const stringData = { ".dockerconfigjson": JSON.stringify(wrong) };
      await kubectl(["create", "-f", "-"], JSON.stringify({ ...secret, metadata, stringData }));
      const { images } = await buildImage(
        stack,
        mode,
        "denied",
        "FROM scratch\nCOPY Dockerfile /\n",
        withPullSecret(metadata.name),
      );
      expect(images).toMatchObject([{ status: "failed", digest: null, error: { code: "push-denied" } }]);
      expect(images[0]?.error?.message).toContain(PLACES.host);
    });
  },
);

describe("secrets", () => {
  /** Each secret as it is, in base64, and inside of what is encoded around it. */
  const forms = [
    ...Object.values(SECRETS),
    `builder:${SECRETS.registryPassword}`,
    `reader:${SECRETS.hubPassword}`,
  ].flatMap((text) => [text, Buffer.from(text).toString("base64")]);

  const found = (text: string) => forms.filter((form) => text.includes(form));

  test("are in no file of the engine: state, backups, history, stack file, temporary files", async () => {
    const files = await stack.allFiles();
    expect(files.some(({ path }) => path.includes("/backups/"))).toBe(true);
    const leaks = files.flatMap(({ path, content }) =>
      found(content.toString("latin1")).map((form) => `${form} in ${path}`),
    );
    expect(leaks).toEqual([]);
  });

  test("are in nothing that the engine says: output, events, exported state", async () => {
    const { text } = await stack.exportState();
    expect(found(created.shown + JSON.stringify(created.events) + text)).toEqual([]);
  });

  test("are in no debug message of the event log, as Pulumi's SDK, which quotes what the engine answers, sends none", () => {
    expect(created.debugMessages.length).toBeGreaterThan(0);
    expect(created.debugMessages.filter((message) => found(message).length > 0)).toEqual([]);
  });

  test("are on no command line", () => {
    const seen = [...commandLines.stop()].join("\n");
    // Processes in pods show too, so that this would see a password that a builder was given.
    expect(seen).toMatch(/kaniko\/executor .*--destination=/);
    expect(found(seen)).toEqual([]);
  });

  test("are in no object of the cluster but Secrets", async () => {
    const kinds = "pods,deployments,replicasets,configmaps,serviceaccounts,services,events,persistentvolumeclaims";
    for (const namespace of [PLACES.registryNamespace, PLACES.buildkit, PLACES.kaniko]) {
      expect(found(await kubectl(["get", kinds, "-n", namespace, "-o", "json", "--show-managed-fields"]))).toEqual([]);
    }
  });
});

describe("what changes and what does not", () => {
  test("a second run changes nothing", async () => {
    expect(changes(await succeed("preview", "--expect-no-changes"))).toEqual([]);
    expect(changes(await succeed("up", "--expect-no-changes"))).toEqual([]);
  });

  test("an object that was deleted by hand is made again, and nothing else is touched", async () => {
    await kubectl(["delete", "configmap", SETUP_CONFIG_MAP, "-n", PLACES.kaniko]);
    await succeed("refresh");
    expect(changes(await succeed("up"))).toEqual([`create ${PLACES.kaniko}-setup`]);
    await live(PLACES.kaniko, `configmap/${SETUP_CONFIG_MAP}`);
  });

  test("Garden writing the builder account as it does leaves up quiet, also after a refresh", async () => {
    const account = { apiVersion: "v1", kind: "ServiceAccount" };
    const metadata = { name: BUILDER_SERVICE_ACCOUNT, namespace: PLACES.buildkit, annotations: {} };
    await kubectl(["replace", "-f", "-"], JSON.stringify({ ...account, metadata }));
    expect(changes(await succeed("up", "--expect-no-changes"))).toEqual([]);
    await succeed("refresh");
    expect(changes(await succeed("up", "--expect-no-changes"))).toEqual([]);
  });

  test("another namespace for one mode changes that mode, and the setup everywhere", async () => {
    const other = "engine-kaniko-two";
    await changeStackFile(stackFile(other));
    const changed = await succeed("up");
    const touched = [...names(changed, "delete"), ...names(changed, "delete-replaced")];
    expect(touched.filter((name) => !name.startsWith(PLACES.kaniko))).toEqual([]);
    expect(names(changed, "create").every((name) => name.startsWith(other))).toBe(true);
    expect(names(changed, "update")).toEqual([`${PLACES.buildkit}-setup`]);
    await live(other, `serviceaccount/${BUILDER_SERVICE_ACCOUNT}`);
    await expect(live(PLACES.kaniko, `serviceaccount/${BUILDER_SERVICE_ACCOUNT}`)).rejects.toThrow("NotFound");
    await changeStackFile(stackFile());
    await succeed("up");
  });

  test("a wrong stack file changes nothing and says all that is wrong", async () => {
    const wrong = parseDocument(stackFile());
    wrong.setIn(["config", "pergola:purpose"], "production");
    wrong.setIn(["config", "pergola:builder", "default"], "kanico");
    await changeStackFile(String(wrong));
    const refused = await stack.operate("up");
    expect(refused.code).not.toBe(0);
    expect(changes(refused)).toEqual([]);
    expect(refused.diagnostics.join("\n")).toContain(
      `stacks/Pulumi.${PLACES.stack}.yaml has 2 problems; nothing was changed`,
    );
    expect(refused.shown).not.toMatch(/\n\s+at /);
    await changeStackFile(stackFile());
    await succeed("preview", "--expect-no-changes");
  });

  test("destroy leaves nothing", async () => {
    await succeed("destroy");
    const all = "namespaces,persistentvolumes,priorityclasses,clusterroles,clusterrolebindings";
    const left = (await kubectl(["get", all, "-o", "name"])).split("\n");
    const ours = new RegExp(
      `/(${PLACES.registryNamespace}|${PLACES.buildkit}|${PLACES.kaniko}|pergola-${PLACES.stack}-)`,
    );
    expect(left.filter((name) => ours.test(name))).toEqual([]);
  });
});

/** Looks at the command line of every process of this machine until it is stopped. */
function watchCommandLines(): { stop(): Set<string> } {
  const seen = new Set<string>();
  const look = () => {
    for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${id}/cmdline`, "latin1").replaceAll("\0", " "));
      } catch {
        // It has ended.
      }
    }
  };
  const timer = setInterval(look, 50);
  return {
    stop() {
      clearInterval(timer);
      return seen;
    },
  };
}

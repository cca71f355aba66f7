// The build context, while a build runs, seen from a pod beside it: same namespace, same node, same account.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILDER_SERVICE_ACCOUNT } from "../../infra/setupNames.ts";
import { endlessBuild } from "./endlessBuild.ts";
import { context, kubectl, pergola, pods } from "./environment.ts";
import { type KanikoPlace, kanikoPlace } from "./kanikoPlace.ts";

const NAMESPACE = "test-privacy";
/** Has what asks an API server. */
const IMAGE = "172.30.0.11:30500/library/node:24-bookworm-slim";
const NONCE = `context-of-${process.pid}-${Date.now()}`;
let place: KanikoPlace;
let build: Awaited<ReturnType<typeof endlessBuild<ReturnType<typeof pergola>>>>;
let target: string;

const neighbour = (name: string, spec: object) => ({
  ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: NAMESPACE } },
  spec: {
    ...{ restartPolicy: "Never", terminationGracePeriodSeconds: 0, serviceAccountName: BUILDER_SERVICE_ACCOUNT },
    nodeSelector: { "garden-build": "true" },
    tolerations: [{ key: "garden-build", operator: "Exists" }],
    containers: [{ name: "a", image: IMAGE, command: ["sleep", "100000"] }],
    ...spec,
  },
});

/** What a shell in a pod prints, whatever comes of it. */
const shell = (pod: string, script: string) =>
  kubectl(["exec", pod, "--namespace", NAMESPACE, "--", "sh", "-c", `${script} 2>&1; true`]);

beforeAll(async () => {
  place = await kanikoPlace(NAMESPACE);
  const where = await place.arguments();
  const folder = await context({ secret: NONCE });
  build = await endlessBuild("kaniko", "w-private", (args) => pergola([...args, ...where]), "sleep 100000", folder);
  target = (await pods(NAMESPACE))[0]!.metadata.name;
  await kubectl(["create", "--filename", "-"], neighbour("neighbour", {}));
  await kubectl(["wait", "pod/neighbour", "--namespace", NAMESPACE, "--for=condition=Ready", "--timeout=60s"]);
}, 120_000);
afterAll(async () => {
  build.child.kill("SIGTERM");
  await build.child;
  await place.remove();
});

describe("the context of a build that runs", () => {
  it("is in its pod, on the neighbour's node, so that what follows means something", async () => {
    expect(await shell(target, "cat /.pergola/context/secret")).toBe(NONCE);
    const [one, two] = await pods(NAMESPACE);
    expect(one?.spec.nodeName).toBe(two?.spec.nodeName);
  });

  it("is offered by no server: the pod listens nowhere", async () => {
    const rows = async (...files: string[]) => {
      const text = await shell(target, `cat ${files.map((file) => `/proc/net/${file}`).join(" ")}`);
      expect(text).toContain("local_address");
      return text.split("\n").filter((line) => /^\s*\d+: /.test(line));
    };
    // State 0A is LISTEN. A socket of UDP has none: there must be no socket.
    expect((await rows("tcp", "tcp6")).filter((line) => /^\s*\d+: \S+ \S+ 0A /.test(line))).toEqual([]);
    expect(await rows("udp", "udp6")).toEqual([]);
  });

  it("is not given out by the API to the account of builders", async () => {
    const ask = (path: string) =>
      shell(
        "neighbour",
        `NODE_NO_WARNINGS=1 NODE_TLS_REJECT_UNAUTHORIZED=0 node -e '
          const token = require("fs").readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/token", "utf8");
          const url = "https://kubernetes.default.svc.cluster.local/api/v1/namespaces/${NAMESPACE}/${path}";
          fetch(url, { headers: { authorization: "Bearer " + token } })
            .then(async (answer) => console.log(answer.status, await answer.text()), (error) => console.log(error.cause));'`,
      );
    const command = "command=cat&command=/.pergola/context/secret&stdout=true";
    for (const path of ["pods", `pods/${target}`, `pods/${target}/log`, `pods/${target}/exec?${command}`, "secrets"]) {
      const answer = await ask(path);
      expect(answer, path).toMatch(/^403 /);
      expect(answer).not.toContain(NONCE);
    }
    const account = `system:serviceaccount:${NAMESPACE}:${BUILDER_SERVICE_ACCOUNT}`;
    for (const right of [
      ["create", "pods/exec"],
      ["create", "pods/attach"],
      ["create", "pods/portforward"],
      ["update", "pods/ephemeralcontainers"],
      ["create", "pods"],
    ]) {
      const can = ["auth", "can-i", ...right, "--namespace", NAMESPACE, "--as", account];
      expect(await kubectl(can).catch((error: Error) => error.message), right.join(" ")).not.toMatch(/^yes/);
    }
  });

  it("is in no process, mount or file that the neighbour has", async () => {
    const processes = await shell("neighbour", "cat /proc/[0-9]*/cmdline | tr '\\000' ' '");
    expect(processes).toContain("sleep 100000");
    expect(processes).not.toMatch(/executor|pergola/);
    expect(await shell("neighbour", "grep ' /.pergola' /proc/mounts; ls /.pergola")).toMatch(/^ls: .*No such file/);
    expect(await shell("neighbour", `grep -rl "${NONCE}" /home /mnt /tmp /dev/shm /run /var`)).not.toMatch(/^\//m);
  });

  it.each([
    ["the node's disk", { volumes: [{ name: "disk", hostPath: { path: "/var/lib/kubelet" } }] }, "hostPath"],
    ["the node's processes", { hostPID: true }, "host namespaces"],
    ["the node's network", { hostNetwork: true }, "host namespaces"],
  ])("is not reached by %s: Pod Security baseline refuses such a neighbour", async (_, spec, word) => {
    const refused = kubectl(["create", "--filename", "-"], neighbour("intruder", spec));
    await expect(refused).rejects.toThrow(new RegExp(`violates PodSecurity "baseline:latest": ${word}`));
  });
});

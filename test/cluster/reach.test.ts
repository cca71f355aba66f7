// What builders reach in a cluster that enforces policies: hosts that the stack file names, and no other port of the same address.
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { egressOf } from "../../infra/cluster/egress.ts";
import { namespacePolicies } from "../../infra/documents/networkPolicy.ts";
import { configAfter } from "../unit/infra/config.ts";
import { eventually, kubeconfig, kubectl } from "./environment.ts";
import { runRegistry } from "./registryPod.ts";

const kubernetes = process.env.PERGOLA_TEST_KUBERNETES!;
const [BUILDERS, SERVERS] = ["test-reach", "test-reach-servers"] as const;
/** The node of applications, and a port that only this test listens on. */
const ADDRESS = "172.30.0.11";
const PORT = 5597;

beforeAll(async () => {
  for (const name of [BUILDERS, SERVERS]) {
    await kubectl(["apply", "--filename", "-"], { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  await runRegistry(SERVERS, {}, {}, PORT);
  await kubectl(["apply", "--filename", "-"], {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "builder", namespace: BUILDERS } },
    spec: {
      terminationGracePeriodSeconds: 0,
      nodeSelector: { "garden-build": "true" },
      tolerations: [{ key: "garden-build", operator: "Equal", value: "true", effect: "NoSchedule" }],
      containers: [{ name: "a", image: "pergola.local/kaniko:1.25.5", command: ["/busybox/sleep", "1000"] }],
    },
  });
  await kubectl(["wait", "pod/builder", "--namespace", BUILDERS, "--for=condition=Ready", "--timeout=60s"]);
}, 150_000);

afterAll(async () => {
  await kubectl(["delete", "namespace", BUILDERS, SERVERS, "--wait=false"]);
});

/** Applies the policies of the stack `local` with these further hosts. */
async function guard(hosts: string[]): Promise<void> {
  const config = configAfter((it) => Object.assign(it["pergola:cluster"].guardrails, { hosts }));
  for (const policy of namespacePolicies(egressOf(config))) {
    const metadata = { ...policy.metadata, namespace: BUILDERS };
    await kubectl(["apply", "--filename", "-"], { ...policy, metadata });
  }
}

/** Whether a connection from the builder's pod is taken. */
async function reaches(port: number): Promise<boolean> {
  const inside = ["/busybox/nc", "-w", "2", ADDRESS, String(port)];
  const exec = ["kubectl", "--kubeconfig", kubeconfig, "exec", "builder", "--namespace", BUILDERS, "--", ...inside];
  const done = await execa(kubernetes, exec, { reject: false, stdin: "ignore" });
  return done.exitCode === 0;
}

/** Until it is so: policies are enforced some time after they are written. */
const becomes = (reached: boolean) =>
  eventually(`${ADDRESS}:${PORT} is ${reached ? "open" : "closed"}`, async () =>
    (await reaches(PORT)) === reached ? true : undefined,
  );

it("is a further host once it is named, by its port alone", async () => {
  // So that silence below means something.
  expect(await reaches(PORT)).toBe(true);
  await guard([]);
  await becomes(false);
  await guard([`${ADDRESS}:${PORT + 1}`]);
  // The registry of the stack is at the same address: it was open all the time.
  expect(await reaches(30500)).toBe(true);
  expect(await reaches(PORT)).toBe(false);
  await guard([`${ADDRESS}:${PORT}`]);
  await becomes(true);
});

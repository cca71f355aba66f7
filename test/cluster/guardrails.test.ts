import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { BUILD_NAMESPACE, eventually, kubeconfig, kubectl, MODES } from "./environment.ts";

const kubernetes = process.env.PERGOLA_TEST_KUBERNETES!;

/** kubectl that may fail. */
async function attempt(
  args: readonly string[],
  input?: object,
): Promise<{ code: number | undefined; stderr: string; stdout: string }> {
  const done = await execa(kubernetes, ["kubectl", "--kubeconfig", kubeconfig, ...args], {
    reject: false,
    ...(input === undefined ? { stdin: "ignore" as const } : { input: JSON.stringify(input) }),
  });
  return { code: done.exitCode, stderr: done.stderr, stdout: done.stdout };
}

function pod(namespace: string, name: string, spec: object): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      nodeSelector: { "garden-build": "true" },
      tolerations: [{ key: "garden-build", operator: "Equal", value: "true", effect: "NoSchedule" }],
      ...spec,
    },
  };
}

describe("what the stack guards", () => {
  it("refuses a privileged pod where kaniko builds (Pod Security baseline)", async () => {
    const privileged = {
      containers: [{ name: "a", image: "pergola.local/pause:1", securityContext: { privileged: true } }],
    };
    const done = await attempt(
      ["apply", "--filename", "-"],
      pod(BUILD_NAMESPACE.kaniko, "test-privileged", privileged),
    );
    expect(done.code).not.toBe(0);
    expect(done.stderr).toMatch(/violates PodSecurity "baseline/);
  });

  it.each(MODES)("accepts a container without resources where %s builds, and gives it defaults", async (mode) => {
    const bare = {
      containers: [{ name: "a", image: "pergola.local/pause:1" }],
      initContainers: [{ name: "init", image: "pergola.local/pause:1" }],
    };
    const done = await attempt(
      ["create", "--dry-run=server", "--output", "json", "--filename", "-"],
      pod(BUILD_NAMESPACE[mode], "test-bare", bare),
    );
    expect(done.stderr).toBe("");
    const { spec } = JSON.parse(done.stdout);
    for (const container of [...spec.initContainers, ...spec.containers]) {
      expect(Object.keys(container.resources.limits).sort()).toEqual(["cpu", "ephemeral-storage", "memory"]);
    }
  });

  it("lets a CI identity build and read the setup, and nothing else", async () => {
    const can = async (verb: string, resource: string, namespace: string) =>
      (
        await attempt([
          "auth",
          "can-i",
          verb,
          resource,
          "--namespace",
          namespace,
          "--as",
          "ci",
          "--as-group",
          "pergola:ci:local",
        ])
      ).stdout.trim();
    for (const mode of MODES) {
      const namespace = BUILD_NAMESPACE[mode];
      expect(await can("get", "configmaps/pergola-setup", namespace)).toBe("yes");
      expect(await can("create", "pods/exec", namespace)).toBe("yes");
      expect(await can("create", "pods", namespace)).toBe("yes");
      expect(await can("list", "secrets", namespace)).toBe("no");
      expect(await can("create", "rolebindings", namespace)).toBe("no");
    }
    expect(await can("get", "pods", "default")).toBe("no");
    expect(await can("get", "configmaps", "kube-system")).toBe("no");
  });

  it("keeps other pods out of the builders' namespaces (NetworkPolicy, enforced)", async () => {
    const server = "test-server";
    const namespace = BUILD_NAMESPACE.kaniko;
    const listen = {
      containers: [
        {
          name: "a",
          image: "pergola.local/kaniko:1.25.5",
          command: ["/busybox/sh", "-c", "while true; do echo hello | /busybox/nc -l -p 8080; done"],
        },
      ],
    };
    await kubectl(["apply", "--filename", "-"], pod(namespace, server, listen));
    try {
      const address = await eventually("the server's address", async () => {
        const { status } = JSON.parse(
          await kubectl(["get", "pod", server, "--namespace", namespace, "--output", "json"]),
        );
        return status.phase === "Running" ? (status.podIP as string) : undefined;
      });
      // The same client, from inside the namespace's own pod: the server answers, so that silence below means something.
      expect(
        (await attempt(["exec", server, "--namespace", namespace, "--", "/busybox/nc", "-w", "3", "127.0.0.1", "8080"]))
          .stdout,
      ).toContain("hello");
      const client = {
        containers: [
          {
            name: "a",
            image: "pergola.local/kaniko:1.25.5",
            command: ["/busybox/sh", "-c", `/busybox/nc -w 3 ${address} 8080 || echo refused`],
          },
        ],
      };
      await kubectl(["apply", "--filename", "-"], pod("default", "test-client", client));
      await eventually("the client's end", async () => {
        const { status } = JSON.parse(await kubectl(["get", "pod", "test-client", "--output", "json"]));
        return status.phase === "Succeeded" ? true : undefined;
      });
      const said = await kubectl(["logs", "test-client"]);
      expect(said).not.toContain("hello");
      expect(said).toContain("refused");
    } finally {
      await kubectl(["delete", "pod", server, "--namespace", namespace, "--ignore-not-found"]);
      await kubectl(["delete", "pod", "test-client", "--namespace", "default", "--ignore-not-found"]);
    }
  });
});

import { expect, test } from "vitest";
import { kubeconfigText } from "../../../../local/cluster/kubeconfig.ts";

const given = {
  server: "https://127.0.0.1:4711",
  authority: Buffer.from("authority"),
  certificate: Buffer.from("certificate"),
  key: Buffer.from("key"),
  user: "somebody",
};

test("the current context says how to reach the registry from this machine", () => {
  const endpoints = { "172.30.0.11:30500": "127.0.0.1:4712" };
  const config = JSON.parse(kubeconfigText({ ...given, registryEndpoints: endpoints }));
  expect(config["current-context"]).toBe("pergola-local");
  const { context } = config.contexts.find((entry: { name: string }) => entry.name === "pergola-local");
  expect(context).toEqual({
    cluster: "pergola-local",
    user: "somebody",
    extensions: [{ name: "pergola.dev/registry-endpoints", extension: endpoints }],
  });
  expect(config.clusters[0].cluster.server).toBe("https://127.0.0.1:4711");
});

test("keys are inline, and a component's own file has no extension", () => {
  const config = JSON.parse(kubeconfigText(given));
  expect(Buffer.from(config.users[0].user["client-key-data"], "base64").toString()).toBe("key");
  expect(config.contexts[0].context.extensions).toBeUndefined();
});

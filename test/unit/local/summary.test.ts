import { expect, it } from "vitest";
import { type StartSummary, summaryText } from "../../../local/summary.ts";

const image = { reference: "172.30.0.11:30500/examples/go-service:1", seconds: 3.14 };
const summary: StartSummary = {
  cluster: { kubeconfig: "/state/kubeconfig", context: "pergola-local" },
  stack: "local",
  setup: { version: 1 },
  parts: { "pulumi-nodejs": "own", kubernetes: "official" },
  images: [
    { ...image, name: "go-service", mode: "kaniko", digest: "sha256:1234", status: "built" },
    { ...image, name: "api", mode: "cluster-buildkit", digest: null, status: "skipped" },
  ],
  answer: "Hello from go-service",
};

it("a start ends with what runs, what was provisioned by which parts, what was built, the answer and the times", () => {
  const phase = (title: string, seconds: number) => ({ title, seconds, depth: 0 });
  const text = summaryText(summary, {
    resources: "44 created",
    pod: "pergola-examples/go-service",
    phases: [phase("toolchain", 1.5), phase("cluster", 70)],
  });
  expect(text.split("\n").slice(0, 8)).toEqual([
    "",
    "Running      Kubernetes, nodes apps and builder (kubeconfig /state/kubeconfig)",
    "Provisioned  stack local: 44 created (parts: pulumi-nodejs=own, kubernetes=official)",
    "Built",
    "  go-service  kaniko            sha256:1234  built, 3.1 s",
    "  api         cluster-buildkit  -  skipped, 3.1 s",
    "Answer       pergola-examples/go-service says: Hello from go-service",
    "Took         1 min 12 s: toolchain 1.5 s, cluster 1 min 10 s",
  ]);
  expect(text).toMatch(/^Next\n.*npm run pergola -- build/ms);
});

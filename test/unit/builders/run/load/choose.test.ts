// Which store --load means, by what is on the PATH, in the kubeconfig and in the environment.
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { LoadRequest } from "../../../../../builders/plan/plan.ts";
import { chooseStore } from "../../../../../builders/run/load/choose.ts";
import { folder, rejectionOf } from "../../samples.ts";
import { programs } from "./programs.ts";

const fallback = { into: "containerd", address: "/c.sock", namespace: "k8s.io" } as const;
const anything: LoadRequest = { into: null, fallback };
const kind: LoadRequest = { into: "kind", cluster: null };
const k3d: LoadRequest = { into: "k3d", cluster: null };
const minikube: LoadRequest = { into: "minikube", profile: null };
const { signal } = new AbortController();

/** Makes KUBECONFIG of a file whose current context is this one, beside other variables, inside a test. */
type Environment = () => Record<string, string>;
const kubeconfig =
  (context: string, extensions: object[] = [], more: Record<string, string> = {}) =>
  (): Record<string, string> => {
    const contexts = [{ name: context, context: { cluster: "c", extensions } }];
    const root = folder({ config: JSON.stringify({ "current-context": context, contexts }) });
    return { ...more, KUBECONFIG: path.join(root, "config") };
  };
const variables =
  (more: Record<string, string>): Environment =>
  () => ({ ...more, ...NONE() });
const NONE: Environment = () => ({ KUBECONFIG: "/nowhere/kubeconfig" });
const ours = [{ name: "context_info", extension: { provider: "minikube.sigs.k8s.io" } }];

/** docker ps, for nodes of these clusters. */
const nodes = (...clusters: string[]): string =>
  `printf '${clusters.map((name) => `${name}-1\\trunning\\t${name}\\tworker\\n`).join("")}'`;
const profiles = (...list: object[]): string => `echo '${JSON.stringify({ invalid: [], valid: list })}'`;

describe("--load", () => {
  it.each<[string, LoadRequest, Record<string, string>, Environment, object, string | null]>([
    ["Docker before containerd", anything, { docker: "", ctr: "" }, NONE, { into: "docker" }, null],
    ["containerd without Docker", anything, { ctr: "" }, NONE, fallback, null],
    [
      "the kind cluster of the current context",
      anything,
      { docker: "", ctr: "" },
      kubeconfig("kind-dev-1"),
      { into: "kind", cluster: "dev-1" },
      "the current context is kind-dev-1",
    ],
    [
      "the k3d cluster of the current context",
      anything,
      { docker: "" },
      kubeconfig("k3d-dev"),
      { into: "k3d", cluster: "dev" },
      "the current context is k3d-dev",
    ],
    [
      "the minikube profile of the current context",
      anything,
      { docker: "", minikube: "" },
      kubeconfig("blue", ours),
      { into: "minikube", profile: "blue" },
      "the current context is blue",
    ],
    [
      "the profile that is called minikube",
      anything,
      { minikube: "" },
      kubeconfig("minikube"),
      { into: "minikube", profile: "minikube" },
      "the current context is minikube",
    ],
    ["Docker for any other context", anything, { docker: "" }, kubeconfig("prod"), { into: "docker" }, null],
    [
      "the Docker that the shell was pointed to, before the context",
      anything,
      { docker: "", minikube: "" },
      kubeconfig("kind-dev", [], { MINIKUBE_ACTIVE_DOCKERD: "blue" }),
      { into: "docker", minikube: "blue" },
      "MINIKUBE_ACTIVE_DOCKERD is blue",
    ],
    [
      "that Docker by its name",
      { into: "docker" },
      { docker: "" },
      variables({ MINIKUBE_ACTIVE_DOCKERD: "blue" }),
      { into: "docker", minikube: "blue" },
      null,
    ],
    [
      "a cluster that is named",
      { into: "kind", cluster: "a" },
      { docker: "" },
      NONE,
      { into: "kind", cluster: "a" },
      null,
    ],
    [
      "kind's own variable before the context",
      kind,
      { docker: "" },
      kubeconfig("kind-a", [], { KIND_CLUSTER_NAME: "b" }),
      { into: "kind", cluster: "b" },
      "KIND_CLUSTER_NAME is b",
    ],
    [
      "the context before the only cluster",
      kind,
      { docker: nodes("z") },
      kubeconfig("kind-a"),
      { into: "kind", cluster: "a" },
      "the current context is kind-a",
    ],
    [
      "the only kind cluster",
      kind,
      { docker: nodes("z") },
      kubeconfig("k3d-a"),
      { into: "kind", cluster: "z" },
      "there is no other",
    ],
    [
      "the only k3d cluster",
      k3d,
      { docker: nodes("z", "z") },
      variables({ KIND_CLUSTER_NAME: "b" }),
      { into: "k3d", cluster: "z" },
      "there is no other",
    ],
    [
      "a profile that is named",
      { into: "minikube", profile: "p" },
      { minikube: "" },
      NONE,
      { into: "minikube", profile: "p" },
      null,
    ],
    [
      "the profile's Docker where the shell was pointed to it",
      { into: "minikube", profile: "p" },
      { docker: "" },
      variables({ MINIKUBE_ACTIVE_DOCKERD: "p" }),
      { into: "docker", minikube: "p" },
      null,
    ],
    [
      "minikube for another profile than the shell's",
      { into: "minikube", profile: "p" },
      { docker: "", minikube: "" },
      variables({ MINIKUBE_ACTIVE_DOCKERD: "q" }),
      { into: "minikube", profile: "p" },
      null,
    ],
    [
      "minikube's own variable",
      minikube,
      { minikube: "" },
      variables({ MINIKUBE_PROFILE: "m" }),
      { into: "minikube", profile: "m" },
      "MINIKUBE_PROFILE is m",
    ],
    [
      "the active profile",
      minikube,
      { minikube: profiles({ Name: "a" }, { Name: "b", Active: true }) },
      NONE,
      { into: "minikube", profile: "b" },
      "it is minikube's active profile",
    ],
    [
      "the only profile",
      minikube,
      { minikube: profiles({ Name: "a" }) },
      NONE,
      { into: "minikube", profile: "a" },
      "there is no other",
    ],
  ])("means %s", async (_, request, scripts, environment, target, because) => {
    const env = { ...environment(), ...programs(scripts, true) };
    expect(await chooseStore(request, env, signal)).toEqual({ target, because });
  });

  it.each<[string, LoadRequest, Record<string, string>, Environment, object]>([
    [
      "no client at all",
      anything,
      {},
      NONE,
      { code: "builder-tool-missing", message: "--load: neither docker nor ctr is on the PATH." },
    ],
    [
      "Docker's client is not there",
      { into: "docker" },
      { ctr: "" },
      NONE,
      { code: "builder-tool-missing", message: "--load: there is no docker on the PATH." },
    ],
    [
      "ctr is not there",
      fallback,
      { docker: "" },
      NONE,
      { code: "builder-tool-missing", message: "--load: there is no ctr on the PATH." },
    ],
    [
      "the context's cluster needs Docker's client",
      anything,
      { ctr: "" },
      kubeconfig("kind-dev"),
      {
        code: "builder-tool-missing",
        message: "--load (the current context is kind-dev): there is no docker on the PATH.",
        hint: expect.stringContaining("the nodes of kind are its containers"),
      },
    ],
    [
      "minikube is not there",
      minikube,
      { docker: "" },
      NONE,
      { code: "builder-tool-missing", message: "--load: there is no minikube on the PATH." },
    ],
    [
      "several clusters",
      kind,
      { docker: nodes("b", "a", "kind") },
      NONE,
      {
        code: "usage",
        message: "--load=kind: there are several clusters: a, b, kind.",
        hint: "Name one: --load=kind,name=CLUSTER",
      },
    ],
    [
      "several profiles, none active",
      minikube,
      { minikube: profiles({ Name: "a" }, { Name: "b" }) },
      NONE,
      {
        code: "usage",
        message: "--load=minikube: there are several profiles: a, b.",
        hint: "Name one: --load=minikube,profile=PROFILE",
      },
    ],
    [
      "no cluster",
      k3d,
      { docker: "" },
      NONE,
      {
        code: "load-failed",
        message: "Images cannot be loaded into k3d: there is no cluster.",
        hint: expect.stringContaining("k3d cluster create"),
      },
    ],
    [
      "no profile",
      minikube,
      { minikube: profiles() },
      NONE,
      { code: "load-failed", message: "Images cannot be loaded into minikube: there is no profile." },
    ],
    [
      "no daemon",
      kind,
      { docker: "echo 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?' >&2; exit 1" },
      NONE,
      {
        code: "load-failed",
        message:
          "Images cannot be loaded into kind: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
        hint: expect.stringContaining("DOCKER_HOST"),
      },
    ],
    [
      "kind goes by another program",
      { into: "kind", cluster: "a" },
      { docker: "" },
      variables({ KIND_EXPERIMENTAL_PROVIDER: "podman" }),
      {
        code: "usage",
        message: expect.stringContaining("kind's nodes are containers of podman"),
        hint: expect.stringContaining("kind load image-archive FILE"),
      },
    ],
  ])("is refused: %s", async (_, request, scripts, environment, error) => {
    const env = { ...environment(), ...programs(scripts, true) };
    expect(await rejectionOf(chooseStore(request, env, signal))).toMatchObject(error);
  });
});

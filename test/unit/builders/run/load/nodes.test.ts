// Nodes of local clusters as Docker lists them: which take the image, and what is wrong with them.
import { describe, expect, it } from "vitest";
import { nodesOf } from "../../../../../builders/plan/load.ts";
import { findNodes, parseNodes, usableNodes } from "../../../../../builders/run/load/nodes.ts";
import { programs } from "./programs.ts";

const listing = [
  "dev-worker2\trunning\tdev\tworker",
  "dev-worker\trunning\tdev\tworker",
  "dev-control-plane\trunning\tdev\tcontrol-plane",
  "dev-external-load-balancer\texited\tdev\texternal-load-balancer",
  "down-control-plane\texited\tdown\tcontrol-plane",
  "down-worker\trunning\tdown\tworker",
  "still-control-plane\tpaused\tstill\tcontrol-plane",
  "proxy\trunning\tonly-proxy\texternal-load-balancer",
  "",
].join("\n");
const usable = (cluster: string, text = listing): string[] =>
  usableNodes("kind", parseNodes(text), nodesOf("kind", cluster));

/** What it throws. */
function refusal(act: () => unknown): object {
  try {
    act();
  } catch (error) {
    const { message, hint } = error as Error & { hint: string };
    return { message, hint };
  }
  throw new Error("nothing was thrown");
}

describe("nodes of a cluster", () => {
  it("are those that run pods, not those that balance load", () => {
    expect(usable("dev")).toEqual(["dev-control-plane", "dev-worker", "dev-worker2"]);
    const k3d =
      "k3d-a-server-0\trunning\ta\tserver\nk3d-a-serverlb\trunning\ta\tloadbalancer\nk3d-a-agent-0\trunning\ta\tagent\n";
    expect(usableNodes("k3d", parseNodes(k3d), nodesOf("k3d", "a"))).toEqual(["k3d-a-agent-0", "k3d-a-server-0"]);
  });

  it("must all run", () => {
    expect(refusal(() => usable("down"))).toEqual({
      message: "its node down-control-plane (exited) does not run",
      hint: "Start it: docker start down-control-plane",
    });
    expect(refusal(() => usable("still"))).toMatchObject({ hint: "Start it: docker unpause still-control-plane" });
    const stopped = "k3d-a-server-0\texited\ta\tserver\nk3d-a-agent-0\texited\ta\tagent\n";
    expect(refusal(() => usableNodes("k3d", parseNodes(stopped), nodesOf("k3d", "a")))).toEqual({
      message: "its nodes k3d-a-server-0 (exited), k3d-a-agent-0 (exited) do not run",
      hint: "Start it: k3d cluster start a",
    });
  });

  it("are missing with the names of the clusters that there are", () => {
    expect(refusal(() => usable("dve"))).toEqual({
      message: "there is no such cluster in this Docker; there are: dev, down, only-proxy, still",
      hint: "Name one: --load=kind,name=CLUSTER",
    });
    expect(refusal(() => usable("only-proxy"))).toMatchObject({ message: expect.stringContaining("no such cluster") });
    expect(refusal(() => usable("dev", ""))).toEqual({
      message: "there is no such cluster in this Docker, and no other",
      hint: "Create it (kind create cluster --name dev), or name the Docker that has it (DOCKER_HOST, docker context use)",
    });
  });

  it("are asked of Docker", async () => {
    const script = `[ "$*" = 'ps --all --filter label=k3d.cluster --format {{.Names}}\t{{.State}}\t{{.Label "k3d.cluster"}}\t{{.Label "k3d.role"}}' ] && printf 'n\\trunning\\tc\\tserver\\n'`;
    const environment = programs({ docker: script });
    const { signal } = new AbortController();
    expect(await findNodes("k3d", nodesOf("k3d", "c"), environment, signal)).toEqual(["n"]);
  });
});

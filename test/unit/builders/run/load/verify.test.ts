// Whether a store holds what was built: stores name images by digest, configuration, or something of their own.
import { describe, expect, it } from "vitest";
import { heldImages, verifyLoaded } from "../../../../../builders/run/load/verify.ts";
import { programs } from "./programs.ts";

const A = "172.30.0.11:30500/a:1";
const B = "172.30.0.11:30500/a:2";
const { signal } = new AbortController();

describe("what a store holds", () => {
  it("is read from ctr", () => {
    const text = `REF                   TYPE                                       DIGEST     SIZE    PLATFORMS   LABELS
${A} application/vnd.oci.image.manifest.v1+json sha256:12 1.1 MiB linux/amd64 io.cri-containerd.image=managed
sha256:99             application/vnd.oci.image.manifest.v1+json sha256:12 1.1 MiB linux/amd64 -
`;
    expect(heldImages("ctr", text, [A])).toEqual(
      new Map([
        [A, ["sha256:12"]],
        ["sha256:99", ["sha256:12"]],
      ]),
    );
    expect(heldImages("ctr", "REF TYPE DIGEST SIZE PLATFORMS LABELS\n", [A])).toEqual(new Map());
  });

  it("is read from Docker, in the order of the names", () => {
    expect(heldImages("docker", "sha256:1\nsha256:2\n", [A, B])).toEqual(
      new Map([
        [A, ["sha256:1"]],
        [B, ["sha256:2"]],
      ]),
    );
    expect(heldImages("docker", "", [A])).toEqual(new Map());
  });

  it("is read from minikube, whose nodes may differ", () => {
    const text = JSON.stringify([
      { id: "1", repoDigests: [], repoTags: [A, B], size: "1" },
      { id: "2", repoTags: [A] },
      { id: "3", repoTags: null },
    ]);
    expect(heldImages("minikube", text, [A]).get(A)).toEqual(["sha256:1", "sha256:2"]);
    expect(() => heldImages("minikube", "X Exiting", [A])).toThrow("minikube's list of images is not JSON: X Exiting");
  });
});

describe("a loaded image", () => {
  /** Nodes n1 and n2 list this digest; its manifest names that configuration. */
  const ctr = (digests: Record<string, string>, config = "sha256:c"): { PATH: string } =>
    programs({
      docker: `case "$2 $*" in
${Object.entries(digests)
  .map(([node, digest]) => `"${node} "*"images ls"*) echo REF; [ -z "${digest}" ] || echo "${A} t ${digest} 1" ;;`)
  .join("\n")}
*"content get sha256:own") echo '{"config":{"digest":"${config}"}}' ;;
*"content get"*) echo '{"manifests":[]}' ;;
esac`,
    });
  const inNode = ["docker", "exec", "NODE", "ctr"];
  const verify = {
    argv: [...inNode, "images", "ls"],
    prints: "ctr",
    manifest: [...inNode, "content", "get", "DIGEST"],
  } as const;
  const check = (environment: { PATH: string }, ids: string[]): Promise<void> =>
    verifyLoaded({ verify, references: [A] }, ["n1", "n2"], ids, environment, signal);

  it("is the registry's in every node, or one with the same configuration", async () => {
    await check(ctr({ n1: "sha256:1", n2: "sha256:1" }), ["sha256:1"]);
    await check(ctr({ n1: "sha256:own", n2: "sha256:1" }), ["sha256:1", "sha256:c"]);
  });

  it.each<[string, Record<string, string>, string]>([
    ["is missing in one", { n1: "sha256:1", n2: "" }, `node n2: ${A} is not there, although loading did not fail`],
    ["is another in one", { n1: "sha256:1", n2: "sha256:2" }, `node n2: ${A} is sha256:2 there, and not sha256:1`],
    [
      "has another configuration",
      { n1: "sha256:own", n2: "sha256:1" },
      `node n1: ${A} is sha256:own there, and not sha256:1`,
    ],
  ])("is refused when it %s", async (_, digests, message) => {
    await expect(check(ctr(digests, "sha256:other"), ["sha256:1", "sha256:c"])).rejects.toThrow(message);
  });

  it("is refused in the words of a client that cannot be asked", async () => {
    const environment = programs({ docker: "echo 'Error: No such container: n1' >&2; exit 1" });
    await expect(check(environment, ["sha256:1"])).rejects.toThrow("No such container: n1");
  });
});

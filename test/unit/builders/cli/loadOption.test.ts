import { describe, expect, it } from "vitest";
import { loadAsOneWord, parseLoad } from "../../../../builders/cli/loadOption.ts";
import { errorOf } from "../samples.ts";

const containerd = { into: "containerd", address: "/run/containerd/containerd.sock", namespace: "k8s.io" };

describe("--load", () => {
  it("stands alone, so that the next word is a path", () => {
    expect(loadAsOneWord(["build", "--load", ".", "--load=docker"])).toEqual([
      "build",
      "--load=",
      ".",
      "--load=docker",
    ]);
  });

  it.each<[string | undefined, Record<string, string>, object | null]>([
    [undefined, {}, null],
    ["", {}, { into: null, fallback: containerd }],
    ["", { CONTAINERD_ADDRESS: "/x.sock" }, { into: null, fallback: { ...containerd, address: "/x.sock" } }],
    ["docker", {}, { into: "docker" }],
    ["containerd", {}, containerd],
    ["containerd,namespace=default", {}, { ...containerd, namespace: "default" }],
    [
      "containerd,address=/run/k3s/c.sock,namespace=a.b",
      {},
      { into: "containerd", address: "/run/k3s/c.sock", namespace: "a.b" },
    ],
    ["containerd,address=unix:///c.sock", {}, { ...containerd, address: "/c.sock" }],
    [
      "containerd",
      { CONTAINERD_ADDRESS: "/x.sock", CONTAINERD_NAMESPACE: "y" },
      { into: "containerd", address: "/x.sock", namespace: "y" },
    ],
    [
      "containerd,namespace=z",
      { CONTAINERD_ADDRESS: "", CONTAINERD_NAMESPACE: "y" },
      { ...containerd, namespace: "z" },
    ],
    ["kind", {}, { into: "kind", cluster: null }],
    ["kind,name=dev", {}, { into: "kind", cluster: "dev" }],
    ["k3d", {}, { into: "k3d", cluster: null }],
    ["k3d,name=k3s-default", {}, { into: "k3d", cluster: "k3s-default" }],
    ["minikube", {}, { into: "minikube", profile: null }],
    ["minikube,profile=a.b_c-1", {}, { into: "minikube", profile: "a.b_c-1" }],
  ])("%j with %j", (given, environment, expected) => {
    expect(parseLoad(given, environment)).toEqual(expected);
  });

  it.each<[string, string]>([
    ["podman", "--load=podman is not understood."],
    ["toString", "--load=toString is not understood."],
    ["docker,address=/x", "--load=docker,address=/x is not understood."],
    ["containerd,adress=/x", "--load=containerd,adress=/x is not understood."],
    ["containerd,namespace=a,namespace=b", "--load=containerd,namespace=a,namespace=b is not understood."],
    ["kind,profile=a", "--load=kind,profile=a is not understood."],
    ["kind,dev", "--load=kind,dev is not understood."],
    ["k3d,name=", "--load=k3d,name= is not understood."],
    ["minikube,name=a", "--load=minikube,name=a is not understood."],
    ["kind,name=--all", "--load=kind,name=--all: --all is not a name of a cluster."],
    ["minikube,profile=a b", "--load=minikube,profile=a b: a b is not a name of a cluster."],
    [
      "containerd,address=x.sock",
      "--load: containerd's address x.sock is not an absolute path, or k8s.io is not a namespace.",
    ],
    [
      "containerd,namespace=-n",
      "--load: containerd's address /run/containerd/containerd.sock is not an absolute path, or -n is not a namespace.",
    ],
  ])("%j is refused: %s", (given, message) => {
    expect(errorOf(() => parseLoad(given, {}))).toMatchObject({ code: "usage", message, hint: expect.any(String) });
  });
});

import { chmodSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadAsOneWord, parseLoad } from "../../../../builders/cli/loadOption.ts";
import { errorOf, folder } from "../samples.ts";

/** A PATH with these programs. */
function withPrograms(...names: string[]): { PATH: string } {
  const root = folder(Object.fromEntries(names.map((name) => [`bin/${name}`, "#!/bin/sh\n"])));
  for (const name of names) chmodSync(path.join(root, "bin", name), 0o755);
  return { PATH: `/nowhere::${path.join(root, "bin")}` };
}
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

  it.each<[string | undefined, string[], Record<string, string>, object | null]>([
    [undefined, [], {}, null],
    ["", ["docker", "ctr"], {}, { into: "docker" }],
    ["", ["ctr"], {}, containerd],
    ["docker", ["docker"], {}, { into: "docker" }],
    ["containerd", ["docker", "ctr"], {}, containerd],
    ["containerd,namespace=default", ["ctr"], {}, { ...containerd, namespace: "default" }],
    [
      "containerd,address=/run/k3s/c.sock,namespace=a.b",
      ["ctr"],
      {},
      { into: "containerd", address: "/run/k3s/c.sock", namespace: "a.b" },
    ],
    ["containerd,address=unix:///c.sock", ["ctr"], {}, { ...containerd, address: "/c.sock" }],
    [
      "containerd",
      ["ctr"],
      { CONTAINERD_ADDRESS: "/x.sock", CONTAINERD_NAMESPACE: "y" },
      { into: "containerd", address: "/x.sock", namespace: "y" },
    ],
    [
      "containerd,namespace=z",
      ["ctr"],
      { CONTAINERD_ADDRESS: "", CONTAINERD_NAMESPACE: "y" },
      { ...containerd, namespace: "z" },
    ],
  ])("%j with %j on the PATH and %j", (given, programs, environment, expected) => {
    expect(parseLoad(given, { ...withPrograms(...programs), ...environment })).toEqual(expected);
  });

  it.each<[string, string[], string, string]>([
    ["", [], "builder-tool-missing", "--load: neither docker nor ctr is on the PATH."],
    ["docker", ["ctr"], "builder-tool-missing", "--load: there is no docker on the PATH."],
    ["containerd", ["docker"], "builder-tool-missing", "--load: there is no ctr on the PATH."],
    ["podman", ["docker"], "usage", "--load=podman is not understood."],
    ["docker,address=/x", ["docker"], "usage", "--load=docker,address=/x is not understood."],
    ["containerd,adress=/x", ["ctr"], "usage", "--load=containerd,adress=/x is not understood."],
    [
      "containerd,namespace=a,namespace=b",
      ["ctr"],
      "usage",
      "--load=containerd,namespace=a,namespace=b is not understood.",
    ],
    [
      "containerd,address=x.sock",
      ["ctr"],
      "usage",
      "--load: containerd's address x.sock is not an absolute path, or k8s.io is not a namespace.",
    ],
    [
      "containerd,namespace=-n",
      ["ctr"],
      "usage",
      "--load: containerd's address /run/containerd/containerd.sock is not an absolute path, or -n is not a namespace.",
    ],
  ])("%j with %j on the PATH is refused: %s", (given, programs, code, message) => {
    expect(errorOf(() => parseLoad(given, withPrograms(...programs)))).toMatchObject({
      code,
      message,
      hint: expect.any(String),
    });
  });
});

// What --load becomes: another output of the build, and the program that reads it.
import { describe, expect, it } from "vitest";
import type { Image } from "../../../../builders/images/image.ts";
import { NO_SETTINGS } from "../../../../builders/images/settings.ts";
import type { BuildkitPlan, LoadTarget } from "../../../../builders/plan/plan.ts";
import { errorOf, image, localSetup, type PlanOptions, planBuild, planOptions } from "../samples.ts";

const containerd: LoadTarget = { into: "containerd", address: "/c.sock", namespace: "k8s.io" };
const docker: LoadTarget = { into: "docker" };
const repository = "172.30.0.11:30500/examples/api";

function plan(load: LoadTarget | null, one: Image = image(), more: Partial<PlanOptions> = {}): BuildkitPlan {
  const setup = localSetup((input) => {
    Object.assign(input.builders.modes["cluster-buildkit"], { platforms: ["linux/amd64", "linux/arm64"] });
    input.cache = [{ tag: "i", mode: "inline" }];
  });
  return planBuild(setup, one, {
    ...planOptions,
    mode: "cluster-buildkit",
    tags: ["v1", "latest"],
    buildId: "1",
    load,
    ...more,
  }) as BuildkitPlan;
}
const outputs = ({ argv }: BuildkitPlan): string[] => argv.filter((_, at) => argv[at - 1] === "--output");
const names = `"name=${repository}:v1,${repository}:latest"`;
const references = [`${repository}:v1`, `${repository}:latest`];
const two = { platforms: ["linux/amd64", "linux/arm64"] };

describe("an image that is loaded", () => {
  it.each<[string, LoadTarget, Partial<Image>, string, object]>([
    [
      "into Docker",
      docker,
      {},
      `type=docker,oci-mediatypes=true,${names}`,
      {
        place: "Docker",
        argv: ["docker", "load"],
        check: { argv: ["docker", "version", "--format", "{{.Server.Version}}"] },
      },
    ],
    [
      "into containerd, with the registry's digest",
      containerd,
      {},
      `type=oci,${names}`,
      {
        place: "containerd at /c.sock (namespace k8s.io)",
        argv: ["ctr", "--address", "/c.sock", "--namespace", "k8s.io", "images", "import", "-"],
        check: { socket: "/c.sock" },
      },
    ],
    [
      "into containerd, for two platforms",
      containerd,
      two,
      `type=oci,${names}`,
      { argv: ["ctr", "--address", "/c.sock", "--namespace", "k8s.io", "images", "import", "--all-platforms", "-"] },
    ],
    [
      "into containerd, for one platform that may be another machine's",
      containerd,
      { platforms: ["linux/arm64"] },
      `type=oci,${names}`,
      {
        argv: [
          "ctr",
          "--address",
          "/c.sock",
          "--namespace",
          "k8s.io",
          "images",
          "import",
          "--platform",
          "linux/arm64",
          "-",
        ],
      },
    ],
    [
      "into containerd, with attestations",
      containerd,
      { settings: { ...NO_SETTINGS, provenance: "max" } },
      `type=oci,${names},oci-artifact=false`,
      {},
    ],
    [
      "into the Docker of minikube",
      { into: "docker", minikube: "blue" },
      {},
      `type=docker,oci-mediatypes=true,${names}`,
      { place: "Docker of minikube blue", argv: ["docker", "load"] },
    ],
    [
      "into each node of a kind cluster",
      { into: "kind", cluster: "dev" },
      { platforms: ["linux/arm64"] },
      `type=oci,${names}`,
      {
        place: "kind cluster dev",
        argv: [
          ...["docker", "exec", "--interactive", "NODE", "sh", "-c"],
          expect.stringMatching(/containerd config dump[\s\S]*exec ctr --namespace k8s.io images import .*"\$@" -$/),
          ...["import", "--platform", "linux/arm64"],
        ],
        nodes: { cluster: "dev", roles: ["control-plane", "worker"] },
        check: { nodes: { cluster: "dev" } },
        verify: {
          argv: [
            ...["docker", "exec", "NODE", "ctr", "--namespace", "k8s.io", "images", "ls"],
            ...references.map((reference) => `name==${reference}`),
          ],
          prints: "ctr",
          manifest: ["docker", "exec", "NODE", "ctr", "--namespace", "k8s.io", "content", "get", "DIGEST"],
        },
      },
    ],
    [
      "into each node of a k3d cluster, for two platforms",
      { into: "k3d", cluster: "dev" },
      two,
      `type=oci,${names}`,
      {
        place: "k3d cluster dev",
        argv: [
          ...["docker", "exec", "--interactive", "NODE", "ctr", "--namespace", "k8s.io"],
          ...["images", "import", "--all-platforms", "-"],
        ],
        nodes: { cluster: "dev", roles: ["server", "agent"] },
      },
    ],
    [
      "into minikube, by a file",
      { into: "minikube", profile: "blue" },
      {},
      `type=docker,oci-mediatypes=true,${names}`,
      {
        place: "minikube blue",
        nodes: null,
        argv: ["minikube", "--profile", "blue", "--alsologtostderr", "image", "load", "ARCHIVE"],
        check: { argv: ["minikube", "profile", "list", "--output", "json"], profile: "blue" },
        verify: {
          argv: ["minikube", "--profile", "blue", "image", "ls", "--format", "json"],
          prints: "minikube",
          manifest: null,
        },
      },
    ],
    ["one platform, named", docker, { platforms: ["linux/arm64"] }, `type=docker,oci-mediatypes=true,${names}`, {}],
  ])("%s", (_, target, fields, output, load) => {
    const planned = plan(target, image(fields));
    // Under its own names: a cache of mode inline is a tag of the registry only.
    expect(planned.load).toMatchObject({ target, references, ...load });
    expect(outputs(planned)).toEqual([expect.stringMatching(/^type=image,.*push=true/), output]);
  });

  it("is pushed and written to a file as before", () => {
    const more = { ociFile: "/x.tar" };
    expect(outputs(plan(docker, image(), more)).slice(0, 2)).toEqual(outputs(plan(null, image(), more)));
    expect(outputs(plan(null))).toHaveLength(1);
    expect(plan(null).load).toBeNull();
  });

  it.each<[string, Partial<Image>, string]>([
    ["two platforms", two, "it is for linux/amd64 and linux/arm64, and Docker's store holds one platform of an image"],
    ["provenance", { settings: { ...NO_SETTINGS, provenance: "min" } }, "it comes with attestations"],
    ["an SBOM by an extra flag", { extraFlags: ["--opt", "attest:sbom="] }, "it comes with attestations"],
  ])("cannot go into Docker with %s", (_, fields, why) => {
    expect(errorOf(() => plan(docker, image(fields)))).toMatchObject({
      code: "usage",
      message: expect.stringContaining(`Image api cannot be loaded into Docker: ${why}`),
      hint: expect.stringContaining("--load=containerd"),
    });
  });

  it("cannot go into minikube with two platforms, as its nodes may have Docker", () => {
    expect(errorOf(() => plan({ into: "minikube", profile: "blue" }, image(two)))).toMatchObject({
      code: "usage",
      message: expect.stringContaining("Image api cannot be loaded into minikube blue: it is for"),
    });
  });

  it("is refused in kaniko by name", () => {
    expect(errorOf(() => plan(docker, image(), { mode: "kaniko" }))).toMatchObject({
      code: "mode-unsupported",
      message: expect.stringContaining("with --load cannot be built by kaniko"),
    });
  });
});

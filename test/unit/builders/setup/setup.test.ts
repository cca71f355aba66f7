import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type ErrorCode, PergolaError } from "../../../../builders/errors.ts";
import { checkCluster, type SetupCluster } from "../../../../builders/setup/cluster.ts";
import { loadSetup } from "../../../../builders/setup/load.ts";
import { parseSetup } from "../../../../builders/setup/parse.ts";
import { folder, localSetup, localSetupInput, rejectionOf, type SetupInput, withPattern } from "../samples.ts";

// What fits is remembered there.
beforeEach(() => {
  vi.stubEnv("PERGOLA_CACHE", folder({}));
  return () => vi.unstubAllEnvs();
});

const text = (change: (input: Record<string, unknown>) => void = () => {}): string => {
  const input = localSetupInput() as unknown as Record<string, unknown>;
  change(input);
  return JSON.stringify(input);
};

describe("a BuildSetup that does not fit", () => {
  it("is refused with every problem's path", async () => {
    const broken = text((input) => {
      input.purpose = "fun";
      Object.assign((input.builders as { modes: { kaniko: object } }).modes.kaniko, { image: 7, namespaces: [{}] });
    });
    const error = await rejectionOf(parseSetup(broken, "file x.json"));
    expect(error).toMatchObject({ code: "setup-invalid", path: "purpose" });
    for (const path of ["purpose", "builders.modes.kaniko.image", "builders.modes.kaniko.namespaces[0].name"]) {
      expect(error.message).toContain(`\n  ${path}: `);
    }
  });

  it("names a mode that is gone, and the line of the stack file to change", async () => {
    const modes = text((input) => Object.assign((input.builders as { modes: object }).modes, { "cluster-docker": {} }));
    const byDefault = text((input) => Object.assign(input.builders as object, { default: "cluster-docker" }));
    expect(await rejectionOf(parseSetup(modes, "file x.json"))).toMatchObject({
      code: "setup-invalid",
      message: expect.stringMatching(/has the mode cluster-docker in builders\.modes\. It is gone since Garden 0\.13/),
      hint: "Write cluster-buildkit in pergola:builder.modes of stacks/Pulumi.local.yaml, and run pulumi up.",
    });
    expect(await rejectionOf(parseSetup(byDefault, "file x.json"))).toMatchObject({ path: "builders.default" });
    await rejectionOf(parseSetup('"cluster-docker"', "file x.json"));
  });

  it("of a newer version asks for a newer pergola, whatever else it holds", async () => {
    expect(await rejectionOf(parseSetup('{"version": 2, "new": true}', "stack dev"))).toEqual({
      code: "setup-version",
      message: "The BuildSetup from stack dev has version 2; this pergola reads up to version 1.",
      hint: "Update pergola.",
    });
  });

  it.each(["", "[1", "null", "[]", '{"version": "1"}'])("is refused as %j", async (broken) => {
    expect(await rejectionOf(parseSetup(broken, "file x"))).toMatchObject({ code: "setup-invalid" });
  });

  it("is refused after one that fits was read, and one that was read before is the same, with its defaults", async () => {
    const good = text();
    const first = await parseSetup(good, "file x");
    expect(await parseSetup(good, "file y")).toEqual(first);
    expect(first).toEqual(localSetup());
    const other = text((input) => Object.assign(input, { purpose: "fun" }));
    expect(await rejectionOf(parseSetup(other, "file x"))).toMatchObject({ code: "setup-invalid", path: "purpose" });
  });

  it("is looked at anew by a pergola that reads another version", async () => {
    const good = text();
    await parseSetup(good, "file x");
    vi.resetModules();
    vi.doMock("../../../../infra/setupNames.ts", async (original) => ({
      ...(await original<typeof import("../../../../infra/setupNames.ts")>()),
      SETUP_VERSION: 0,
    }));
    onTestFinished(() => {
      vi.doUnmock("../../../../infra/setupNames.ts");
      vi.resetModules();
    });
    const other = await import("../../../../builders/setup/parse.ts");
    expect(await rejectionOf(other.parseSetup(good, "file x"))).toMatchObject({ code: "setup-version" });
  });
});

/** A cluster with these ConfigMaps by namespace; an error stands for what reading or listing is answered with. */
function cluster(
  maps: Record<string, string>,
  answers: { read?: Error; list?: Error; uid?: string } = {},
): SetupCluster {
  const map = (namespace: string) => ({
    metadata: { name: "pergola-setup", namespace },
    data: { "setup.json": maps[namespace] as string },
  });
  return {
    context: "dev",
    namespace: "default",
    readConfigMap: async (namespace) => {
      if (answers.read) throw answers.read;
      return namespace in maps ? map(namespace) : null;
    },
    listConfigMaps: async () => {
      if (answers.list) throw answers.list;
      return Object.keys(maps).map(map);
    },
    clusterUid: async () => answers.uid ?? "cluster-1",
  };
}

const load = (from: SetupCluster, namespace: string | null = null) =>
  loadSetup({ file: null, stack: null, namespace, cluster: async () => from });
const denied = (code: ErrorCode, status: number) =>
  Object.assign(new PergolaError({ code, message: "no" }), { status });

describe("where the BuildSetup comes from", () => {
  it("a file, without asking any cluster", async () => {
    const file = `${folder({ "setup.json": text() })}/setup.json`;
    const never = () => Promise.reject(new Error("asked"));
    const loaded = await loadSetup({ file, stack: null, namespace: null, cluster: never });
    expect(loaded).toEqual({ setup: localSetup(), source: `file ${file}` });
    expect(await rejectionOf(loadSetup({ file: "/none", stack: null, namespace: null, cluster: never }))).toMatchObject(
      {
        code: "setup-missing",
        message: "The BuildSetup /none cannot be read (ENOENT).",
      },
    );
    expect(await rejectionOf(loadSetup({ file, stack: "dev", namespace: null, cluster: never }))).toMatchObject({
      code: "usage",
    });
  });

  it("the namespace asked for, before the others", async () => {
    const other = text((input) => {
      input.environment = "other";
    });
    const maps = { a: text(), b: other };
    expect((await load(cluster(maps), "b")).setup.environment).toBe("other");
  });

  it("any namespace, when all are of one environment", async () => {
    const { setup, source } = await load(cluster({ a: text(), b: text() }));
    expect(setup.environment).toBe("local");
    expect(source).toBe("ConfigMap pergola-setup in namespace a (context dev)");
  });

  describe("a namespace that the environment only admits by a pattern", () => {
    const fresh = (more: object = {}) =>
      text((input) => {
        withPattern(input as unknown as SetupInput);
        Object.assign(input, more);
      });

    it("has a copy; the one that counts is where the environment keeps it", async () => {
      const maps = { "shop-preview-7": fresh(), "pergola-buildkit": fresh({ purpose: "test" }) };
      const { setup, source } = await load(cluster(maps), "shop-preview-7");
      expect(setup.purpose).toBe("test");
      expect(source).toBe("ConfigMap pergola-setup in namespace pergola-buildkit (context dev)");
    });

    it("is left for the copy by those who may not read the original", async () => {
      const from = cluster({ "shop-preview-7": fresh() });
      const readConfigMap: SetupCluster["readConfigMap"] = async (namespace, name) => {
        if (namespace === "pergola-buildkit") throw denied("forbidden", 403);
        return from.readConfigMap(namespace, name);
      };
      expect((await load({ ...from, readConfigMap }, "shop-preview-7")).source).toContain("namespace shop-preview-7 ");
      const rejected: SetupCluster["readConfigMap"] = async (namespace, name) => {
        if (namespace === "pergola-buildkit") throw denied("cluster-unreachable", 503);
        return from.readConfigMap(namespace, name);
      };
      expect(await rejectionOf(load({ ...from, readConfigMap: rejected }, "shop-preview-7"))).toMatchObject({
        code: "cluster-unreachable",
      });
    });

    it("is told that its environment is gone", async () => {
      expect(await rejectionOf(load(cluster({ "shop-preview-7": fresh() }), "shop-preview-7"))).toMatchObject({
        code: "setup-missing",
        message: expect.stringContaining(
          "a copy of the environment local, whose ConfigMap is not in namespace pergola-b",
        ),
        hint: expect.stringContaining("kubectl delete configmap pergola-setup --namespace shop-preview-7"),
      });
    });
  });

  it("several environments in one cluster are listed, not guessed between", async () => {
    const other = text((input) => {
      input.environment = "other";
    });
    expect(await rejectionOf(load(cluster({ a: text(), b: other })))).toMatchObject({
      message: "The cluster of context dev carries several environments: local, other.",
      hint: expect.stringContaining("--namespace (a, b)"),
    });
  });

  it("nowhere: says where it looked and what to do", async () => {
    expect(await rejectionOf(load(cluster({})))).toMatchObject({
      code: "setup-missing",
      message: "There is no ConfigMap pergola-setup in namespace default (context dev), nor in any other namespace.",
    });
    expect((await rejectionOf(load(cluster({}, { list: denied("forbidden", 403) })))).message).toContain(
      "may not look in others",
    );
  });

  it.each<[string, ErrorCode, number]>([
    ["rejected credentials", "forbidden", 401],
    ["an unreachable cluster", "cluster-unreachable", 503],
  ])("%s are not taken for a missing BuildSetup", async (_, code, status) => {
    expect((await rejectionOf(load(cluster({}, { read: denied(code, status) })))).code).toBe(code);
    expect((await rejectionOf(load(cluster({}, { list: denied(code, status) })))).code).toBe(code);
  });

  it("an identity that may neither read nor list is told so", async () => {
    const answers = { read: denied("forbidden", 403), list: denied("forbidden", 403) };
    expect((await rejectionOf(load(cluster({}, answers)))).code).toBe("forbidden");
  });
});

describe("the cluster", () => {
  it("has to be the one that was provisioned", async () => {
    await checkCluster(localSetup(), cluster({}));
    expect(await rejectionOf(checkCluster(localSetup(), cluster({}, { uid: "cluster-2" })))).toMatchObject({
      code: "wrong-cluster",
      message: "The environment local lives in the cluster cluster-1, but the context dev leads to cluster-2.",
    });
  });

  it("cannot be compared when the preview did not know it", async () => {
    const setup = localSetup((input) => {
      input.cluster.uid = null;
    });
    await checkCluster(setup, cluster({}, { uid: "cluster-2" }));
  });
});

// Network host: in builders of a BuildSetup that permits it, and refused in the environment's own, which does not.
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIn, makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { build, context, kubectl, pods } from "./environment.ts";

const NAMESPACE = "test-network";
const MODE = "cluster-buildkit";
let permitting: string;

beforeAll(async () => {
  await makeBuilderNamespace(NAMESPACE);
  permitting = await setupIn(NAMESPACE, (setup) => {
    Object.assign(setup.builders.modes[MODE]!, { allowHostNetwork: true });
  });
});
afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

it.each<[string, string, string[]]>([
  ["by flag", "RUN", ["--network", "host"]],
  ["by a step", "RUN --network=host", []],
])("is that of the builder's pod when it is asked for %s", async (_, run, flags) => {
  const folder = await context({
    Dockerfile: `FROM busybox:1.36\n${run} readlink /proc/self/ns/net\n`,
  });
  const args = [folder, "--name", "test-network-host", "--no-cache", ...flags];
  const { code, image, stderr } = await buildIn(MODE, permitting, args);
  expect(image.error, stderr).toBeNull();
  expect(code).toBe(0);
  const [pod] = await pods(NAMESPACE);
  const inside = ["exec", pod!.metadata.name, "--namespace", NAMESPACE, "--", "readlink", "/proc/self/ns/net"];
  expect(stderr).toContain(`| ${(await kubectl(inside)).trim()}`);
});

it("is refused before anything is built where it is not permitted, by the key that permits it", async () => {
  const folder = await context({ Dockerfile: "FROM busybox:1.36\nRUN true\nRUN --network=host true\n" });
  const { code, result, stderr } = await build([folder, "--mode", MODE, "--name", "test-network-host"]).catch(
    (error: Error) => ({ code: 2, result: null, stderr: error.message }),
  );
  expect(code).toBe(2);
  expect(result).toMatchObject({
    error: {
      code: "mode-unsupported",
      path: "pergola:builder.modes.cluster-buildkit.allowHostNetwork",
      line: 3,
    },
  });
  expect(stderr).not.toContain("building ");
});

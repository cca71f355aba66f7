import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { EXAMPLES_NAMESPACE, runImage } from "../../local/runImage.ts";
import { build, context, kubeconfig, kubectl, MODES, pergola, setupOf } from "./environment.ts";
import { digestOf } from "./registry.ts";

const examples = join(import.meta.dirname, "..", "..", "examples");

/** What each example answers to `GET /`. */
const ANSWERS: Readonly<Record<string, string>> = {
  "go-service": "Hello from go-service, version 1.0",
  "node-service": '"message":"Hello from node-service","version":"1.0"',
  "pair-app": "Hello from pair-app, version 1.0",
};

const started: string[] = [];
afterAll(async () => {
  await kubectl(["delete", "pod", "--namespace", EXAMPLES_NAMESPACE, "--ignore-not-found", ...started]);
});

describe.each(MODES)("the examples, built in %s", (mode) => {
  it("are in the registry after npm start, so that --skip-present builds none of them, and they run", async () => {
    const { code, result } = await build([examples, "--mode", mode, "--skip-present"]);
    expect(code).toBe(0);
    expect(result.images.map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
      "go-service present",
      "node-service present",
      "pair-app present",
      "pair-base present",
    ]);
    const services = result.images.filter(({ name }) => name in ANSWERS);
    await Promise.all(
      services.map(async ({ name, reference, digest }) => {
        const pod = `test-${name}-${mode}`;
        started.push(pod);
        const kubernetes = [process.env.PERGOLA_TEST_KUBERNETES!, "kubectl", "--kubeconfig", kubeconfig];
        const image = `${reference}@${digest}`;
        const { answer } = await runImage({ kubectl: kubernetes, name: pod, image, port: 8080, note: () => {} });
        expect(answer).toContain(ANSWERS[name]);
      }),
    );
  });

  it("--skip-present builds what changed, and only that", async () => {
    const folder = await context({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: `${Math.random()}` });
    const args = [folder, "--mode", mode, "--name", "test-skip", "--skip-present"];
    const first = (await build(args)).result.images[0]!;
    expect(first.status).toBe("built");
    const second = (await build(args)).result.images[0]!;
    expect(second).toMatchObject({ status: "present", reference: first.reference, digest: first.digest });
    expect(second.digest).toBe(await digestOf(first.reference));
    const changed = await build([...args, "--build-arg", "CHANGED=1"]);
    expect(changed.result.images[0]).toMatchObject({ status: "built" });
    expect(changed.result.images[0]?.reference).not.toBe(first.reference);
  });
});

it("setup shows what the cluster's ConfigMap promises", async () => {
  const done = await pergola(["setup", "--output", "json"]);
  expect(done.exitCode).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject(await setupOf("kaniko"));
  const text = await pergola(["setup"]);
  expect(text.stderr).toContain("From ConfigMap pergola-setup in namespace pergola-");
  expect(text.stdout).toContain("cluster-buildkit (default)");
});

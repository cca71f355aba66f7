// Mirrors by plain HTTP beside the registry, under a name that nobody takes for a private address.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildIn, makeBuilderNamespace, setupIn } from "./builderNamespace.ts";
import { context, kubectl, MODES } from "./environment.ts";

const NAMESPACE = "test-mirrors";
/** The environment's registry, which has the base images, as a Service. */
const MIRROR = "registry.pergola-registry.svc:5000";

beforeAll(() => makeBuilderNamespace(NAMESPACE));
afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

describe.each(MODES)("base images of %s", (mode) => {
  const buildBy = async (insecureMirrors: string[] | undefined, tag: string) => {
    const setup = await setupIn(NAMESPACE, ({ registry }) => {
      registry.mirrors = { "docker.io": [MIRROR] };
      if (insecureMirrors !== undefined) registry.insecureMirrors = insecureMirrors;
    });
    const folder = await context({ Dockerfile: `FROM busybox:1.36\nRUN echo ${Math.random()} > /made\n` });
    return buildIn(mode, setup, [folder, "--name", `test-mirrors-${mode}`, "-t", tag]);
  };

  it("are not taken by plain HTTP unless somebody says so", async () => {
    const { code, image } = await buildBy(undefined, "unsaid");
    expect(code).not.toBe(0);
    expect(image.error).toMatchObject({
      code: "registry-unreachable",
      message: expect.stringContaining(`The registry ${MIRROR}, which has the base image`),
      hint: "It speaks plain http: registry.insecureMirrors in the stack file says so of a mirror.",
    });
  });

  it("come from a mirror that is said to be reached so", async () => {
    const { image } = await buildBy([MIRROR], "said");
    expect(image.error).toBeNull();
    expect(image.status).toBe("built");
  });
});

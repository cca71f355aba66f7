// What registries refuse, and how a build ends that meets it.
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ImageResult } from "../../builders/report/result.ts";
import { build, context, kubectl, setupOf } from "./environment.ts";
import { type FaultPlace, faultPlace } from "./faultPlace.ts";
import { digestOf, endpoint } from "./registry.ts";

let place: FaultPlace;
let upstream: string;
beforeAll(async () => {
  place = await faultPlace("test-faults");
  upstream = ((await setupOf("cluster-buildkit")).registry as { host: string }).host;
}, 120_000);
afterAll(() => place.remove());

/** Builds `dockerfile`; what is pushed goes through the front as `fault` says. */
async function attempt(dockerfile: string, fault: string, args: readonly string[] = [], env = {}) {
  const folder = await context({ Dockerfile: dockerfile, file: `${Math.random()}` });
  const setup = await place.setupFile((own) => ({
    ...own,
    registry: { ...own.registry, namespace: `${fault}/faults` },
  }));
  const all = [folder, "--setup", setup, "--name", "f-refused", "--tag", "stays", ...args];
  const { code, result, stderr } = await build(all, env);
  return { code, image: result.images[0] as ImageResult, stderr };
}

const COPY = "FROM scratch\nCOPY file /\n";
const pushed = () => `${upstream}/faults/f-refused:stays`;

describe("a base image that the registry does not give", () => {
  it.each([
    [401, 1, "pull-denied", "The builder has no registry credentials"],
    [403, 1, "pull-denied", "The builder has no registry credentials"],
    [404, 1, "base-image-missing", "Check its name"],
    [429, 75, "rate-limited", "mirror"],
    [500, 75, "registry-unreachable", "build again"],
    [503, 75, "registry-unreachable", "build again"],
  ])("by a status %i ends with exit code %i, %s and what to do", async (status, code, error, hint) => {
    const base = `${place.front}/pull-${status}/library/busybox:1.36`;
    const { image, ...end } = await attempt(`FROM ${base}\n${COPY.split("\n")[1]}\n`, "plain");
    expect(end.code).toBe(code);
    expect(image.error).toMatchObject({
      code: error,
      file: "Dockerfile",
      line: 1,
      hint: expect.stringContaining(hint),
    });
    expect(image.error?.message).toMatch(
      new RegExp(`^[^\\n]*${place.front}[^\\n]*${base}[^\\n]*$|There is no base image ${base}`),
    );
  });

  it("once or thrice, and then gives it, is no failure: BuildKit itself tries again", async () => {
    for (const fault of ["pull-503-1", "pull-429-3"]) {
      const { image } = await attempt(`FROM ${place.front}/${fault}/library/busybox:1.36\nCOPY file /\n`, "plain");
      expect(image.error).toBeNull();
      expect((await place.refusals())[fault]).toBe(Number(fault.at(-1)));
    }
  });

  it("for lack of trust in its certificate, ends with exit code 2", async () => {
    // A real TLS server, of whose authority buildkitd knows nothing.
    const service = ["get", "service", "kubernetes", "--output", "jsonpath={.spec.clusterIP}"];
    const host = `${await kubectl(service)}:443`;
    const { code, image } = await attempt(`FROM ${host}/library/busybox:1.36\n`, "plain");
    expect(code).toBe(2);
    expect(image.error).toMatchObject({
      code: "registry-untrusted",
      hint: expect.stringContaining("registry.caBundle"),
    });
    expect(image.error?.message).toMatch(
      new RegExp(`^The registry ${host}, .*has a certificate of an authority.*x509:`),
    );
  });
});

describe("a push that the registry refuses", () => {
  let before: string | null;
  beforeAll(async () => {
    const { image } = await attempt(COPY, "plain");
    expect(image.error).toBeNull();
    before = await digestOf(pushed());
    expect(before).toBe(image.digest);
  });

  /** One that always fails: with what exit code, error and next step, the tag stays where it is. */
  const refused = async (fault: string, exitCode: number, error: string, hint: string) => {
    const { code, image } = await attempt(COPY, fault);
    expect(code).toBe(exitCode);
    expect(image.error).toMatchObject({ code: error, hint: expect.stringContaining(hint) });
    expect(image.error?.message).toMatch(
      new RegExp(`^The registry ${place.front}\\b[^\\n]*${image.reference}[^\\n]*$`),
    );
    expect(await digestOf(pushed())).toBe(before);
  };

  it.each([
    ["push-401", 1, "push-denied", "The builder has no registry credentials"],
    ["push-403", 1, "push-denied", "The builder has no registry credentials"],
    ["push-404", 2, "repository-not-provisioned", "stack file"],
    ["push-429", 75, "rate-limited", "Wait"],
  ])("as %s ends with exit code %i, %s and what to do; the tag stays", (fault, code, error, hint) =>
    refused(fault, code, error, hint),
  );

  it("as out of order for longer than BuildKit tries ends with exit code 75; the tag stays", () =>
    Promise.all(
      ["push-500", "push-503", "manifest-502"].map((fault) =>
        refused(fault, 75, "registry-unreachable", "build again"),
      ),
    ));

  it("names the credentials that were used and did not do", async () => {
    const auth = Buffer.from("somebody:something").toString("base64");
    const directory = await context({ "config.json": JSON.stringify({ auths: { [place.front]: { auth } } }) });
    const { image } = await attempt(COPY, "push-401", ["--auth", "client"], { DOCKER_CONFIG: directory });
    expect(image.error?.hint).toContain(`${directory}/config.json (--auth client), which has credentials for it`);
  });

  it("twice, as it is out of order, and then takes is no failure: BuildKit itself tries again", async () => {
    const { image } = await attempt(COPY, "push-503-2");
    expect(image.error).toBeNull();
    expect(await digestOf(pushed())).toBe(image.digest);
  });
});

describe("a registry of distribution 2.x that refuses a manifest because of another push", () => {
  it("is asked once more, with a note that names the cure", async () => {
    const { code, image, stderr } = await attempt(COPY, "manifest-400-1");
    expect(code).toBe(0);
    expect(image.warnings).toEqual([expect.stringMatching(/tried once more.*distribution 2\.x.*version 3/)]);
    expect(stderr).toContain(image.warnings[0]);
    expect(await digestOf(pushed())).toBe(image.digest);
    expect(image.bytesSent).toBeGreaterThan(0);
  });

  it("is asked once more only", async () => {
    const { code, image } = await attempt(COPY, "manifest-400");
    expect(code).toBe(75);
    expect(image.error).toMatchObject({
      code: "registry-unreachable",
      hint: expect.stringContaining("distribution 2.x"),
    });
    expect((await place.refusals())["manifest-400"]).toBe(2);
  });
});

it("the environment's own registry takes 300 manifests while two others send the layer that they share", async () => {
  const base = `http://${endpoint(upstream)}/v2/faults/f-shared`;
  const digest = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const send = async (bytes: Buffer): Promise<void> => {
    const started = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
    const location = new URL(started.headers.get("location") as string, base);
    location.host = endpoint(upstream);
    location.searchParams.set("digest", digest(bytes));
    const done = await fetch(location, {
      method: "PUT",
      body: bytes,
      headers: { "content-type": "application/octet-stream" },
    });
    expect(done.status).toBe(201);
  };
  const [layer, config] = [randomBytes(1_000_000), Buffer.from("{}")];
  await send(layer);
  await send(config);
  let over = false;
  let sent = 0;
  const others = [1, 2].map(async () => {
    while (!over) {
      await send(layer);
      sent++;
    }
  });
  const blob = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digest(bytes), size: bytes.length });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const answers: number[] = [];
  for (let count = 0; count < 300; count++) {
    const manifest = JSON.stringify({
      ...{ schemaVersion: 2, mediaType, annotations: { count: `${count}` } },
      config: blob("application/vnd.oci.image.config.v1+json", config),
      layers: [blob("application/vnd.oci.image.layer.v1.tar", layer)],
    });
    const put = { method: "PUT", body: manifest, headers: { "content-type": mediaType } };
    answers.push((await fetch(`${base}/manifests/tag`, put)).status);
  }
  over = true;
  await Promise.all(others);
  expect(answers.filter((status) => status !== 201)).toEqual([]);
  expect(sent).toBeGreaterThan(10);
});

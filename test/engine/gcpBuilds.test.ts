// Builds in what the stack gcp-dev provisions: builders are somebody by GKE's metadata server, or by a key, and nobody else pushes.
// Google Cloud's part is played by programs in the cluster; stack, runner, builders, credential helper and registry are the real ones.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BuildSetup } from "../../infra/setup.ts";
import { buildImage } from "./build.ts";
import type { Change } from "./cloudStack.ts";
import { live } from "./cluster.ts";
import { BUILDERS, createGcpDev, HOST, keyed, PLACES, withWeb } from "./gcpDev.ts";
import type { GcpStack } from "./gcpStack.ts";
import { builderImages } from "./google/builderImages.ts";
import { type GooglePlace, googlePlace } from "./google/place.ts";
import { succeed } from "./steps.ts";

const MODES = ["cluster-buildkit", "kaniko"] as const;
/** It has no credential helper, which kaniko's own debug image has. */
const BARE_KANIKO = "pergola.local/kaniko:1.25.5";

let place: GooglePlace;
let images: { readonly buildkit: string; readonly kaniko: string };
let made: GcpStack;

/** The example with both modes. */
const bothModes =
  (rotation?: number): Change =>
  (config) => {
    (rotation === undefined ? withWeb : keyed(rotation))(config);
    config["pergola:registry"].protect = false;
    config["pergola:builder"].modes = {
      "cluster-buildkit": { namespaces: [PLACES.web], profile: "rootful", image: images.buildkit },
      kaniko: { namespaces: [PLACES.shop], image: images.kaniko },
    };
  };

beforeAll(async () => {
  images = await builderImages();
  place = await googlePlace(HOST, BUILDERS);
  made = await createGcpDev();
  await made.write(bothModes());
  await succeed(made.stack, "up");
}, 300_000);

afterAll(async () => {
  await made?.[Symbol.asyncDispose]();
  await place?.[Symbol.asyncDispose]();
});

/** What the stack promises, with what only this place has: the authority of its registry, and perhaps another kaniko. */
const here =
  (kaniko?: string) =>
  (setup: BuildSetup): BuildSetup => {
    const { modes } = setup.builders;
    if (kaniko !== undefined && modes.kaniko !== undefined) modes.kaniko.image = kaniko;
    return { ...setup, registry: { ...setup.registry, caBundle: place.authority } };
  };

/** The password that builders of a namespace have for the registry. */
async function keyIn(namespace: string): Promise<string> {
  const secret = (await live(namespace, "secret/pergola-pull")) as unknown as { data: Record<string, string> };
  const { auths } = JSON.parse(Buffer.from(secret.data[".dockerconfigjson"]!, "base64").toString());
  return Buffer.from(auths[HOST].auth, "base64")
    .toString()
    .replace(/^[^:]*:/, "");
}

const REPOSITORY = `${HOST}/${PLACES.registry}/shop`;

describe.each(MODES)("a build in %s, by Workload Identity", (mode) => {
  test("pushes to Artifact Registry as the service account of its pod, and takes a private base image from there", async () => {
    const base = await buildImage(made.stack, mode, `base-${mode}`, "FROM scratch\nCOPY Dockerfile /base\n", here());
    expect(base.images).toMatchObject([{ status: "built", error: null }]);
    const { reference } = base.images[0]!;
    expect(reference.startsWith(`${REPOSITORY}/base-${mode}:`)).toBe(true);
    const app = await buildImage(made.stack, mode, `app-${mode}`, `FROM ${reference}\nCOPY Dockerfile /app\n`, here());
    expect(app.images).toMatchObject([{ status: "built", error: null }]);
    const said = JSON.stringify([base, app]);
    expect(place.secrets.filter((secret) => said.includes(secret))).toEqual([]);
  });
});

test("without the Secret BuildKit is nobody, and kaniko is that account by what is compiled into it", async () => {
  const bare = (setup: BuildSetup): BuildSetup => ({ ...here()(setup), pullSecrets: [] });
  const build = async (mode: (typeof MODES)[number]) =>
    (await buildImage(made.stack, mode, `alone-${mode}`, "FROM scratch\nCOPY Dockerfile /\n", bare)).images[0];
  expect(await build("cluster-buildkit")).toMatchObject({ status: "failed", error: { code: "push-denied" } });
  expect(await build("kaniko")).toMatchObject({ status: "built", error: null });
});

test("an index over platforms is written with the identity of the pod that joins them", async () => {
  // Both are of this machine, so pods of both find their node.
  const platforms = ["linux/amd64", "linux/amd64/v2"];
  const both = (setup: BuildSetup): BuildSetup => {
    setup.builders.modes.kaniko!.platforms = platforms;
    return here()(setup);
  };
  const flags = platforms.flatMap((platform) => ["--platform", platform]);
  const { images } = await buildImage(made.stack, "kaniko", "both", "FROM scratch\nCOPY Dockerfile /\n", both, flags);
  expect(images).toMatchObject([{ status: "built", error: null, platforms }]);
});

test("kaniko without that helper says so", async () => {
  const dockerfile = "FROM scratch\nCOPY Dockerfile /\n";
  const { images } = await buildImage(made.stack, "kaniko", "bare", dockerfile, here(BARE_KANIKO));
  expect(images[0]?.error).toMatchObject({
    code: "credential-helper",
    message: expect.stringContaining("docker-credential-gcr"),
  });
});

test("with a key both modes push, and what of a key's forms is said anywhere is none", async () => {
  await made.write(bothModes(1));
  await succeed(made.stack, "up");
  const key = await keyIn(PLACES.shop);
  for (const mode of MODES) {
    const done = await buildImage(
      made.stack,
      mode,
      `keyed-${mode}`,
      "FROM scratch\nCOPY Dockerfile /\n",
      here(BARE_KANIKO),
    );
    expect(done.images).toMatchObject([{ status: "built", error: null }]);
    expect(JSON.stringify(done)).not.toContain(key);
  }
});

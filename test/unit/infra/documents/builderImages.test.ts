import { describe, expect, test } from "vitest";
import { builderImage } from "../../../../infra/documents/builderImages.ts";

describe("what is known of builder images", () => {
  test.each([
    ["docker.io/gardendev/buildkit:v0.23.2", ["ecr-login", "gcr"], "rootful"],
    ["docker.io/gardendev/buildkit:v0.23.2-rootless", ["ecr-login", "gcr"], "rootless"],
    ["gardendev/buildkit:v0.23.2@sha256:aa", ["ecr-login", "gcr"], "rootful"],
    ["docker.io/gardendev/k8s-util:0.6.6-1", ["ecr-login", "gcr"], null],
    ["moby/buildkit:v0.33.1", [], "rootful"],
    ["moby/buildkit:rootless", [], "rootless"],
    ["moby/buildkit:buildx-stable-1-rootless", [], "rootless"],
    ["mirror.example:5000/hub/moby/buildkit:v0.33.1", [], "rootful"],
    ["moby/buildkit@sha256:aa", [], null],
    ["ghcr.io/osscontainertools/kaniko:v1.28.3-debug", ["ecr-login", "gcr", "acr-env"], null],
    ["gcr.io/kaniko-project/executor:v1.11.0-debug", ["ecr-login", "gcr", "acr-env"], null],
    ["ghcr.io/osscontainertools/kaniko:v1.28.3-slim", [], null],
  ])("%s", (reference, helpers, profile) => {
    expect(builderImage(reference)).toMatchObject({ helpers, profile });
  });

  test.each([
    ["gcr.io/kaniko-project/executor:v1.11.0-debug", true],
    ["gcr.io/kaniko-project/executor:v1.9.1-debug", true],
    ["gcr.io/kaniko-project/executor:v0.24.0", true],
    ["gcr.io/kaniko-project/executor:v1.23.2-debug", false],
    ["gcr.io/kaniko-project/executor:debug", false],
    ["gcr.io/kaniko-project/executor@sha256:aa", false],
    ["ghcr.io/osscontainertools/kaniko:v1.28.3-debug", false],
    ["gardendev/buildkit:v0.23.2", false],
  ])("%s is older than Pod Identity: %s", (reference, beforePodIdentity) => {
    expect(builderImage(reference)).toMatchObject({ beforePodIdentity });
  });

  test.each([
    ["ghcr.io/osscontainertools/kaniko:v1.28.3-debug", true],
    ["gcr.io/kaniko-project/executor:debug", true],
    ["gcr.io/kaniko-project/executor:debug-v0.19.0", true],
    ["gcr.io/kaniko-project/executor:v1.23.2", false],
    ["gcr.io/kaniko-project/executor:v1.23.2@sha256:aa", false],
    ["ghcr.io/osscontainertools/kaniko:v1.28.3-slim", false],
    ["ghcr.io/osscontainertools/kaniko", false],
    ["ghcr.io/osscontainertools/kaniko@sha256:aa", null],
    ["gardendev/buildkit:v0.23.2", null],
  ])("%s has a shell: %s", (reference, shell) => {
    expect(builderImage(reference)).toMatchObject({ shell });
  });

  test.each(["pergola.local/buildkit:0.33.1", "buildkit:1", "moby/other:1", "xmoby/buildkit:1", "a/constructor:1"])(
    "nothing of %s",
    (reference) => expect(builderImage(reference)).toBeNull(),
  );
});

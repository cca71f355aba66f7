import { expect, it } from "vitest";
import { imageIndex } from "../../../../../builders/run/kaniko/imageIndex.ts";

const OCI = "application/vnd.oci.image.manifest.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

const part = (mediaType: string, platform: string) => ({ mediaType, digest: `sha256:${platform}`, size: 7, platform });

it.each<[string, string[], Record<string, string>, string]>([
  ["parts of Docker's types", [DOCKER, DOCKER], {}, LIST],
  ["parts of OCI's types", [OCI, OCI], {}, OCI_INDEX],
  ["parts of both", [DOCKER, OCI], {}, OCI_INDEX],
  ["annotations, which a list cannot have", [DOCKER, DOCKER], { a: "1" }, OCI_INDEX],
])("an index over %s", (_, [first = "", second = ""], annotations, mediaType) => {
  const index = imageIndex([part(first, "linux/amd64"), part(second, "linux/arm/v7")], annotations);
  expect(index.mediaType).toBe(mediaType);
  expect(JSON.parse(index.text)).toEqual({
    schemaVersion: 2,
    mediaType,
    manifests: [
      { mediaType: first, digest: "sha256:linux/amd64", size: 7, platform: { os: "linux", architecture: "amd64" } },
      {
        ...{ mediaType: second, digest: "sha256:linux/arm/v7", size: 7 },
        platform: { os: "linux", architecture: "arm", variant: "v7" },
      },
    ],
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  });
});

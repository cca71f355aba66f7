/** Builders with Google's credential helper, as Garden's BuildKit and kaniko's own image have it, in the registry of the environment. */

import { file } from "../../../local/images/entries.ts";
import type { ImageDescription } from "../../../local/images/oci.ts";
import { pushIfNew } from "../../../local/images/push.ts";
import { RegistryClient } from "../../../local/images/registryClient.ts";
import { DESCRIPTIONS } from "../../../local/images/services.ts";
import { cacheFolder } from "../../../local/paths.ts";
import { Progress } from "../../../local/progress.ts";
import { ensureToolchain } from "../../../local/toolchain/index.ts";
import { endpoint } from "../../cluster/registry.ts";

const REGISTRY = "172.30.0.11:30500";

/**
 * Clients ask whether their machine is Google's before they ask for an identity (cloud.google.com/go/compute/metadata, OnGCE): by its
 * firmware, which a container cannot be given another of, unless they are told.
 */
const ON_GOOGLE = { GCE_METADATA_HOST: "169.254.169.254" };

/** Pushes them, and returns their references. */
export async function builderImages(): Promise<{ readonly buildkit: string; readonly kaniko: string }> {
  const names = ["node-init", "buildkit", "kaniko", "docker-credential-gcr"] as const;
  const toolchain = await ensureToolchain(new Progress(), names);
  const client = new RegistryClient({ endpoint: endpoint(REGISTRY), host: REGISTRY });
  const push = async (name: string, image: ImageDescription, folder: string): Promise<string> => {
    const helper = file(`${folder}/docker-credential-gcr`, toolchain.path("docker-credential-gcr"));
    const layers = [...image.layers, { title: "the credential helper of Google's registries", entries: [helper] }];
    const config = { ...image.config, env: { ...image.config.env, ...ON_GOOGLE } };
    const { reference, digest } = await pushIfNew(client, cacheFolder("images"), { config, layers, reference: name });
    // By its digest, as nodes keep what they have under a tag.
    return `${REGISTRY}/${reference}@${digest}`;
  };
  return {
    buildkit: await push("test/buildkit-google:1", DESCRIPTIONS.buildkit(toolchain), "/usr/bin"),
    kaniko: await push("test/kaniko-google:1", DESCRIPTIONS.kaniko(toolchain), "/kaniko"),
  };
}

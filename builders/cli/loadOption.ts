/** `--load`: which image store of this machine the images are loaded into, beside being pushed. */
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { PergolaError } from "../errors.ts";
import type { LoadTarget } from "../plan/plan.ts";

/** containerd's own default (containerd, defaults/defaults_unix.go). */
const CONTAINERD_ADDRESS = "/run/containerd/containerd.sock";

/** Where kubelets look for images (containerd, internal/cri/constants). */
const CONTAINERD_NAMESPACE = "k8s.io";

const HINT = "Write --load, --load=docker or --load=containerd[,address=SOCKET][,namespace=NAME].";

/** `--load` stands alone, so that a directory may follow it; with a value it is one word: `--load=docker`. */
export function loadAsOneWord(words: readonly string[]): string[] {
  return words.map((word) => (word === "--load" ? "--load=" : word));
}

/**
 * Reads the flag's value. Empty means Docker if its client is on the PATH, else containerd if `ctr` is.
 * @param environment PATH, and CONTAINERD_ADDRESS and CONTAINERD_NAMESPACE, which `ctr` goes by too
 * @returns null without the flag
 * @throws PergolaError usage; builder-tool-missing: no client on the PATH
 */
export function parseLoad(given: string | undefined, environment: NodeJS.ProcessEnv): LoadTarget | null {
  if (given === undefined) return null;
  if (given === "") {
    if (onPath("docker", environment)) return { into: "docker" };
    if (onPath("ctr", environment)) return containerd([], given, environment);
    throw missing("neither docker nor ctr is", "Install the client of Docker or containerd, or leave out --load.");
  }
  const [into, ...fields] = given.split(",");
  if (into === "docker" && fields.length === 0) {
    if (onPath("docker", environment)) return { into };
    throw missing(
      "there is no docker",
      "Install Docker's client, or leave out --load; the daemon may be elsewhere (DOCKER_HOST).",
    );
  }
  if (into !== "containerd") throw misread(given);
  const target = containerd(fields, given, environment);
  if (onPath("ctr", environment)) return target;
  throw missing("there is no ctr", "It comes with containerd; put it on the PATH, or leave out --load.");
}

function containerd(fields: readonly string[], given: string, environment: NodeJS.ProcessEnv): LoadTarget {
  const said = new Map(
    fields.map((field) => {
      const [, key, value] = /^(address|namespace)=(.+)$/.exec(field) ?? [];
      if (key === undefined || value === undefined) throw misread(given);
      return [key, value] as const;
    }),
  );
  if (said.size < fields.length) throw misread(given);
  const address = said.get("address") ?? (environment.CONTAINERD_ADDRESS || CONTAINERD_ADDRESS);
  const namespace = said.get("namespace") ?? (environment.CONTAINERD_NAMESPACE || CONTAINERD_NAMESPACE);
  const socket = address.replace(/^unix:\/\//, "");
  if (!path.isAbsolute(socket) || !/^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$/.test(namespace)) {
    throw new PergolaError({
      code: "usage",
      message: `--load: containerd's address ${address} is not an absolute path, or ${namespace} is not a namespace.`,
      hint: HINT,
    });
  }
  return { into: "containerd", address: socket, namespace };
}

function onPath(program: string, { PATH = "" }: NodeJS.ProcessEnv): boolean {
  return PATH.split(path.delimiter).some((directory) => {
    if (directory === "") return false;
    try {
      accessSync(path.join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function misread(given: string): PergolaError {
  return new PergolaError({ code: "usage", message: `--load=${given} is not understood.`, hint: HINT });
}

function missing(what: string, hint: string): PergolaError {
  return new PergolaError({ code: "builder-tool-missing", message: `--load: ${what} on the PATH.`, hint });
}

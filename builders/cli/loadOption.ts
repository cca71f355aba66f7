/** `--load`: which image store the images are loaded into, beside being pushed. */
import path from "node:path";
import { PergolaError } from "../errors.ts";
import type { LoadRequest } from "../plan/plan.ts";

/** containerd's own default (containerd, defaults/defaults_unix.go). */
const CONTAINERD_ADDRESS = "/run/containerd/containerd.sock";

/** Where kubelets look for images (containerd, internal/cri/constants). */
const CONTAINERD_NAMESPACE = "k8s.io";

const HINT =
  "Write --load, --load=docker, --load=containerd[,address=SOCKET][,namespace=NAME], --load=kind[,name=CLUSTER], --load=k3d[,name=CLUSTER] or --load=minikube[,profile=PROFILE].";

/** Fields that each store's name may be followed by. */
const FIELDS: Readonly<Record<Exclude<LoadRequest["into"], null>, readonly string[]>> = {
  docker: [],
  containerd: ["address", "namespace"],
  kind: ["name"],
  k3d: ["name"],
  minikube: ["profile"],
};

/** `--load` stands alone, so that a directory may follow it; with a value it is one word: `--load=docker`. */
export function loadAsOneWord(words: readonly string[]): string[] {
  return words.map((word) => (word === "--load" ? "--load=" : word));
}

/**
 * Reads the flag's value.
 * @param environment CONTAINERD_ADDRESS and CONTAINERD_NAMESPACE, which `ctr` goes by too
 * @returns null without the flag; what the value leaves open is null in it
 * @throws PergolaError usage
 */
export function parseLoad(given: string | undefined, environment: NodeJS.ProcessEnv): LoadRequest | null {
  if (given === undefined) return null;
  if (given === "") return { into: null, fallback: containerd(new Map(), environment) };
  const [into = "", ...fields] = given.split(",");
  if (!isStore(into)) throw misread(given);
  const said = new Map(
    fields.map((field) => {
      const [, key = "", value = ""] = /^([a-z]+)=(.+)$/.exec(field) ?? [];
      if (!FIELDS[into].includes(key)) throw misread(given);
      return [key, value] as const;
    }),
  );
  if (said.size < fields.length) throw misread(given);
  const name = said.get("name") ?? said.get("profile") ?? null;
  // As kind, k3d and minikube name clusters; what begins with a dash would be read as an option.
  if (name !== null && !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new PergolaError({
      code: "usage",
      message: `--load=${given}: ${name} is not a name of a cluster.`,
      hint: "Names have letters, digits, dots, dashes and underscores, and begin with a letter or digit.",
    });
  }
  if (into === "docker") return { into };
  if (into === "containerd") return containerd(said, environment);
  return into === "minikube" ? { into, profile: name } : { into, cluster: name };
}

function isStore(name: string): name is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, name);
}

function containerd(
  said: ReadonlyMap<string, string>,
  environment: NodeJS.ProcessEnv,
): Extract<LoadRequest, { into: "containerd" }> {
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

function misread(given: string): PergolaError {
  return new PergolaError({ code: "usage", message: `--load=${given} is not understood.`, hint: HINT });
}

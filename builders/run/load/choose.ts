/** Finds out what `--load` leaves open: which store, which cluster. Nothing is guessed where several would do. */
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { PergolaError } from "../../errors.ts";
import { nodesOf, PROFILES } from "../../plan/load.ts";
import type { LoadRequest, LoadTarget } from "../../plan/plan.ts";
import { ask } from "./ask.ts";
import { readLocalContext } from "./localContext.ts";
import { parseProfiles } from "./minikube.ts";
import { clustersOf, parseNodes } from "./nodes.ts";
import { hintOf } from "./store.ts";

export interface Choice {
  readonly target: LoadTarget;
  /** what made the choice, where it was not the command line: "the current context is kind-dev"; null else */
  readonly because: string | null;
}

/**
 * @param environment PATH, KUBECONFIG, and what the programs themselves go by: KIND_CLUSTER_NAME, MINIKUBE_PROFILE,
 *   MINIKUBE_ACTIVE_DOCKERD (set by `minikube docker-env`)
 * @throws PergolaError usage: several would do; builder-tool-missing; load-failed: there is none, or nobody answers
 */
export async function chooseStore(
  request: LoadRequest,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Choice> {
  const choice = await choose(request, environment, signal);
  needProgram(choice, environment);
  return choice;
}

async function choose(request: LoadRequest, environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Choice> {
  const said = (target: LoadTarget): Choice => ({ target, because: null });
  switch (request.into) {
    case null:
      return whatIsThere(request.fallback, environment);
    case "docker":
      return said(dockerOf(environment));
    case "containerd":
      return said(request);
    case "minikube":
      if (request.profile !== null) return said(minikubeOf(request.profile, environment));
      return await findProfile(environment, signal);
    default:
      if (request.cluster !== null) return said({ into: request.into, cluster: request.cluster });
      return await findCluster(request.into, environment, signal);
  }
}

/** Docker's daemon, by its name when this shell was pointed to minikube's. */
function dockerOf({ MINIKUBE_ACTIVE_DOCKERD: profile }: NodeJS.ProcessEnv): Extract<LoadTarget, { into: "docker" }> {
  return profile ? { into: "docker", minikube: profile } : { into: "docker" };
}

/** A profile whose Docker this shell talks to already takes a stream; others take files, by minikube. */
function minikubeOf(profile: string, environment: NodeJS.ProcessEnv): LoadTarget {
  const pointed = environment.MINIKUBE_ACTIVE_DOCKERD === profile && onPath("docker", environment);
  return pointed ? dockerOf(environment) : { into: "minikube", profile };
}

/** `--load` alone: the shell was pointed somewhere, else the current context was, else Docker, else containerd. */
function whatIsThere(fallback: Extract<LoadTarget, { into: "containerd" }>, environment: NodeJS.ProcessEnv): Choice {
  const { MINIKUBE_ACTIVE_DOCKERD: profile } = environment;
  if (profile) return { target: dockerOf(environment), because: `MINIKUBE_ACTIVE_DOCKERD is ${profile}` };
  const context = readLocalContext(environment);
  if (context !== null) return { target: context.target, because: `the current context is ${context.name}` };
  if (onPath("docker", environment)) return { target: { into: "docker" }, because: null };
  if (onPath("ctr", environment)) return { target: fallback, because: null };
  throw missing("neither docker nor ctr is", "Install the client of Docker or containerd, or leave out --load.");
}

async function findCluster(into: "kind" | "k3d", environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Choice> {
  const named = into === "kind" ? environment.KIND_CLUSTER_NAME : undefined;
  if (named) return { target: { into, cluster: named }, because: `KIND_CLUSTER_NAME is ${named}` };
  const context = readLocalContext(environment);
  if (context?.target.into === into)
    return { target: context.target, because: `the current context is ${context.name}` };
  needProgram({ target: { into, cluster: "" }, because: null }, environment);
  const answer = await answerOf(into, nodesOf(into, "").argv, environment, signal);
  const cluster = onlyOne(into, "cluster", clustersOf(parseNodes(answer)), "name=CLUSTER");
  return { target: { into, cluster }, because: "there is no other" };
}

async function findProfile(environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Choice> {
  const { MINIKUBE_ACTIVE_DOCKERD: pointed, MINIKUBE_PROFILE: named } = environment;
  const chosen = (profile: string, because: string): Choice => ({ target: minikubeOf(profile, environment), because });
  if (pointed) return chosen(pointed, `MINIKUBE_ACTIVE_DOCKERD is ${pointed}`);
  if (named) return chosen(named, `MINIKUBE_PROFILE is ${named}`);
  const context = readLocalContext(environment);
  if (context?.target.into === "minikube") {
    return chosen(context.target.profile, `the current context is ${context.name}`);
  }
  needProgram({ target: { into: "minikube", profile: "" }, because: null }, environment);
  const profiles = parseProfiles(await answerOf("minikube", PROFILES, environment, signal));
  const active = profiles.find((profile) => profile.active);
  if (active !== undefined) return chosen(active.name, "it is minikube's active profile");
  const names = profiles.map(({ name }) => name);
  return chosen(onlyOne("minikube", "profile", names, "profile=PROFILE"), "there is no other");
}

/** @throws PergolaError load-failed */
async function answerOf(
  into: "kind" | "k3d" | "minikube",
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await ask(argv, environment, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new PergolaError({
      code: "load-failed",
      message: `Images cannot be loaded into ${into}: ${(error as Error).message}`,
      hint: `${hintOf(error as Error, into) ?? "Mend that"}, or leave out --load. Nothing was built.`,
    });
  }
}

/** @throws PergolaError usage, load-failed */
function onlyOne(into: string, what: string, names: readonly string[], field: string): string {
  const [only, ...others] = names;
  if (only === undefined) {
    throw new PergolaError({
      code: "load-failed",
      message: `Images cannot be loaded into ${into}: there is no ${what}.`,
      hint: `Create one (${into === "minikube" ? "minikube start" : into === "kind" ? "kind create cluster" : "k3d cluster create"}), or leave out --load. Nothing was built.`,
    });
  }
  if (others.length === 0) return only;
  throw new PergolaError({
    code: "usage",
    message: `--load=${into}: there are several ${what}s: ${names.join(", ")}.`,
    hint: `Name one: --load=${into},${field}`,
  });
}

/** @throws PergolaError builder-tool-missing; usage: kind by another program than docker */
function needProgram({ target, because }: Choice, environment: NodeJS.ProcessEnv): void {
  const { KIND_EXPERIMENTAL_PROVIDER: provider } = environment;
  if (target.into === "kind" && provider && provider !== "docker") {
    throw new PergolaError({
      code: "usage",
      message: `--load=kind goes by Docker, and kind's nodes are containers of ${provider} (KIND_EXPERIMENTAL_PROVIDER).`,
      hint: "Write the image with --output-oci FILE, and run kind load image-archive FILE.",
    });
  }
  const what = `--load${because === null ? "" : ` (${because})`}`;
  if (target.into === "minikube") {
    if (onPath("minikube", environment)) return;
    throw missing("there is no minikube", "Put it on the PATH, or leave out --load.", what);
  }
  if (target.into === "containerd") {
    if (onPath("ctr", environment)) return;
    throw missing("there is no ctr", "It comes with containerd; put it on the PATH, or leave out --load.", what);
  }
  if (onPath("docker", environment)) return;
  throw missing(
    "there is no docker",
    target.into === "docker"
      ? "Install Docker's client, or leave out --load; the daemon may be elsewhere (DOCKER_HOST)."
      : `Install Docker's client: the nodes of ${target.into} are its containers. Or leave out --load.`,
    what,
  );
}

function missing(what: string, hint: string, option = "--load"): PergolaError {
  return new PergolaError({ code: "builder-tool-missing", message: `${option}: ${what} on the PATH.`, hint });
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

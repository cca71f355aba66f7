/** Ways of an archive into stores: into one program, into one for each node of a cluster, or by a file. */
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ARCHIVE, NODE } from "../../plan/load.ts";
import type { LoadPlan } from "../../plan/plan.ts";
import { makePrivateDirectory } from "../privateDirectory.ts";
import { minikubeReason, notLoaded } from "./minikube.ts";
import { Program } from "./program.ts";
import { StoreError } from "./storeError.ts";

/** An archive on its way. All methods reject with an Error whose message says why, and may be called one at a time. */
export interface Delivery {
  write(chunk: Buffer): Promise<void>;
  /** there is no more to come; resolves when the store says that it holds the image */
  end(): Promise<void>;
  /** stops it, removes what it left on this machine; nothing happens after an end that succeeded */
  kill(): Promise<void>;
}

/** @param nodes names of the nodes, null for a plan without */
export function startDelivery(
  plan: Pick<LoadPlan, "argv" | "references">,
  nodes: readonly string[] | null,
  environment: NodeJS.ProcessEnv,
): Delivery {
  if (plan.argv.includes(ARCHIVE)) return toFile(plan, environment);
  if (nodes === null) return new Program(plan.argv, environment);
  return toNodes(plan.argv, nodes, environment);
}

/** Puts values in the place of the words that stand for them. */
export function filled(argv: readonly string[], word: string, value: string): string[] {
  return argv.map((one) => (one === word ? value : one));
}

/** Every node gets all of it, as fast as the slowest one takes it. */
function toNodes(argv: readonly string[], nodes: readonly string[], environment: NodeJS.ProcessEnv): Delivery {
  const programs = nodes.map((node) => ({ node, program: new Program(filled(argv, NODE, node), environment) }));
  const each = async (act: (program: Program) => Promise<void>): Promise<void> => {
    await Promise.all(
      programs.map(({ node, program }) =>
        act(program).catch((error: Error) => {
          throw new Error(`node ${node}: ${error.message}`);
        }),
      ),
    );
  };
  return {
    write: (chunk) => each((program) => program.write(chunk)),
    end: () => each((program) => program.end()),
    kill: async () => void (await Promise.all(programs.map(({ program }) => program.kill()))),
  };
}

/** For a program that reads no stdin. The file is in a directory that nobody else can read, and goes with it. */
function toFile(plan: Pick<LoadPlan, "argv" | "references">, environment: NodeJS.ProcessEnv): Delivery {
  const opening = openFile(archiveName(plan.references));
  opening.catch(() => {});
  let program: Program | null = null;
  let killed = false;
  const unwritten = (error: Error): never => {
    throw new StoreError(
      `its archive cannot be written to ${tmpdir()}: ${error.message}`,
      "Make room there, or name another folder for temporary files (TMPDIR)",
    );
  };
  return {
    async write(chunk) {
      await opening.then(({ file }) => file.writeFile(chunk)).catch(unwritten);
    },
    async end() {
      const { file, name, remove } = await opening.catch(unwritten);
      await file.close();
      // Nobody would end it any more.
      if (killed) return;
      program = new Program(filled(plan.argv, ARCHIVE, name), environment, minikubeReason);
      await program.end();
      if (notLoaded(program.said)) throw new Error(minikubeReason(program.said));
      remove();
    },
    async kill() {
      killed = true;
      await program?.kill();
      const opened = await opening.catch(() => null);
      await opened?.file.close();
      opened?.remove();
    },
  };
}

async function openFile(base: string): Promise<{ file: FileHandle; name: string; remove(): void }> {
  const directory = makePrivateDirectory();
  const name = path.join(directory.path, base);
  return { file: await open(name, "wx", 0o600), name, remove: directory.remove };
}

/**
 * Of one name for an image's repository: minikube leaves a copy by this name in its nodes (minikube,
 * pkg/minikube/machine/cache_images.go), which the next load of that image then replaces.
 */
function archiveName([first = "image"]: readonly string[]): string {
  const repository = first.replace(/:[^:/]*$/, "");
  return `pergola-${repository.replace(/[^A-Za-z0-9._-]+/g, "_").slice(-120)}.tar`;
}

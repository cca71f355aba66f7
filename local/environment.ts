/**
 * The variables under which the ordinary tools (pulumi, kubectl, pergola) work on the embedded
 * environment: what `npm start`, `npm test`, `npm run pulumi`, `npm run pergola` and `npm run local env` share.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheDirectory, ensureStateDirectory, kubeconfigFile } from "./paths.ts";
import { type PulumiParts, preparePulumi } from "./pulumi/home.ts";
import type { Toolchain } from "./toolchain/index.ts";

export interface ToolEnvironment {
  /** to be laid over the process environment; what is undefined is to be taken out of it */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** the pulumi command */
  readonly pulumi: string;
  /** which parts of Pulumi are ours */
  readonly parts: PulumiParts;
}

/**
 * Prepares Pulumi's home and returns the variables. A KUBECONFIG that the user set stays, except for `own: true`
 * (the commands that are about the embedded environment only).
 */
export async function toolEnvironment(toolchain: Toolchain, options: { own?: boolean } = {}): Promise<ToolEnvironment> {
  const state = ensureStateDirectory();
  const pulumi = await preparePulumi({ toolchain, state });
  return {
    variables: {
      ...pulumi.environment,
      // The engine would take the user's own passphrase, for other stacks, before the file with the environment's.
      PULUMI_CONFIG_PASSPHRASE: undefined,
      // Node writes it when a process ends: in the state folder that would be after the stop that removed it.
      NODE_COMPILE_CACHE: join(cacheDirectory(), "compile"),
      PATH: [...toolchain.clientPath, pulumi.environment.PATH].join(delimiter),
      ...clusterVariables(options),
      ...kubectlVariables(),
    },
    pulumi: pulumi.command,
    parts: pulumi.parts,
  };
}

/**
 * Keeps kubectl's notes about a cluster out of `~/.kube/cache`: the API server has another port each time, and kubectl
 * starts a folder for each. In the cache and not in the state, which a shell that still has these variables would make anew
 * after a stop.
 */
export function kubectlVariables(): { KUBECACHEDIR: string } {
  return { KUBECACHEDIR: join(cacheDirectory(), "kubectl") };
}

/** KUBECONFIG of the environment, where it applies: always with `own`, else when it runs and the user set none. */
export function clusterVariables(options: { own?: boolean } = {}): { KUBECONFIG?: string } {
  const kubeconfig = kubeconfigFile();
  const ours = options.own || (process.env.KUBECONFIG === undefined && existsSync(kubeconfig));
  return ours ? { KUBECONFIG: kubeconfig } : {};
}

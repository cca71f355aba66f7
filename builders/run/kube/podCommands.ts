/** How commands in pods are run: by a WebSocket of our own, or by kubectl where a proxy lets no WebSocket through. */
import { PergolaError } from "../../errors.ts";
import { UpgradeRefused } from "./errors.ts";
import type { Exec, ExecTarget } from "./exec.ts";
import type { KubeTransport } from "./transport.ts";

export type ExecTransport = "websocket" | "kubectl";

export class PodCommands {
  #say: ((line: string) => void) | null = null;
  /** what there was to say before somebody listened */
  #unsaid: string | null = null;
  readonly #transport: KubeTransport;
  readonly #environment: NodeJS.ProcessEnv;
  #by: ExecTransport;

  /** @param by `websocket` gives way to `kubectl` at the first refusal */
  constructor(transport: KubeTransport, environment: NodeJS.ProcessEnv, by: ExecTransport) {
    this.#transport = transport;
    this.#environment = environment;
    this.#by = by;
  }

  /** `say` takes a line for people: that the WebSocket gave way. */
  tell(say: (line: string) => void): void {
    this.#say = say;
    if (this.#unsaid !== null) say(this.#unsaid);
    this.#unsaid = null;
  }

  /**
   * Starts a command in a pod. What it takes is loaded here, as many runs start none.
   * @throws PergolaError as openExec and openKubectlExec
   */
  async start(target: ExecTarget, signal?: AbortSignal): Promise<Exec> {
    if (this.#by === "kubectl") return this.#byKubectl(target, signal);
    const { openExec } = await import("./exec.ts");
    try {
      return await openExec(this.#transport, target, signal);
    } catch (error) {
      if (!(error instanceof UpgradeRefused)) throw error;
      return await this.#giveWay(error, target, signal);
    }
  }

  async #giveWay(refusal: UpgradeRefused, target: ExecTarget, signal?: AbortSignal): Promise<Exec> {
    const exec = await this.#byKubectl(target, signal).catch((error) => {
      const noKubectl = error instanceof PergolaError && error.data.code === "builder-tool-missing";
      throw noKubectl ? refusal : error;
    });
    // Several builds may have been refused at one time.
    if (this.#by === "websocket") {
      const { server } = this.#transport.target;
      const line = `${server} takes no WebSocket (${refusal.answer}): pods are reached by kubectl exec, which is slower.`;
      if (this.#say === null) this.#unsaid = line;
      else this.#say(line);
    }
    this.#by = "kubectl";
    return exec;
  }

  async #byKubectl(target: ExecTarget, signal?: AbortSignal): Promise<Exec> {
    const { openKubectlExec } = await import("./kubectlExec.ts");
    return openKubectlExec(this.#transport.target, this.#environment, target, signal);
  }
}

/** Keeps the current state of some pods, and wakes whoever waits for a change. */
import type { Kube } from "../kube/kube.ts";
import type { Pod } from "../kube/objects.ts";

export class PodWatch {
  /** pods that exist, by name */
  readonly pods = new Map<string, Pod>();
  /** the last known state of pods that existed and are gone, by name */
  readonly gone = new Map<string, Pod>();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #error: Error | undefined;
  #wake: (() => void)[] = [];
  /** whether something changed while nobody waited */
  #missed = false;

  constructor(kube: Kube, selection: { namespace: string; labelSelector?: string; fieldSelector?: string }) {
    this.#done = (async () => {
      try {
        for await (const { type, object } of kube.watch("Pod", { ...selection, signal: this.#stop.signal })) {
          const { name } = object.metadata;
          if (type === "DELETED") {
            this.pods.delete(name);
            this.gone.set(name, object);
          } else this.pods.set(name, object);
          this.#notify();
        }
      } catch (error) {
        if (!this.#stop.signal.aborted) this.#error = error as Error;
        this.#notify();
      }
    })();
  }

  /** whether the watch has ended by an error, which {@link next} throws */
  get failed(): boolean {
    return this.#error !== undefined;
  }

  /**
   * Resolves at the next change, or after `milliseconds`; at once when something changed since the last time somebody waited.
   * @throws what ended the watch (PergolaError)
   */
  async next(milliseconds: number): Promise<void> {
    if (this.#error) throw this.#error;
    if (this.#missed) {
      this.#missed = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    if (this.#error) throw this.#error;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    this.#missed = wake.length === 0;
    for (const resolve of wake) resolve();
  }
}

/**
 * Connections to buildkitd that are opened before a build needs them, as opening one takes longer than all that a build without a
 * change does here: the first while nothing but the cluster is known, to the pod that the last run of the kind went to; another
 * whenever one is taken and more builds come. They carry nothing until a build takes them, and only a build of that pod does.
 * Builds of one run share one, where they may: it is then opened once, and ends when no build is left that could use it.
 */
import { keep, recall } from "../../memory.ts";
import type { Exec, ExecTarget } from "../kube/exec.ts";
import type { Kube } from "../kube/kube.ts";
import type { SharedConnection } from "./sharedConnection.ts";

/** A container that builds go to. */
export type BuilderTarget = Omit<ExecTarget, "command">;

/**
 * Milliseconds that a connection waits for its build. buildkitd closes those that say nothing for two minutes (the default of
 * google.golang.org/grpc, ConnectionTimeout).
 */
const READY_MILLISECONDS = 60_000;

export interface ReadyOptions {
  /** absolute path of the cache */
  readonly cache: string;
  /** all that a run was asked for and that decides on its builder */
  readonly asked: readonly unknown[];
  /** builds of the run, and how many of them at a time, at the most */
  readonly builds: number;
  readonly concurrency: number;
  /** whether all builds to a pod go over one connection (docs/decisions/0018) */
  readonly shared: boolean;
}

interface Ready {
  readonly target: BuilderTarget;
  readonly opened: number;
  readonly exec: Promise<Exec>;
  /** set when it has ended, or could not be opened */
  over: boolean;
}

/** A connection for all builds of a pod. */
interface Common {
  readonly target: BuilderTarget;
  readonly connection: Promise<SharedConnection>;
}

export class ReadyConnections {
  readonly #options: ReadyOptions;
  readonly #waiting: Ready[] = [];
  #common: Common[] = [];
  readonly #end = new AbortController();
  /** where builds went last; undefined while that is not known */
  #known: BuilderTarget | undefined;
  /** builds that took none yet */
  #left: number;

  constructor(options: ReadyOptions) {
    this.#options = options;
    this.#left = options.builds;
  }

  /** Begins to open those of the first builds, if it is known from an earlier run to which pod. Tells of no failure. */
  open(kube: Kube): void {
    const target = this.#recall(kube);
    if (target === undefined) return;
    const { builds, concurrency, shared } = this.#options;
    for (let count = 0; count < (shared ? 1 : Math.min(builds, concurrency)); count++) this.#open(kube, target);
  }

  /**
   * The connection of a build: one that is ready, else a new one.
   * @throws PergolaError as {@link Kube.exec}
   */
  async take(kube: Kube, target: BuilderTarget): Promise<Exec | SharedConnection> {
    this.#left--;
    if (this.#options.shared) return this.#join(kube, target);
    const exec = await this.#connect(kube, target);
    if (this.#waiting.length === 0 && this.#left > 0) this.#open(kube, target);
    return exec;
  }

  /** Closes those that nobody took, and those that builds share. */
  [Symbol.dispose](): void {
    this.#end.abort();
    for (const { connection } of this.#common) {
      connection.then(
        (common) => common.close(),
        () => {},
      );
    }
  }

  /** The connection that the builds to a pod share; one that comes after its end opens another. */
  async #join(kube: Kube, target: BuilderTarget): Promise<SharedConnection> {
    const common = this.#common.find((one) => isSame(one.target, target)) ?? this.#share(kube, target);
    const connection = await common.connection;
    if (connection.usable) return connection.join();
    this.#forget(common);
    return this.#join(kube, target);
  }

  #share(kube: Kube, target: BuilderTarget): Common {
    const open = async (): Promise<SharedConnection> => {
      const [exec, { SharedConnection }] = await Promise.all([
        this.#connect(kube, target),
        import("./sharedConnection.ts"),
      ]);
      return new SharedConnection(exec, (idle) => {
        if (this.#left <= 0) idle.close();
      });
    };
    const common: Common = { target, connection: open() };
    this.#common.push(common);
    common.connection.catch(() => this.#forget(common));
    return common;
  }

  #forget(common: Common): void {
    this.#common = this.#common.filter((one) => one !== common);
  }

  async #connect(kube: Kube, target: BuilderTarget): Promise<Exec> {
    const exec = (await this.#ready(target)) ?? (await dial(kube, target));
    this.#remember(kube, target);
    return exec;
  }

  async #ready(target: BuilderTarget): Promise<Exec | null> {
    for (let ready = this.#waiting.shift(); ready !== undefined; ready = this.#waiting.shift()) {
      const serves = isSame(ready.target, target) && Date.now() - ready.opened < READY_MILLISECONDS;
      const exec = serves ? await ready.exec.catch(() => null) : null;
      if (exec !== null && !ready.over) return exec;
      ready.exec.then(
        (unused) => unused.close(),
        () => {},
      );
    }
    return null;
  }

  #open(kube: Kube, target: BuilderTarget): void {
    const exec = dial(kube, target, this.#end.signal);
    const ready: Ready = { target, opened: Date.now(), exec, over: false };
    const over = (): void => {
      ready.over = true;
    };
    exec.then(({ result }) => result.then(over), over);
    this.#waiting.push(ready);
  }

  #remember(kube: Kube, { namespace, pod, container }: BuilderTarget): void {
    const target = { namespace, pod, container };
    const known = this.#recall(kube);
    if (known !== undefined && isSame(known, target)) return;
    keep(this.#options.cache, "builder", this.#key(kube), target);
    this.#known = target;
  }

  /** Read once: each build of the run would find the same. */
  #recall(kube: Kube): BuilderTarget | undefined {
    this.#known ??= recall<BuilderTarget>(this.#options.cache, "builder", this.#key(kube));
    return this.#known;
  }

  #key({ server, context, namespace }: Kube): readonly unknown[] {
    return [server, context, namespace, ...this.#options.asked];
  }
}

const isSame = (one: BuilderTarget, other: BuilderTarget): boolean =>
  one.pod === other.pod && one.namespace === other.namespace && one.container === other.container;

const dial = (kube: Kube, target: BuilderTarget, signal?: AbortSignal): Promise<Exec> =>
  kube.exec({ ...target, command: ["buildctl", "dial-stdio"] }, signal);

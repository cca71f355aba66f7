// The stack of most engine tests: the program `objects`, and short forms of the objects that they create.
import { join } from "node:path";
import { podImage, testKubeconfig } from "./cluster.ts";
import type { EngineResult, Operation } from "./engine.ts";
import { EngineStack } from "./engine.ts";
import type { Description, ObjectDescription, Value } from "./programs/objects/description.ts";

type Options = ObjectDescription["options"];
type Fields = { [key: string]: Value };

/** A stack whose program creates the objects that each operation is given. */
export class ObjectStack implements AsyncDisposable {
  readonly engine: EngineStack;
  readonly #more: Partial<Description>;

  private constructor(engine: EngineStack, more: Partial<Description>) {
    this.engine = engine;
    this.#more = more;
  }

  /** @param more settings of every run: provider settings, another kubeconfig, outputs */
  static async create(more: Partial<Description> = {}): Promise<ObjectStack> {
    return new ObjectStack(await EngineStack.create({ program: join(import.meta.dirname, "programs/objects") }), more);
  }

  /** Runs an operation; the program asks for exactly these objects. */
  operate(
    operation: Operation,
    objects: readonly ObjectDescription[],
    more: Partial<Description> = {},
    flags: readonly string[] = [],
  ): Promise<EngineResult> {
    const description: Description = { kubeconfig: testKubeconfig(), ...this.#more, ...more, objects: [...objects] };
    return this.engine.operate(operation, {
      flags,
      environment: { PERGOLA_TEST_PROGRAM: JSON.stringify(description) },
    });
  }

  /** Like {@link operate}. @throws Error with all that the command showed, when it fails */
  async succeed(
    operation: Operation,
    objects: readonly ObjectDescription[],
    more: Partial<Description> = {},
    flags: readonly string[] = [],
  ): Promise<EngineResult> {
    const result = await this.operate(operation, objects, more, flags);
    if (result.code !== 0) throw new Error(`pulumi ${operation} exited with ${result.code}:\n${result.shown}`);
    return result;
  }

  /** Destroys the objects and removes the stack's folder. @throws Error when something could not be destroyed */
  async end(): Promise<void> {
    await using _folder = this.engine;
    await this.succeed("destroy", []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
  }
}

/** A Namespace; its name in the program is `namespace`. */
export function namespace(name: string): ObjectDescription {
  return { name: "namespace", module: "core/v1", kind: "Namespace", args: { metadata: { name } } };
}

/** Any namespaced object in a namespace of the program. */
export function inNamespace(
  space: string,
  name: string,
  module: string,
  kind: string,
  fields: Fields,
  options: Options = {},
): ObjectDescription {
  const metadata = { name, namespace: space, ...(fields.metadata as Fields | undefined) };
  return { name, module, kind, args: { ...fields, metadata }, options: { dependsOn: ["namespace"], ...options } };
}

/** A ConfigMap. */
export function configMap(space: string, name: string, data: Fields, options: Options = {}): ObjectDescription {
  return inNamespace(space, name, "core/v1", "ConfigMap", { data }, options);
}

/** A Secret whose content is a Pulumi secret. */
export function secret(space: string, name: string, stringData: Fields, options: Options = {}): ObjectDescription {
  return inNamespace(space, name, "core/v1", "Secret", { stringData: { $secret: stringData } }, options);
}

/** A Deployment of one container that does nothing. */
export function deployment(
  space: string,
  name: string,
  container: Fields = {},
  options: Options = {},
): ObjectDescription {
  const labels = { app: name };
  const pod = { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image: podImage, ...container }] };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } };
  return inNamespace(space, name, "apps/v1", "Deployment", { spec }, options);
}

// Creates the objects that a test describes in PERGOLA_TEST_PROGRAM, with the SDK's own classes. A step of a test is a
// change of that description, so that one program serves all of them.
import { readFileSync } from "node:fs";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { Description, Value } from "./description.ts";

const description = JSON.parse(process.env.PERGOLA_TEST_PROGRAM ?? "{}") as Description;
const provider = new Provider("cluster", {
  kubeconfig: pulumi.secret(readFileSync(description.kubeconfig, "utf8")),
  ...description.provider,
});

const made: Record<string, pulumi.CustomResource> = {};
for (const { name, module, kind, args = {}, get, options = {} } of description.objects) {
  const classes = (await import(`@pulumi/kubernetes/${module}/index.js`)) as Record<
    string,
    new (
      name: string,
      args: unknown,
      options: pulumi.CustomResourceOptions,
    ) => pulumi.CustomResource
  >;
  const { dependsOn = [], aliases, ...rest } = options;
  made[name] = new classes[kind]!(name, resolve(args), {
    provider,
    dependsOn: dependsOn.map((other) => made[other]!),
    ...(aliases ? { aliases: aliases.map((alias) => ({ name: alias })) } : {}),
    ...(get ? { id: get } : {}),
    ...rest,
  });
}

/** `{"$secret": value}` becomes a secret, `{"$output": "name.path"}` an output of an earlier object. */
function resolve(value: Value): unknown {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== "object" || value === null) return value;
  if ("$secret" in value) return pulumi.secret(resolve(value.$secret!));
  if ("$output" in value) {
    const [name, ...path] = String(value.$output).split(".");
    const resource = made[name!] as unknown as Record<string, pulumi.Output<unknown>>;
    return resource[path[0]!]!.apply((found) =>
      path.slice(1).reduce((here, key) => (here as Record<string, unknown>)?.[key], found),
    );
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]));
}

export const outputs = Object.fromEntries(
  (description.outputs ?? []).map((path) => [path, pulumi.output(resolve({ $output: path }))]),
);

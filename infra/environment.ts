/** The stack that this run is for: its checked stack file, and its secrets. The only place that reads the configuration. */
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "./config.ts";
import { parseStackFile, stackFileMessage } from "./stackFile.ts";

/** What the rest of the program is made from. */
export interface Environment {
  /** name of the stack */
  readonly stack: string;
  /** the stack file without its secrets */
  readonly config: Omit<StackConfig, "secrets">;
  /** A secret of the stack file, marked as one. The name was checked to exist. */
  secret(name: string): pulumi.Output<string>;
}

/** Reads and checks the stack file. Throws RunError (one message, no stack trace) with everything that is wrong with it. */
export function readEnvironment(): Environment {
  requireNode();
  const stack = pulumi.getStack();
  const parsed = parseStackFile(stack, pulumi.runtime.allConfig(), secretKeys());
  if ("problems" in parsed) throw new pulumi.RunError(stackFileMessage(stack, parsed.problems));
  const { secrets, ...config } = parsed.config;
  return {
    stack,
    config,
    secret(name) {
      const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
      if (value === undefined) throw new pulumi.RunError(`no secret ${JSON.stringify(name)} in pergola:secrets`);
      return pulumi.secret(value);
    },
  };
}

/** Full keys of the configuration that hold something encrypted, as the language host passes them to the program. */
function secretKeys(): string[] {
  const keys: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]");
  return Array.isArray(keys) ? keys.map(String) : [];
}

function requireNode(): void {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 24) return;
  const message = `Node ${process.versions.node} cannot run this program: it is TypeScript, which Node runs from version 24 on`;
  throw new pulumi.RunError(`${message}; use npm run pulumi -- ..., which brings its own`);
}

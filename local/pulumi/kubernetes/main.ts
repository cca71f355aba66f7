// The executable `pulumi-resource-kubernetes` runs this: Pergola's own Kubernetes provider.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { serveProvider } from "./server.ts";

const manifest = createRequire(import.meta.url).resolve("@pulumi/kubernetes/package.json");
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
await serveProvider(engineAddress, version);

// The executable `pulumi-resource-gcp` of engine tests runs this.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { serveStandin } from "../serve.ts";
import { State } from "../state.ts";
import { gcpStandin } from "./cloud.ts";

const { PERGOLA_STANDIN_STATE, PERGOLA_STANDIN_IMPERSONABLE = "" } = process.env;
if (!PERGOLA_STANDIN_STATE) throw new Error("PERGOLA_STANDIN_STATE says where the cloud is");
const manifest = createRequire(import.meta.url).resolve("@pulumi/gcp/package.json");
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
const impersonable = PERGOLA_STANDIN_IMPERSONABLE.split(" ");
await serveStandin(gcpStandin(impersonable), new State(PERGOLA_STANDIN_STATE), version);

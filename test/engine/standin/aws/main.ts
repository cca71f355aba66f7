// The executable `pulumi-resource-aws` of engine tests runs this.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { serveStandin } from "../serve.ts";
import { State } from "../state.ts";
import { awsStandin } from "./cloud.ts";
import { motoJudge } from "./moto/judge.ts";

const { PERGOLA_STANDIN_STATE, PERGOLA_STANDIN_ACCOUNT, PERGOLA_STANDIN_MOTO } = process.env;
if (!PERGOLA_STANDIN_STATE || !PERGOLA_STANDIN_ACCOUNT) {
  throw new Error("PERGOLA_STANDIN_STATE and PERGOLA_STANDIN_ACCOUNT say where the cloud is, and whose");
}
const judge = PERGOLA_STANDIN_MOTO ? motoJudge(PERGOLA_STANDIN_MOTO) : undefined;
const manifest = createRequire(import.meta.url).resolve("@pulumi/aws/package.json");
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
await serveStandin(awsStandin(PERGOLA_STANDIN_ACCOUNT, judge), new State(PERGOLA_STANDIN_STATE), version);

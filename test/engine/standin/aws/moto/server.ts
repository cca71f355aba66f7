/** moto's server on a free port of the loopback interface, for the time of a test. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Progress } from "../../../../../local/progress.ts";
import { ensureMoto } from "../../../../../local/toolchain/python.ts";

export interface MotoServer extends AsyncDisposable {
  /** its address, as `endpoint` of AWS's SDK */
  readonly endpoint: string;
}

/** Installs moto where it is not there, and starts it. It holds an empty account, with AWS's own policies. */
export async function startMoto(): Promise<MotoServer> {
  const [program, ...module] = await ensureMoto(new Progress());
  const child = spawn(program, [...module, "--host", "127.0.0.1", "--port", "0"], {
    env: { PATH: process.env.PATH, MOTO_IAM_LOAD_MANAGED_POLICIES: "true", PYTHONUNBUFFERED: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const said: string[] = [];
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => reject(new Error(`moto did not start:\n${said.join("\n")}`)));
    // Read to the end: it writes a line for each request, and would stop at a full pipe.
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (said.length < 50) said.push(line);
      const address = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      child.kill();
      await gone;
    },
  };
}

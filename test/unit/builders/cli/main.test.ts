import { execFile, spawnSync } from "node:child_process";
import { chmodSync, closeSync, existsSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { gcpSetup } from "../garden/setups.ts";
import { folder, localSetupInput } from "../samples.ts";

const program = path.resolve(import.meta.dirname, "../../../../builders/cli/main.ts");

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a user would; no cluster can be reached, and nothing can be kept. */
function pergola(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const nothing = { HOME: "/nonexistent", KUBECONFIG: "/nonexistent/config", PERGOLA_CACHE: "/dev/null/cache" };
  const environment = { PATH: process.env.PATH, ...nothing, ...env };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env: environment }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

const files = {
  "setup.json": JSON.stringify(localSetupInput()),
  "pair/base/Dockerfile": "FROM busybox:1.36\n",
  "pair/base/garden.yml": "kind: Build\ntype: container\nname: base\n",
  "pair/app/Dockerfile": "FROM base\n",
  "pair/app/garden.yml": "kind: Build\ntype: container\nname: app\n",
};

describe("pergola", () => {
  it("tells its version and its help on stdout", async () => {
    expect(await pergola(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    for (const args of [
      [],
      ["--help"],
      ["build", "--help"],
      ["setup", "--help"],
      ["status", "--help"],
      ["garden", "--help"],
    ]) {
      expect(await pergola(args)).toMatchObject({
        code: 0,
        stderr: "",
        stdout: expect.stringContaining("Examples:\n  $ pergola"),
      });
    }
  });

  it.each<[string, string[], string]>([
    ["an unknown command", ["buld"], "Unknown command 'buld'\n  (Did you mean build?)"],
    ["an unknown option", ["build", "--dry-rn"], "Unknown option '--dry-rn'\n  (Did you mean --dry-run?)"],
    [
      "an unknown kind of progress",
      ["build", "--progress", "fancy"],
      "Allowed choices are auto, plain, tty, rawjson, quiet.",
    ],
    ["a live view without a terminal", ["build", "--progress", "tty"], "--progress tty needs a terminal on stderr"],
    ["a number that is none", ["build", "--concurrency", "0"], "It takes a whole number from 1."],
    [
      "a time that no timer can wait",
      ["build", "--timeout", "3000000"],
      "argument '3000000' is invalid. It takes at most 2147483 seconds.",
    ],
    ["a time of more digits", ["build", "--timeout", "30000000"], "It takes at most 2147483 seconds."],
    ["more builds than anybody wants", ["build", "--concurrency", "10000000"], "It takes at most 9999999."],
    ["too many words", ["setup", "x"], "Too many arguments"],
    ["a directory that is not there", ["build", "/nonexistent/x"], "/nonexistent/x does not exist."],
    ["a kubeconfig that is not there", ["setup"], "/nonexistent/config"],
  ])("%s: exit 2, one message on stderr, nothing on stdout", async (_, args, message) => {
    const run = await pergola(args);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toMatch(/^pergola: /);
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toContain("    at ");
  });

  it("prints errors as JSON on stdout too when asked, and a stack trace only with --debug", async () => {
    const run = await pergola(["build", "/nonexistent/x", "--output=json", "--debug"]);
    expect(JSON.parse(run.stdout)).toEqual({
      version: 1,
      error: { code: "context-missing", message: "/nonexistent/x does not exist.", hint: expect.any(String) },
    });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("    at ") });
    expect(JSON.parse((await pergola(["buld", "--output", "json"])).stdout)).toMatchObject({
      error: { code: "usage" },
    });
  });
});

describe("pergola setup", () => {
  it("prints the BuildSetup with its defaults", async () => {
    const run = await pergola(["setup", "--setup", `${folder(files)}/setup.json`, "--output", "json"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, environment: "local", credHelpers: {} });
  });

  it("to a disk that is full says so in one line and can be tried again", () => {
    const full = openSync("/dev/full", "w");
    const words = [program, "setup", "--setup", `${folder(files)}/setup.json`, "--output", "json"];
    const run = spawnSync(process.execPath, words, { stdio: ["ignore", full, "pipe"], encoding: "utf8" });
    closeSync(full);
    expect(run.stderr).toMatch(/^pergola: stdout cannot be written \(ENOSPC: .*\n$/);
    expect(run.status).toBe(75);
  });
});

describe("pergola garden", () => {
  const written = () => ["--setup", `${folder(files)}/setup.json`];

  it("prints the blocks of project.garden.yml as YAML, without a cluster, the same each time", async () => {
    const run = await pergola(["garden", ...written()]);
    expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/^local, from file .*setup\.json\.\n$/) });
    expect(parse(run.stdout).providers).toMatchObject([
      { name: "kubernetes", environments: ["local"], context: "pergola-local", buildMode: "cluster-buildkit" },
      { name: "kubernetes", environments: ["local-kaniko"], context: "pergola-local", buildMode: "kaniko" },
    ]);
    expect((await pergola(["garden", ...written()])).stdout).toBe(run.stdout);
  });

  it("prints them as JSON, for one mode and another context, and says what it leaves out", async () => {
    const json = await pergola(["garden", ...written(), "--mode", "kaniko", "--context", "mine", "--output", "json"]);
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toEqual({
      version: 1,
      providers: [expect.objectContaining({ buildMode: "kaniko", context: "mine", environments: ["local"] })],
    });
    const one = await pergola(["garden", ...written(), "-n", "pergola-kaniko"]);
    expect(one.stderr).toContain(
      "No block for mode cluster-buildkit, which is not provisioned in namespace pergola-kaniko.",
    );
  });

  it.each<[string, string[], string]>([
    ["--stack has a short form", ["-s", "local"], "pulumi could not be started"],
    [
      "a mode of Garden's guide that it never had",
      ["--mode", "buildkit"],
      "Allowed choices are cluster-buildkit, kaniko.",
    ],
    ["Docker of this machine", ["--mode", "local-docker"], "Allowed choices are cluster-buildkit, kaniko."],
    [
      "a namespace of nobody",
      ["--setup", "SETUP", "-n", "x"],
      "Namespace x is not provisioned for the mode cluster-buildkit",
    ],
  ])("%s: exit 2", async (_, args, message) => {
    const words = args.map((word) => (word === "SETUP" ? `${folder(files)}/setup.json` : word));
    const run = await pergola(["garden", ...words], { PATH: "/nonexistent" });
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(message);
  });

  /** A `pulumi` that only knows one stack's output: that of an example, which no cluster has. */
  const withPulumi = (stack: string, answer = JSON.stringify(gcpSetup(stack))) => {
    const asked = `stack output setup --json --non-interactive --stack ${stack}`;
    const script = `#!/bin/sh
[ "$*" = "${asked}" ] || { echo "error: no stack named '$7' found" >&2; exit 255; }
cat "\${0%/*}/answer"
`;
    const root = folder({ pulumi: script, answer });
    chmodSync(`${root}/pulumi`, 0o755);
    return { PATH: `${root}:${process.env.PATH}` };
  };

  it("-s takes the environment from the stack's output", async () => {
    const run = await pergola(["garden", "-s", "gcp-dev"], withPulumi("gcp-dev"));
    expect(run).toMatchObject({ code: 0, stderr: "gcp-dev, from stack gcp-dev.\n" });
    expect(parse(run.stdout).providers).toMatchObject([
      {
        ...{ environments: ["gcp-dev"], context: "gcp-dev", buildMode: "kaniko", namespace: "shop-dev" },
        deploymentRegistry: { hostname: "europe-central2-docker.pkg.dev", namespace: "shop-registry/shop" },
      },
    ]);
  });

  it.each<[string, string, () => Record<string, string>, string]>([
    [
      "a stack that is not there",
      "gcp-key",
      () => withPulumi("gcp-dev"),
      "The output setup of stack gcp-key cannot be read: no stack named 'gcp-key' found.",
    ],
    ["an output that is no BuildSetup", "gcp-dev", () => withPulumi("gcp-dev", "{}"), "stack gcp-dev"],
    ["no pulumi", "gcp-dev", () => ({ PATH: "/nonexistent" }), "pulumi could not be started: it is not on the PATH."],
  ])("-s with %s: exit 2", async (_, stack, env, message) => {
    const run = await pergola(["garden", "-s", stack], env());
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(message);
  });

  it("asks for a context where neither the environment nor anybody names one", async () => {
    const setup = localSetupInput();
    setup.cluster.context = null;
    const file = `${folder({ "setup.json": JSON.stringify(setup) })}/setup.json`;
    expect(await pergola(["garden", "--setup", file])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("/nonexistent/config"),
    });
    expect(await pergola(["garden", "--setup", file, "--context", "mine"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("context: mine"),
    });
  });
});

describe("pergola build --dry-run", () => {
  const dryRun = (root: string): string[] => ["build", `${root}/pair`, "--setup", `${root}/setup.json`, "--dry-run"];

  it("prints the plans in build order, siblings by tag, the same each time", async () => {
    const root = folder(files);
    const args = [...dryRun(root), "--mode", "kaniko"];
    const [one, two] = [await pergola(args), await pergola(args)];
    expect(one).toMatchObject({ code: 0, stderr: "" });
    expect(two.stdout).toBe(one.stdout);
    const plans = parseAllDocuments(one.stdout).map((document) => document.toJS());
    expect(plans.map(({ name }) => name)).toEqual(["base", "app"]);
    expect(plans[1].files.Dockerfile).toBe(`FROM ${plans[0].references[0]}\n`);
  });

  it("of a directory loads, the second time, nothing that it does not need", async () => {
    const root = folder({ "setup.json": files["setup.json"], "app/Dockerfile": "FROM busybox:1.36\n", "cache/x": "" });
    const list = path.join(root, "loaded");
    const hooks = path.resolve(import.meta.dirname, "../../../program/loaded.mjs");
    const env = { PERGOLA_CACHE: `${root}/cache`, PERGOLA_TEST_LOADED: list, NODE_OPTIONS: `--import=${hooks}` };
    const loaded = async () => {
      const args = ["build", `${root}/app`, "--setup", `${root}/setup.json`, "--dry-run", "--output", "json"];
      expect(await pergola(args, env)).toMatchObject({ code: 0, stderr: "" });
      return new Set(
        readFileSync(list, "utf8")
          .split("\n")
          .map((file) => file.split("/")[0]),
      );
    };
    expect(await loaded()).toContain("zod");
    const second = await loaded();
    expect(second).not.toContain("zod");
    expect(second).toContain("commander");
    expect(existsSync(`${root}/cache/compiled`)).toBe(true);
  });

  it("prints them as JSON", async () => {
    const root = folder(files);
    const run = await pergola([...dryRun(root), "--output", "json", "--tag", "t"]);
    const { version, plans } = JSON.parse(run.stdout);
    expect(version).toBe(1);
    expect(plans.map(({ references }: { references: string[] }) => references[0])).toEqual([
      "172.30.0.11:30500/examples/base:t",
      "172.30.0.11:30500/examples/app:t",
    ]);
  });

  it("of a mode that was not provisioned names the line of the stack", async () => {
    const root = folder(files);
    const run = await pergola([...dryRun(root), "--mode", "local-docker"]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toBe(
      `pergola: The environment local was not provisioned for the mode local-docker.
  Add pergola:builder.modes.local-docker: {} in stacks/Pulumi.local.yaml and run pulumi up. Provisioned: cluster-buildkit, kaniko.
`,
    );
  });

  it("of a mode that Garden had says what became of it", async () => {
    const run = await pergola([...dryRun(folder(files)), "--mode", "cluster-docker"]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain("The mode cluster-docker is gone since Garden 0.13: one Docker daemon");
  });
});

/** `pergola setup`: which environment this is, and what it promises builders. */
import type { BuildSetup } from "../../infra/setup.ts";
import { clusterModes } from "../clusterModes.ts";
import { table } from "../report/table.ts";
import { connect } from "./connect.ts";
import { type GlobalOptions, note, printResult } from "./output.ts";

/** Runs the command; resolves to the exit code. */
export async function runSetup(options: GlobalOptions): Promise<number> {
  const { setup, source } = await connect(options, { checkCluster: false });
  if (options.output === "text") note(`From ${source}.`);
  printResult(options, setup, () => setupText(setup));
  return 0;
}

/** The environment on a few lines. */
export function setupText(setup: BuildSetup): string {
  const { registry, cluster } = setup;
  const plain = (mirror: string) => (registry.insecureMirrors?.includes(mirror) ? " (plain http)" : "");
  const mirrors = Object.entries(registry.mirrors).map(
    ([host, to]) => `${host} by ${to.map((mirror) => mirror + plain(mirror)).join(", ")}`,
  );
  const facts = [
    ["environment", `${setup.environment} (${setup.purpose})`],
    [
      "registry",
      `${[registry.host, registry.namespace].filter(Boolean).join("/")} (${registry.kind}${registry.insecure ? ", plain http" : ""})`,
    ],
    ["mirrors", mirrors.join("; ") || "none"],
    ["images", setup.images.map((image) => image.name).join(", ") || unlisted(registry)],
    [
      "cache",
      setup.cache
        .map(({ tag, mode, export: written, registry }) => {
          const where = registry === undefined ? "" : `, in ${registry.host}`;
          return `${tag} (${mode}${written ? "" : ", read only"}${where})`;
        })
        .join(", ") || "none",
    ],
    ["cluster", `${cluster.context ?? "current context"}${cluster.uid === null ? "" : `, uid ${cluster.uid}`}`],
  ];
  const titled = (name: string): string => (name === setup.builders.default ? `${name} (default)` : name);
  const modes = clusterModes(setup).flatMap(([name, mode]) => {
    const places = [
      ...mode.namespaces.map((namespace) => [namespace.name, namespace.serviceAccount]),
      ...mode.namespacePatterns.map((pattern) => [pattern, "made by the first build"]),
    ];
    return places.map((place) => [titled(name), ...place, mode.image, mode.platforms.join(", ")]);
  });
  if (setup.builders.modes["local-docker"])
    modes.push([titled("local-docker"), "-", "-", "Docker of this machine", "-"]);
  const width = Math.max(...facts.map(([title]) => title?.length ?? 0));
  const lines = facts.map(([title, text]) => `${title?.padEnd(width)}  ${text}`);
  return [...lines, "", table(["MODE", "NAMESPACE", "SERVICE ACCOUNT", "IMAGE", "PLATFORMS"], modes)].join("\n");
}

/** What images may be where none is listed. ECR by its host alone, as somebody else's registry, makes repositories only by a template. */
function unlisted({ kind, createsRepositoriesOnPush }: BuildSetup["registry"]): string {
  if (!createsRepositoriesOnPush) return "none";
  return kind === "ecr" ? "any that there is a repository for" : "any: made on push";
}

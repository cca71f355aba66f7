// How `pergola setup` and `pergola status` show where can be built.
import { expect, it } from "vitest";
import { setupText } from "../../../../builders/cli/setup.ts";
import { type StatusResult, statusText } from "../../../../builders/cli/status.ts";
import { localSetup, withPattern } from "../samples.ts";

it("setup shows patterns with the namespaces of a mode", () => {
  const lines = setupText(localSetup(withPattern)).split("\n");
  const places = lines.slice(lines.findIndex((line) => line.startsWith("MODE")) + 1);
  expect(places.map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
    ["cluster-buildkit (default)", "pergola-buildkit", "garden-in-cluster-builder"],
    ["cluster-buildkit (default)", "shop-preview-*", "made by the first build"],
    ["kaniko", "pergola-kaniko", "garden-in-cluster-builder"],
    ["kaniko", "shop-preview-*", "made by the first build"],
  ]);
});

it("status names the patterns, and says of an account that is not there who makes it", () => {
  const namespace = { mode: "kaniko", daemon: null, builds: [], serviceAccount: false };
  const result = (namespacePatterns: StatusResult["namespacePatterns"]): string =>
    statusText({
      version: 1,
      environment: "local",
      source: "a file",
      cluster: { context: "c", server: "s", uid: "u" },
      namespaces: [
        { ...namespace, namespace: "pergola-kaniko", fresh: false },
        { ...namespace, namespace: "shop-preview-7", fresh: true },
      ],
      namespacePatterns,
    });
  const [, listed, fresh, patterns] = result([{ mode: "kaniko", pattern: "shop-preview-*" }]).split("\n");
  expect(listed).toContain("MISSING: run pulumi up");
  expect(fresh).toContain("made by the first build");
  expect(patterns).toBe("Others that match may build, too: shop-preview-* (kaniko)");
  expect(result([]).split("\n")).toHaveLength(3);
});

import { describe, expect, it } from "vitest";
import { buildkitdToml } from "../../../../builders/plan/buildkitdToml.ts";
import { localSetup, type SetupInput } from "../samples.ts";

const toml = (limits: Record<string, string> = {}, change: (input: SetupInput) => void = () => {}): string =>
  buildkitdToml(localSetup(change), { resources: { limits, requests: {} } });
const valuesOf = (text: string, key: string): string[] =>
  [...text.matchAll(new RegExp(`^ *${key} = (.*)$`, "gm"))].map(([, value]) => value as string);

describe("buildkitd.toml", () => {
  it("is this for a builder with limits", async () => {
    const text = toml({ cpu: "6", memory: "8Gi", "ephemeral-storage": "20Gi" }, (input) => {
      Object.assign(input.registry, { caBundle: "-----BEGIN CERTIFICATE-----" });
      input.registry.mirrors["ghcr.io"] = ["mirror.test"];
      input.cache = [
        { tag: "c", registry: { kind: "x", host: "plain.test:5000", insecure: true } },
        { tag: "d", registry: { kind: "x", host: "caches.test" } },
      ];
    });
    await expect(text).toMatchFileSnapshot("golden/buildkitd.toml");
  });

  it("asks mirrors by plain HTTP where that is how they are reached, beside a registry with TLS", () => {
    const text = toml({}, (input) => {
      input.registry.mirrors = { "docker.io": ["plain.test:5000", "mirror.test"] };
      Object.assign(input.registry, { insecure: false, caBundle: "pem", insecureMirrors: ["plain.test:5000"] });
      input.cache = [];
    });
    const ca = '  ca = ["/etc/buildkit/registry-ca.pem"]';
    expect(text.slice(text.indexOf("[registry"))).toBe(
      [
        ...['[registry."docker.io"]', '  mirrors = ["plain.test:5000", "mirror.test"]'],
        ...['[registry."plain.test:5000"]', "  http = true"],
        ...['[registry."172.30.0.11:30500"]', ca],
        ...['[registry."mirror.test"]', ca, ""],
      ].join("\n"),
    );
  });

  it.each([
    ["4", "4"],
    ["1", "4"],
    ["500m", "4"],
    ["4500m", "5"],
    ["7.5", "8"],
    ["16", "16"],
  ])("runs as many steps as there are cores, and at least 4: %s", (cpu, steps) => {
    expect(valuesOf(toml({ cpu }), "max-parallelism")).toEqual([steps]);
  });

  it.each<[string, number]>([
    ["1Gi", 2 ** 30],
    ["20Gi", 20 * 2 ** 30],
    ["20G", 20e9],
    ["500Mi", 500 * 2 ** 20],
    ["1e9", 1e9],
    ["1000k", 1e6],
  ])("keeps less cache than the pod may have storage: %s", (storage, bytes) => {
    const [contexts, layers, all] = valuesOf(toml({ "ephemeral-storage": storage }), "maxUsedSpace").map(Number);
    expect(layers).toBe(Math.floor(bytes * 0.8));
    expect(all).toBe(layers);
    expect(contexts).toBeLessThan(layers as number);
    const reserved = valuesOf(toml({ "ephemeral-storage": storage }), "reservedSpace").map(Number);
    for (const one of reserved) expect(one).toBeLessThan(contexts as number);
  });

  it("goes by the disk where the pod has no limits", () => {
    const text = toml();
    expect(valuesOf(text, "max-parallelism")).toEqual([]);
    expect(valuesOf(text, "maxUsedSpace")).toEqual(['"10GB"', '"100GB"', '"100GB"']);
    expect(valuesOf(text, "reservedSpace")).toEqual(['"10%"', '"10%"']);
  });
});

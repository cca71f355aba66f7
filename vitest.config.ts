import { defineConfig } from "vitest/config";

/** A tier of the test suite: a folder of `test/` with what its tests may take. */
function tier(name: string, seconds: number, options: { oneAtATime?: boolean; include?: string[] } = {}) {
  return {
    test: {
      name,
      include: options.include ?? [`test/${name}/**/*.test.ts`],
      testTimeout: seconds * 1000,
      hookTimeout: seconds * 1000,
      // The cluster and the engine are shared, and the machine is small.
      fileParallelism: !options.oneAtATime,
      env: { PULUMI_ERROR_OUTPUT_STRING: "true" },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      tier("unit", 20),
      tier("program", 60),
      tier("garden", 60),
      tier("engine", 300, { oneAtATime: true }),
      tier("cluster", 300, { oneAtATime: true }),
      tier("conformance", 600, { oneAtATime: true }),
      tier("stop", 120, { oneAtATime: true }),
    ],
  },
});

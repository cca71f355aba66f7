import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { divideMachine, parseMemoryTotal } from "../../../../local/cluster/layout.ts";

describe("dividing the machine between the nodes", () => {
  test.each([
    { machine: { milliCpu: 1000, memoryKi: 4_000_000 }, builder: { milliCpu: 700, memoryKi: 2_599_936 } },
    { machine: { milliCpu: 2000, memoryKi: 24_684_092 }, builder: { milliCpu: 1300, memoryKi: 16_045_056 } },
    { machine: { milliCpu: 64_000, memoryKi: 263_000_000 }, builder: { milliCpu: 41_600, memoryKi: 170_949_632 } },
  ])("$machine.milliCpu thousandths of a core", ({ machine, builder }) => {
    expect(divideMachine(machine).builder).toEqual(builder);
  });

  test("the parts add up to the machine exactly, and the builder has the larger one", () => {
    const machines = fc.record({
      milliCpu: fc.integer({ min: 1, max: 512 }).map((cores) => cores * 1000),
      memoryKi: fc.integer({ min: 1024 * 1024, max: 4 * 1024 ** 3 }),
    });
    fc.assert(
      fc.property(machines, (machine) => {
        const { apps, builder } = divideMachine(machine);
        expect(apps.milliCpu + builder.milliCpu).toBe(machine.milliCpu);
        expect(apps.memoryKi + builder.memoryKi).toBe(machine.memoryKi);
        expect(apps.milliCpu).toBeGreaterThan(0);
        expect(builder.milliCpu).toBeGreaterThan(apps.milliCpu);
        expect(builder.memoryKi).toBeGreaterThan(apps.memoryKi);
      }),
    );
  });

  test("the machine's memory is read from MemTotal", () => {
    expect(parseMemoryTotal("MemFree:  5 kB\nMemTotal:       24684092 kB\n")).toBe(24_684_092);
    expect(() => parseMemoryTotal("MemFree: 5 kB\n")).toThrow("MemTotal");
  });
});

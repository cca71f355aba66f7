import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ImageEvent } from "../../../../builders/report/events.ts";
import { LiveView } from "../../../../builders/report/liveView.ts";
import { painter } from "../../../../builders/report/plain.ts";
import { LiveArea } from "../../../../builders/report/terminal.ts";
import { Screen } from "../../../terminal/screen.ts";

const view = (images: readonly string[], events: readonly [number, string, ImageEvent["event"]][]) => {
  const made = new LiveView({ images, paint: painter(false) });
  for (const [at, image, event] of events) made.record({ image, event }, at);
  return made;
};
const started = { type: "started", reference: "R/x:1", mode: "kaniko", namespace: "ns" } as const;
const step = (id: string, name: string, state: "started" | "cached" | "done") =>
  ({ type: "step", id, name, state }) as const;

describe("the live view", () => {
  const made = view(
    ["api", "worker", "web"],
    [
      [0, "api", started],
      [1000, "worker", started],
      [1000, "worker", { type: "status", text: "waiting for pod pergola-worker" }],
      [2000, "api", { type: "context", bytes: 4100, total: null }],
      [2000, "api", step("1", "[1/4] FROM busybox", "cached")],
      [2000, "api", step("2", "[internal] load build context", "cached")],
      [2000, "api", step("3", "[2/4] COPY . /", "cached")],
      [3000, "api", step("4", "[3/4] RUN make", "started")],
      [3000, "api", step("5", "[other 2/2] RUN \u001b[31mlint\tall", "started")],
      [4000, "api", { type: "log", step: "4", line: "cc -c main.c" }],
    ],
  );

  it("shows for each image what runs, for how long, what was sent and cached, and the last line of output", () => {
    expect(made.lines(75_900, { columns: 60, rows: 24 })).toEqual([
      "3 images: 2 running, 1 waiting  1 min 15 s",
      "api  2 steps cached  sent 4.1 kB  1 min 15 s",
      "  [3/4] RUN make  1 min 12 s",
      "  [other 2/2] RUN lint all  1 min 12 s",
      "  | cc -c main.c",
      "worker  1 min 14 s",
      "  waiting for pod pergola-worker",
    ]);
  });

  it("leaves out what matters least when the terminal is too low", () => {
    const shown = (rows: number) => made.lines(5000, { columns: 30, rows }).map((line) => line.split("  ")[0]);
    expect(shown(7)).toEqual(["3 images: 2 running, 1 …", "api", "", "", "worker", ""]);
    expect(shown(5)).toEqual(["3 images: 2 running, 1 …", "api", "worker"]);
    expect(shown(3)).toEqual(["3 images: 2 running, 1 …", "and 2 more"]);
  });

  it("is empty before the first build and after the last", () => {
    expect(view(["api"], []).lines(0, { columns: 80, rows: 24 })).toEqual([]);
  });

  it("fits every terminal, whatever builders print", () => {
    const name = fc.string({ unit: "binary", maxLength: 200 });
    fc.assert(
      fc.property(
        fc.array(name, { maxLength: 12 }),
        name,
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 2, max: 30 }),
        (names, line, columns, rows) => {
          const fits = view(
            ["api", "web"],
            [
              [0, "api", started],
              [0, "web", started],
              ...names.map((name, id): [number, string, ImageEvent["event"]] => [
                0,
                id % 2 ? "api" : "web",
                step(String(id), name, "started"),
              ]),
              [0, "web", { type: "log", step: null, line }],
            ],
          ).lines(0, { columns, rows });
          expect(fits.length).toBeLessThan(rows);
          for (const one of fits) {
            expect([...one].length).toBeLessThan(Math.max(2, columns));
            expect(one).not.toMatch(/\p{Cc}/u);
          }
        },
      ),
    );
  });
});

describe("the lowest lines of a terminal", () => {
  /** A terminal that keeps what was written, write by write. */
  const terminal = (columns = 40, rows = 8) => {
    const screen = new Screen(columns, rows);
    const area = new LiveArea({
      get columns() {
        return screen.columns;
      },
      rows,
      write: (text: string) => {
        screen.write(text);
        expect([screen.cursorVisible, screen.wraps]).toEqual([true, true]);
      },
    });
    return { screen, area };
  };

  it("are drawn over, while what is above them stays", () => {
    const { screen, area } = terminal();
    screen.write("$ pergola build\n");
    area.draw([], ["api", "  RUN a"]);
    expect(screen.text).toEqual(["$ pergola build", "api", "  RUN a"]);
    area.draw(["web built"], ["api", "  RUN b", "  | log"]);
    expect(screen.text).toEqual(["$ pergola build", "web built", "api", "  RUN b", "  | log"]);
    area.draw([], ["api"]);
    expect(screen.text).toEqual(["$ pergola build", "web built", "api"]);
    area.draw(["api built"], []);
    expect(screen.text).toEqual(["$ pergola build", "web built", "api built"]);
  });

  it("are not drawn when nothing changed", () => {
    let writes = 0;
    const area = new LiveArea({ write: () => writes++ });
    area.draw([], []);
    expect(writes).toBe(0);
    area.draw([], ["a"]);
    area.draw([], ["a"]);
    expect(writes).toBe(1);
  });

  it("leave nothing behind, whatever is drawn and however the terminal's width changes", () => {
    const text = fc.string({ unit: fc.constantFrom(..."abc "), minLength: 1, maxLength: 30 }).map((one) => `.${one}.`);
    const change = fc.record({
      above: fc.array(text, { maxLength: 2 }),
      lines: fc.array(text, { maxLength: 3 }),
      columns: fc.integer({ min: 15, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const { screen, area } = terminal(40, 12);
        for (const { above, lines, columns } of changes) {
          screen.resize(columns);
          area.draw(
            above,
            lines.map((line) => line.slice(0, columns - 1)),
          );
        }
        area.draw([], []);
        const kept = changes.flatMap(({ above }) => above).join("");
        expect(screen.lines.join("").replace(/\s/g, "")).toBe(kept.replace(/\s/g, ""));
      }),
    );
  });
});

/** What the live view says: its lines follow from the records so far, the time and the size of the terminal. Pure. */
import type { ImageEvent } from "./events.ts";
import type { painter, Style } from "./plain.ts";
import { isDockerfileStep } from "./steps.ts";
import { size } from "./table.ts";
import { printable } from "./terminal.ts";

/** An image that is being built. Times are in milliseconds of one clock. */
interface Running {
  readonly since: number;
  readonly steps: Map<string, { readonly name: string; readonly since: number }>;
  cached: number;
  sent: number;
  /** what is waited for while no step runs */
  status: string;
  /** the last line of output */
  log: string;
}

/** A line of the view. When the terminal is too low for all, those that matter least go first. */
interface Row {
  readonly matters: "most" | "more" | "least";
  readonly text: string;
  readonly time?: string;
  readonly style?: Style;
}

export class LiveView {
  readonly #images: number;
  readonly #paint: ReturnType<typeof painter>;
  readonly #running = new Map<string, Running>();
  #begun: number | null = null;
  #ended = 0;

  constructor(options: { readonly images: readonly string[]; readonly paint: ReturnType<typeof painter> }) {
    this.#images = options.images.length;
    this.#paint = options.paint;
  }

  record({ image, event }: ImageEvent, now: number): void {
    if (event.type === "started") {
      this.#begun ??= now;
      this.#running.set(image, { since: now, steps: new Map(), cached: 0, sent: 0, status: "", log: "" });
      return;
    }
    if (event.type === "finished") {
      this.#running.delete(image);
      this.#ended++;
      return;
    }
    const build = this.#running.get(image);
    if (build === undefined) return;
    if (event.type === "status") build.status = event.text;
    if (event.type === "context") build.sent = event.bytes;
    if (event.type === "log") build.log = event.line;
    if (event.type !== "step") return;
    if (event.state === "started") {
      build.steps.set(event.id, { name: event.name, since: now });
      build.log = "";
    } else {
      build.steps.delete(event.id);
      if (event.state === "cached" && isDockerfileStep(event.name)) build.cached++;
    }
  }

  /** Lines that fit a terminal of this size with one to spare; none before the first build has begun. */
  lines(now: number, terminal: { readonly columns: number; readonly rows: number }): string[] {
    if (this.#begun === null || this.#running.size === 0) return [];
    const rows = [...this.#running].flatMap(([name, build]) => imageRows(name, build, now));
    if (this.#images > 1) rows.unshift(this.#summary(now));
    const width = terminal.columns - 1;
    return fitting(rows, Math.max(1, terminal.rows - 1)).map((row) => this.#line(row, width));
  }

  /** `3 images: 2 running, 1 ended  12 s` */
  #summary(now: number): Row {
    const waiting = this.#images - this.#running.size - this.#ended;
    const parts = [
      `${this.#running.size} running`,
      ...(this.#ended > 0 ? [`${this.#ended} ended`] : []),
      ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ];
    const text = `${this.#images} images: ${parts.join(", ")}`;
    return { matters: "most", text, time: elapsed(this.#begun ?? now, now), style: "dim" };
  }

  #line({ text, time = "", style }: Row, width: number): string {
    // Not at the right-hand edge: lines that are as wide as the terminal fall apart when it becomes narrower.
    const room = Math.max(0, width - (time === "" ? 0 : time.length + 2));
    const line = cut([cut(printable(text), room), ...(time === "" ? [] : [time])].join("  "), width);
    return style === undefined ? line : this.#paint(style, line);
  }
}

/** Steps of one image that are shown; builders run a few at a time. */
const STEPS_SHOWN = 4;

function imageRows(name: string, build: Running, now: number): Row[] {
  const { since, cached, sent, status, log } = build;
  const facts = [
    ...(cached > 0 ? [`${cached} ${cached === 1 ? "step" : "steps"} cached`] : []),
    ...(sent > 0 ? [`sent ${size(sent)}`] : []),
  ];
  const steps = [...build.steps.values()];
  const more = steps.length - STEPS_SHOWN;
  return [
    { matters: "most", text: [name, ...facts].join("  "), time: elapsed(since, now), style: "bold" },
    ...(steps.length === 0 && status !== "" ? [{ matters: "more", text: `  ${status}` } as const] : []),
    ...steps
      .slice(0, STEPS_SHOWN)
      .map((step): Row => ({ matters: "more", text: `  ${step.name}`, time: elapsed(step.since, now) })),
    ...(more > 0 ? [{ matters: "more", text: `  and ${more} more` } as const] : []),
    ...(log.trim() !== "" ? [{ matters: "least", text: `  | ${log}`, style: "dim" } as const] : []),
  ];
}

/** As many rows as there is room for. */
function fitting(rows: readonly Row[], room: number): readonly Row[] {
  let left = rows;
  for (const rank of ["least", "more"] as const) {
    if (left.length > room) left = left.filter(({ matters }) => matters !== rank);
  }
  if (left.length <= room) return left;
  const shown = left.slice(0, Math.max(0, room - 1));
  return [...shown, { matters: "most", text: `and ${left.length - shown.length} more` }];
}

function cut(text: string, width: number): string {
  // By code points, so that no character is halved. Wide ones may still be too long: the terminal cuts them.
  const points = text.length > width ? [...text] : null;
  return points === null || points.length <= width ? text : `${points.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** Whole seconds: a view that changes more often is no calm one. */
function elapsed(since: number, now: number): string {
  const seconds = Math.floor((now - since) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

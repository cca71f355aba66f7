/** The live view: what runs now, on the lowest lines of a terminal; what has ended stays above them. */
import type { ImageEvent, Progress } from "./events.ts";
import { LiveView } from "./liveView.ts";
import { PlainProgress, painter } from "./plain.ts";
import type { ImageResult } from "./result.ts";
import { duration, size } from "./table.ts";
import { LiveArea, type Terminal } from "./terminal.ts";

/** Between two drawings: five a second at most. */
const DRAW_MILLISECONDS = 200;

export class LiveProgress implements Progress {
  readonly #area: LiveArea;
  readonly #view: LiveView;
  /** lines that are to stay, until they are drawn */
  readonly #kept: string[] = [];
  /** warnings and failures, as plain lines tell them */
  readonly #plain: PlainProgress;
  readonly #describe: (image: string, result: ImageResult) => string;
  readonly #timer: NodeJS.Timeout;

  constructor(options: {
    readonly terminal: Terminal;
    readonly color: boolean;
    readonly images: readonly string[];
  }) {
    const { terminal, color, images } = options;
    const paint = painter(color);
    const width = Math.max(0, ...images.map((name) => name.length));
    this.#area = new LiveArea(terminal);
    this.#view = new LiveView({ images, paint });
    this.#plain = new PlainProgress({ color, images, write: (line) => this.#kept.push(line) }, true);
    this.#describe = (image, result) =>
      `${paint("bold", image.padEnd(width))}  ${ending(result, paint("green", result.status))}`;
    this.#timer = setInterval(() => this.#draw(), DRAW_MILLISECONDS).unref();
  }

  record(event: ImageEvent): void {
    this.#view.record(event, performance.now());
    this.#plain.record(event);
    if (event.event.type === "finished" && event.event.result.error === null) {
      this.#kept.push(this.#describe(event.image, event.event.result));
    }
  }

  note(line: string): void {
    this.#kept.push(line);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#area.draw(this.#kept.splice(0), []);
  }

  #draw(): void {
    this.#area.draw(this.#kept.splice(0), this.#view.lines(performance.now(), this.#area.size));
  }
}

/** `built in 3.1 s, 7 of 9 steps cached, sent 4.1 kB` */
function ending({ seconds, steps, cachedSteps, bytesSent }: ImageResult, status: string): string {
  return [
    `${status} in ${duration(seconds)}`,
    ...(steps !== null && cachedSteps !== null ? [`${cachedSteps} of ${steps} steps cached`] : []),
    ...(bytesSent !== null ? [`sent ${size(bytesSent)}`] : []),
  ].join(", ");
}

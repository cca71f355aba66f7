/**
 * What executors tell while they carry out a plan: a stream of plain records. Everything that people see of a
 * running build (plain lines, raw JSON, a live terminal) is a consumer of this stream; none of it is in `run/`.
 */
import type { ImageResult } from "./result.ts";

/** A record of one build, as an executor emits it. Times are in seconds, sizes in bytes. */
export type BuildEvent =
  /** what the build waits for or does between steps: "waiting for pod pergola-buildkit: Pending (0/2 nodes ...)" */
  | { readonly type: "status"; readonly text: string }
  /** bytes of the build context sent so far; `total` is null while it is not known */
  | { readonly type: "context"; readonly bytes: number; readonly total: number | null }
  /** a build step changed: `id` is the same in all records of a step, `seconds` is there once it ended */
  | {
      readonly type: "step";
      readonly id: string;
      readonly name: string;
      readonly state: "started" | "done" | "cached" | "failed";
      readonly seconds?: number;
      readonly error?: string;
    }
  /** output of a step (or of the builder, with `step` null): one line without its line end */
  | { readonly type: "log"; readonly step: string | null; readonly line: string }
  | { readonly type: "warning"; readonly text: string }
  | { readonly type: "pushed"; readonly reference: string; readonly digest: string }
  /** the image is in an image store of this machine, which people call `place` */
  | { readonly type: "loaded"; readonly reference: string; readonly place: string }
  /** one line of the builder's own machine-readable progress, for `--progress rawjson` */
  | { readonly type: "raw"; readonly line: string };

/** Records that the schedule of a whole graph adds around those of the executors. */
export type ScheduleEvent =
  /** `namespace` is null where nothing of the build is in a cluster */
  | { readonly type: "started"; readonly reference: string; readonly mode: string; readonly namespace: string | null }
  | { readonly type: "finished"; readonly result: ImageResult };

/** A record with the image that it is about; consumers take these. */
export interface ImageEvent {
  readonly image: string;
  readonly event: BuildEvent | ScheduleEvent;
}

/** Shows or keeps a stream of records. `end` is called after the last record; once more does nothing. */
export interface Progress {
  record(event: ImageEvent): void;
  /** a line for people that is about no image */
  note(line: string): void;
  end(): void;
}

/** `auto` is `tty` where there is a terminal that can show it, else `plain`. */
export const PROGRESS_KINDS = ["auto", "plain", "tty", "rawjson", "quiet"] as const;
export type ProgressKind = (typeof PROGRESS_KINDS)[number];

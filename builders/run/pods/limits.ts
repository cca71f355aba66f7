/** How long the runner waits for a cluster, in seconds. */
export interface Limits {
  /** after this the reason why a pod does not start is shown */
  readonly notice: number;
  /** from the creation of a pod until its container runs; includes the time that an autoscaler needs for a node */
  readonly start: number;
  /** from a running buildkitd container until buildkitd answers; a large cache makes it slow */
  readonly answer: number;
  /** without a byte from buildkitd, whose session says something every 5 seconds */
  readonly silence: number;
  /** from the deletion of a pod until it is gone */
  readonly removal: number;
}

export const LIMITS: Limits = { notice: 10, start: 600, answer: 120, silence: 8, removal: 30 };

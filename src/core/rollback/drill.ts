/** Steps of a way that people wait for, in order, with what they do. */
export const timedSteps = {
  'pause-queues': 'Pause queues',
  apply: 'Apply',
  'move-domain': 'Move domain',
  database: 'Database',
  variables: 'Variables',
  'resume-queues': 'Resume queues',
  'smoke-domain': 'Smoke',
} as const;

/** One way of a drill, with what each step took. */
export interface DrillLeg {
  readonly direction: 'back' | 'forward';
  readonly from: string;
  readonly to: string;
  /** Id of the record that the way was written down in. */
  readonly releaseId: string;
  /** Time from the first change until smoke had proven the release: what people wait for (RTO). */
  readonly rtoMs: number;
  readonly steps: readonly { readonly id: string; readonly durationMs: number }[];
}

/** The ways of a drill, in the order in which they were gone. */
export interface DrillLegs {
  readonly legs: readonly DrillLeg[];
}

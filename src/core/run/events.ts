/**
 * How a step ended. `failed` carries the error code, never the whole error: the error itself is thrown. `red` and `inconclusive`
 * are a gate's findings: the run goes on until the gate's last step.
 */
export type StepOutcome = 'done' | 'unchanged' | 'skipped' | 'red' | 'inconclusive' | 'failed' | 'undone' | 'undo-failed' | 'planned';

/** One thing that happened while steps ran. `path` is the ids from the root, `at` ISO 8601 UTC. */
export type RunEvent =
  | { readonly type: 'step-started'; readonly path: readonly string[]; readonly title: string; readonly at: string }
  | {
      readonly type: 'step-note';
      readonly path: readonly string[];
      readonly text: string;
      /** The same at more length, as rows for a terminal that shows them in place. */
      readonly panel?: readonly string[] | undefined;
      readonly at: string;
    }
  | {
      readonly type: 'step-finished';
      readonly path: readonly string[];
      readonly title: string;
      readonly outcome: StepOutcome;
      /** A line that says what came out, why it was skipped, or the error code. */
      readonly detail?: string | undefined;
      readonly durationMs: number;
      readonly at: string;
    };

/** Receives events in the order in which they happen. Must not throw. */
export type EventSink = (event: RunEvent) => void;

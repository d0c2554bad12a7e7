import type { Verdict } from '../verdict.ts';

/**
 * What a step of a gate came to. Red or inconclusive does not end the run: its neighbours and the steps after it go on, and the
 * gate's last step (`verdictStep` in `stage.ts`) throws.
 */
export interface StepVerdict {
  readonly verdict: Verdict;
  /** One line that says what was seen, and what was expected when not green. */
  readonly detail: string;
}

/** Widest row of a panel: with the indentation of a stage of `up` it fits into 80 columns. */
export const panelColumns = 70;

/** What a running step may use: its abort signal and a line of progress for the person who watches. */
export interface StepIo {
  /** Aborted when the user interrupts; every call a step makes takes it. */
  readonly signal: AbortSignal;
  /**
   * Shows a short line of progress beside the step's title (no secret, one line). `panel` says the same at more length: rows of at most
   * `panelColumns` characters, shown below the title on a terminal.
   */
  note(text: string, panel?: readonly string[]): void;
}

/**
 * One step of a stage, as plain data. The runner (`run-steps.ts`) executes it: `skip` → `probe` → `run` → `verify`, then
 * `steps`. A step body is a few lines: it calls a port or a core function.
 */
export interface Step {
  /** Unique among its siblings, kebab-case; the journal and the events name the step by its path, `deploy/upload`. */
  readonly id: string;
  /** What the step does, for people: a verb and its thing, without a full stop. */
  readonly title: string;
  /** Returns why the step is not needed, or undefined when it is. Read when the step's turn comes. */
  skip?(): string | undefined;
  /** Finds out from the vendor whether the wished state is already there; returns a reason if so, and `run` is not called. */
  probe?(io: StepIo): Promise<string | undefined>;
  /** Does the work. May return one line that says what came out ("3 created"), or a gate's verdict with such a line. */
  run?(io: StepIo): Promise<string | StepVerdict | void>;
  /** Reads the end state back; throws when it is not as wished. */
  verify?(io: StepIo): Promise<void>;
  /** Takes the step back after a later step of the same run failed. Called in reverse order, once. For a step that mutates also when its `run` was cut off: it looks before it takes anything back. */
  undo?(io: StepIo): Promise<void>;
  /** True when `run` changes something outside this process: the intent is journaled before, the outcome after; not run under `--dry-run`. */
  readonly mutates?: boolean;
  /** Names what `run` is about to make, when something later must tell whether it was made: journaled with the intent. */
  marker?(): string;
  /** Steps below this one, asked for when their turn comes (what they are may depend on what came before). */
  steps?(): readonly Step[];
  /**
   * True when what lies below is complete once this step is done: a later step's failure does not undo it. With nothing below, what its
   * siblings did before is complete.
   */
  readonly settles?: boolean;
  /** True when the steps below may run at the same time. */
  readonly concurrent?: boolean;
}

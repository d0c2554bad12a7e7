import { StagingError } from '../errors.ts';
import type { EventSink, StepOutcome } from './events.ts';
import { type Clock, isoNow } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';
import type { Step, StepIo, StepVerdict } from './step.ts';
import type { Verdict } from '../verdict.ts';

/** What the runner needs. */
export interface RunOptions {
  readonly runId: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly signal: AbortSignal;
  /** With true no step that mutates is run: it is reported as `planned`. */
  readonly dryRun?: boolean;
  /** With true the steps that are done are undone, newest first, when a later one fails. */
  readonly undoOnFailure?: boolean;
}

interface Performed {
  readonly outcome: StepOutcome;
  readonly detail?: string | undefined;
}

/** What one run keeps track of. */
interface RunState {
  /** Steps that are done, oldest first. */
  done: readonly Undoable[];
  /** True once something was journaled. */
  journaled: boolean;
  /** True once a dry run has passed over a step that writes: what follows depends on it and is only named. */
  planning: boolean;
}

interface Undoable {
  readonly step: Step;
  readonly path: readonly string[];
}

/**
 * Runs steps in order (siblings of a `concurrent` parent at the same time) and turns what happens into events.
 * Intent is journaled before each mutating step, its outcome after, and at last that the run came to its end. Throws what the failing step threw, after undoing what
 * was done if asked; throws `RUN_INTERRUPTED` when the signal was aborted.
 */
export async function runSteps(steps: readonly Step[], options: RunOptions): Promise<void> {
  const state: RunState = { done: [], journaled: false, planning: false };
  try {
    await runSiblings(steps, [], false, options, state);
  } catch (error) {
    const kept = options.undoOnFailure === true ? await undoAll(state.done, options) : undefined;
    // An interrupted run is one that was cut off: the next one continues.
    if (options.signal.aborted) throw withUndone(interruption(options.signal, error), kept);
    // What went wrong in the run is what must be told.
    await journalEnd(state, options).catch(() => undefined);
    throw withUndone(error, kept);
  }
  await journalEnd(state, options);
}

async function journalEnd({ journaled }: RunState, { journal, clock, runId }: RunOptions): Promise<void> {
  if (journaled) await journal.append({ runId, path: '', phase: 'ended', at: isoNow(clock) });
}

function interruption(signal: AbortSignal, error: unknown): StagingError {
  if (signal.reason instanceof StagingError) return signal.reason;
  return new StagingError('interrupted', 'RUN_INTERRUPTED', 'The run was interrupted.', {
    fix: 'Run the same command again: it continues where this run stopped.',
    cause: error,
  });
}

async function runSiblings(
  steps: readonly Step[],
  parent: readonly string[],
  concurrent: boolean,
  options: RunOptions,
  state: RunState,
): Promise<void> {
  if (!concurrent) {
    for (const step of steps) await runStep(step, [...parent, step.id], options, state);
    return;
  }
  const results = await Promise.allSettled(steps.map((step) => runStep(step, [...parent, step.id], options, state)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function runStep(step: Step, path: readonly string[], options: RunOptions, state: RunState): Promise<void> {
  const { clock, events } = options;
  const startedMs = clock.nowMs();
  const finish = (outcome: StepOutcome, detail?: string) => {
    const durationMs = clock.nowMs() - startedMs;
    events({ type: 'step-finished', path, title: step.title, outcome, detail, durationMs, at: isoNow(clock) });
  };
  events({ type: 'step-started', path, title: step.title, at: isoNow(clock) });
  try {
    options.signal.throwIfAborted();
    const { outcome, detail }: Performed = state.planning ? { outcome: 'planned' } : await perform(step, path, options, state);
    if (outcome === 'planned') state.planning = true;
    if ((outcome === 'done' || outcome === 'unchanged') && step.steps !== undefined) {
      await runSiblings(step.steps(), path, step.concurrent === true, options, state);
    }
    // A step with none below it settles what its siblings did before it.
    if (step.settles === true) settle(state, step.steps === undefined ? path.slice(0, -1) : path);
    finish(outcome, detail);
  } catch (error) {
    finish('failed', error instanceof StagingError ? error.code : 'BUG');
    throw error;
  }
}

function settle(state: RunState, path: readonly string[]): void {
  const isBelow = (undoable: Undoable) => path.every((id, index) => undoable.path[index] === id);
  state.done = state.done.filter((undoable) => !isBelow(undoable));
}

async function perform(step: Step, path: readonly string[], options: RunOptions, state: RunState): Promise<Performed> {
  const io = stepIo(path, options);
  const skipped = step.skip?.();
  if (skipped !== undefined) return { outcome: 'skipped', detail: skipped };
  const present = await step.probe?.(io);
  if (present !== undefined) return { outcome: 'unchanged', detail: present };
  if (step.mutates === true && options.dryRun === true) return { outcome: 'planned' };
  if (step.run === undefined) return { outcome: 'done' };
  // Before it runs: a call that was cut off may have reached the other side, and `undo` looks before it takes anything back.
  if (step.mutates === true && step.undo !== undefined) state.done = [...state.done, { step, path }];
  if (step.mutates === true) state.journaled = true;
  const report = (step.mutates === true ? await runJournaled(step, path, io, options) : await step.run(io)) ?? undefined;
  if (typeof report === 'object' && report.verdict !== 'green') return { outcome: outcomeOf[report.verdict], detail: report.detail };
  // Before it is verified: what did not come out as wished must be taken back, too.
  if (step.mutates !== true) state.done = [...state.done, { step, path }];
  await step.verify?.(io);
  return { outcome: 'done', detail: typeof report === 'object' ? report.detail : report };
}

const outcomeOf = { red: 'red', inconclusive: 'inconclusive', skipped: 'skipped' } as const satisfies Record<
  Exclude<Verdict, 'green'>,
  StepOutcome
>;

async function runJournaled(
  step: Step,
  path: readonly string[],
  io: StepIo,
  options: RunOptions,
): Promise<string | StepVerdict | undefined> {
  const entry = { runId: options.runId, path: path.join('/') };
  await options.journal.append({ ...entry, phase: 'intent', at: isoNow(options.clock), detail: step.marker?.() });
  try {
    const detail = (await step.run?.(io)) ?? undefined;
    await options.journal.append({ ...entry, phase: 'done', at: isoNow(options.clock) });
    return detail;
  } catch (error) {
    // An interrupted call may have reached the vendor: its intent stays open, so that the next run reads the vendor first.
    if (!options.signal.aborted) {
      const code = error instanceof StagingError ? error.code : 'BUG';
      await options.journal.append({ ...entry, phase: 'failed', at: isoNow(options.clock), detail: code });
    }
    throw error;
  }
}

/** Adds to an error what could not be taken back, or what is so once all was: whoever reads only the error must know. */
function withUndone(error: unknown, kept: readonly string[] | undefined): unknown {
  if (kept === undefined || !(error instanceof StagingError)) return error;
  const { kind, code, message, fix, data, onceUndone } = error;
  const added = kept.length === 0 ? onceUndone : `Not taken back: ${kept.join('; ')}`;
  return added === undefined ? error : new StagingError(kind, code, `${message} ${added}`, { fix, data, cause: error });
}

/** Undoes steps, newest first; returns what could not be undone. */
async function undoAll(done: readonly Undoable[], options: RunOptions): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const { step, path } of done.toReversed()) {
    if (step.undo === undefined) continue;
    const startedMs = options.clock.nowMs();
    let outcome: StepOutcome = 'undone';
    let detail: string | undefined;
    try {
      await step.undo({ ...stepIo(path, options), signal: new AbortController().signal });
    } catch (error) {
      outcome = 'undo-failed';
      detail = error instanceof Error ? error.message : String(error);
      kept.push(`${step.title}: ${detail}`);
    }
    const durationMs = options.clock.nowMs() - startedMs;
    options.events({ type: 'step-finished', path, title: step.title, outcome, detail, durationMs, at: isoNow(options.clock) });
  }
  return kept;
}

function stepIo(path: readonly string[], options: RunOptions): StepIo {
  return {
    signal: options.signal,
    note: (text, panel) =>
      options.events({ type: 'step-note', path, text, ...(panel === undefined ? {} : { panel }), at: isoNow(options.clock) }),
  };
}

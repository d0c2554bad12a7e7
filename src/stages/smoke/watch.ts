import { runSteps } from '../../core/run/run-steps.ts';
import { type StageRun, stepVerdict } from '../../core/run/stage.ts';
import { judgeWatch, type WatchDetails, watchedChecks, type WatchHead, watchLine, type WatchSample } from '../../core/smoke/watch.ts';
import { isoNow } from '../../core/ports/clock.ts';
import type { Journal } from '../../core/ports/journal.ts';
import { selectChecks } from '../../core/smoke/checks.ts';
import type { StageResult } from '../../core/verdict.ts';
import { type SmokeDeps, type SmokeInput, smokeRun } from './smoke.ts';

/** Where what a watch saw is kept while it goes on. */
export interface WatchHistory {
  /** Keeps the head before the first look. */
  begin(head: WatchHead): Promise<void>;
  /** Keeps one look; it is there to stay when this returns. */
  append(sample: WatchSample): Promise<void>;
}

/** What a watch is beside the smoke that it repeats. */
export interface WatchInput {
  readonly about: Omit<WatchHead, 'checks'>;
  /** Undefined where nothing is to be left behind. */
  readonly history: WatchHistory | undefined;
}

/**
 * Returns the stage that looks at the app again and again, each look beginning one interval after the one before (a look that takes
 * longer leaves the next ones out). Being interrupted ends it with the verdict so far; before the first look it throws the interruption.
 * Throws `SMOKE_CHECK_UNKNOWN` when a check is named that there is not.
 */
export function watchRun(deps: SmokeDeps, input: SmokeInput, { about, history }: WatchInput): StageRun<WatchDetails> {
  const { clock } = deps;
  const checks = input.only === undefined ? watchedChecks(input.checks) : input.checks;
  const once: SmokeInput = { ...input, checks, routes: undefined, minimumExecuted: 1, mark: undefined };
  // Refuses what cannot be watched before anything is waited for.
  smokeRun(deps, once);
  const { health, others } = selectChecks({ origin: input.target.origin, profile: input.profile, checks, only: input.only });
  const head: WatchHead = { ...about, checks: [health, ...others].map(({ id, title }) => ({ id, title })) };
  const samples: WatchSample[] = [];

  const watch = async (signal: AbortSignal, tell: (line: string) => void): Promise<void> => {
    await history?.begin(head);
    const startMs = clock.nowMs();
    const endMs = startMs + about.forMs;
    while (clock.nowMs() < endMs) {
      const sample = await look(deps, once, signal);
      samples.push(sample);
      await history?.append(sample);
      tell(watchLine(head, samples, Math.max(0, endMs - clock.nowMs())));
      const next = startMs + (Math.floor((clock.nowMs() - startMs) / about.everyMs) + 1) * about.everyMs;
      await clock.sleep(Math.min(next, endMs) - clock.nowMs(), signal);
    }
  };
  return {
    steps: [
      {
        id: 'watch',
        title: 'Watch the app',
        run: async ({ signal, note }) => {
          await watch(signal, note).catch((error: unknown) => {
            if (!signal.aborted || samples.length === 0) throw error;
          });
          const [availability] = judgeWatch(head, samples).findings;
          return availability && stepVerdict(availability);
        },
      },
    ],
    result: () => (samples.length === 0 ? undefined : judgeWatch(head, samples)),
  };
}

/** Runs the checks once. Rejects only for an interruption or a bug of ours. */
async function look(deps: SmokeDeps, input: SmokeInput, signal: AbortSignal): Promise<WatchSample> {
  const { clock } = deps;
  const at = isoNow(clock);
  const startedMs = clock.nowMs();
  const run = smokeRun(deps, input);
  const options = { runId: 'watch', journal: noJournal, clock, events: () => undefined, signal };
  const result: StageResult =
    (await runSteps(run.steps, options).then(run.result, (error: unknown) => {
      const ended = run.result();
      if (signal.aborted || ended === undefined) throw error;
      return ended;
    })) ?? never();
  const down = result.findings.filter(({ verdict }) => verdict !== 'green');
  return {
    at,
    durationMs: clock.nowMs() - startedMs,
    down: down.map(({ id, title, message, seen, expected }) => ({
      id,
      message: message ?? `${title}: seen ${seen}, expected ${expected}.`,
    })),
  };
}

/** What a look does stands in the watch's own history. */
const noJournal: Journal = { append: () => Promise.resolve(), unfinished: () => Promise.resolve([]) };

function never(): never {
  throw new Error('Smoke ended without a result.');
}

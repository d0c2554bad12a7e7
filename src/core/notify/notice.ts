import { failingFindings } from '../run/stage.ts';
import type { StageResult, Verdict } from '../verdict.ts';

/** What a message says of a run: all green, not green, or green again after it was not. */
export type NoticeKind = 'success' | 'failure' | 'recovery';

/** What is kept of an environment's messages, so that the next one knows what was said. */
export interface NoticeState {
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Stages that were not green when people were last told of them, and have not been green since. */
  readonly red: readonly string[];
  /** The newest thread: which release it is about, where it is, and its id there; null where there are no threads. */
  readonly thread: { readonly release: string; readonly channel: string; readonly id: string } | null;
}

/** Nothing was ever said. */
export const nothingSaid: NoticeState = { at: new Date(0).toISOString(), red: [], thread: null };

/** What is told of one run. Texts are plain, and hold no secret once they are redacted. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly environment: string;
  /** The command, e.g. `smoke`. */
  readonly command: string;
  readonly url: string;
  readonly releaseId: string | null;
  readonly gitSha: string | null;
  readonly actor: string;
  readonly stages: readonly { readonly stage: string; readonly verdict: Verdict; readonly summary: string }[];
  /** What is not green, the first few. */
  readonly problems: readonly { readonly title: string; readonly seen: string; readonly expected: string; readonly fix: string | null }[];
  /** How many more there are. */
  readonly moreProblems: number;
  /** Page of the CI job that ran it; null elsewhere. */
  readonly jobUrl: string | null;
}

/** Most problems that a message names. */
const namedProblems = 5;

/** Returns the newer of what two places kept; `nothingSaid` when neither has any. */
export function newestState(...kept: readonly (NoticeState | undefined)[]): NoticeState {
  return kept.reduce<NoticeState>((newest, one) => (one !== undefined && one.at > newest.at ? one : newest), nothingSaid);
}

/**
 * Returns what a run means after what was said before, and the stages that are red from now on. It is a recovery when every stage that was
 * red before is green by now: a green provision does not mend a red smoke.
 */
export function judgeNotice(
  before: NoticeState,
  stages: readonly Pick<StageResult, 'stage' | 'verdict'>[],
): { readonly kind: NoticeKind; readonly red: readonly string[] } {
  const failed = stages.filter(({ verdict }) => verdict !== 'green').map(({ stage }) => stage);
  const still = before.red.filter((stage) => !stages.some((one) => one.stage === stage));
  const red = [...new Set([...still, ...failed])].toSorted();
  if (failed.length > 0) return { kind: 'failure', red };
  return { kind: before.red.length > 0 && red.length === 0 ? 'recovery' : 'success', red };
}

/** Returns what a message names of the stages that are not green. */
export function problemsOf(stages: readonly StageResult[]): Pick<Notice, 'problems' | 'moreProblems'> {
  const all = stages.filter(({ verdict }) => verdict !== 'green').flatMap(failingFindings);
  return {
    problems: all.slice(0, namedProblems).map(({ title, seen, expected, fix }) => ({ title, seen, expected, fix: fix ?? null })),
    moreProblems: Math.max(0, all.length - namedProblems),
  };
}

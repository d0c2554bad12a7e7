import { countOf } from '../../core/count-of.ts';
import { StagingError } from '../../core/errors.ts';
import { fixesFor, gateRefusal, type GateLedger, judgeLedger } from '../../core/gate/ledger.ts';
import {
  type Alerting,
  type Asked,
  type Attestation,
  type CommitReport,
  type Evidence,
  lets,
  type GateEntry,
  type GateFacts,
  type OpenIssues,
  type ReviewState,
  type TlsAnswer,
} from '../../core/gate/model.ts';
import type { IsolationPoint } from '../../core/isolation/facts.ts';
import type { Plan } from '../../core/plan/model.ts';
import { isoNow, type Clock } from '../../core/ports/clock.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import type { Step } from '../../core/run/step.ts';
import type { StagingSettings } from '../../core/settings.ts';
import type { EnvironmentStatus } from '../../core/status.ts';
import type { Finding, StageResult } from '../../core/verdict.ts';

/** What the gate asks; each throws what keeps it from an answer. */
export interface GateDeps {
  readonly settings: StagingSettings;
  readonly clock: Clock;
  /** Returns the commit that is checked out; outside of git that of the live release. */
  readonly headCommit: (signal: AbortSignal) => Promise<string>;
  readonly plan: (signal: AbortSignal) => Promise<Plan>;
  readonly status: (signal: AbortSignal) => Promise<EnvironmentStatus>;
  readonly tls: (signal: AbortSignal) => Promise<TlsAnswer>;
  readonly isolation: (signal: AbortSignal) => Promise<readonly IsolationPoint[]>;
  readonly alerting: (signal: AbortSignal) => Promise<Alerting>;
  readonly issues: (signal: AbortSignal) => Promise<OpenIssues>;
  readonly review: (pullRequest: number, signal: AbortSignal) => Promise<ReviewState>;
  /** Returns the kept reports about a commit, newest first. */
  readonly reports: (commit: string) => Promise<readonly CommitReport[]>;
  readonly attestations: () => Promise<readonly { readonly attestation: Attestation; readonly evidence: Evidence }[]>;
  /** Keeps an answer as a file of this run and returns it as evidence. */
  readonly keep: (name: string, answer: unknown) => Promise<Evidence>;
}

/** What the gate was asked for. */
export interface GateChoice {
  /** Full commit id; default: the one that is checked out, outside of git that of the live release. */
  readonly commit?: string | undefined;
  readonly pullRequest?: number | undefined;
  /** The target, where the command named it: the fixes name it, too. */
  readonly target?: 'cloud' | 'local' | undefined;
}

/** Returns the stage that judges every criterion of a release; it changes nothing. An answer that cannot be had is unknown, not an end. */
export function gateStage(deps: GateDeps, choice: GateChoice): StageRun<GateLedger> {
  const startedAtMs = deps.clock.nowMs();
  const commit = slot<string>('commit');
  const plan = slot<GateFacts['plan']>('plan');
  const status = slot<GateFacts['status']>('status');
  const tls = slot<GateFacts['tls']>('TLS answer');
  const isolation = slot<GateFacts['isolation']>('isolation');
  const alerting = slot<GateFacts['alerting']>('alert rules');
  const issues = slot<GateFacts['issues']>('open issues');
  const review = slot<GateFacts['review']>('reviews');
  const reports = slot<GateFacts['reports']>('reports');
  const attestations = slot<GateFacts['attestations']>('attestations');
  const ledger = slot<GateLedger>('ledger');
  const ask = <Answer>(name: string, title: string, into: Slot<Asked<Answer>>, answer: (signal: AbortSignal) => Promise<Answer>): Step => ({
    id: name,
    title,
    run: async (io) => {
      into.set(await askFor({ name, answer, keep: deps.keep }, io.signal));
      const got = into.get();
      return got.known ? undefined : `unknown: ${got.reason}`;
    },
  });
  const result = () => (ledger.peek() === undefined ? undefined : gateResult(ledger.get(), startedAtMs, deps.clock));
  return {
    steps: [
      {
        id: 'commit',
        title: 'Which commit',
        run: async (io) => {
          commit.set(choice.commit ?? (await deps.headCommit(io.signal)));
          return commit.get().slice(0, 12);
        },
      },
      ask('status', 'Ask what is live', status, deps.status),
      ask('plan', 'Ask the vendors whether all is as wished', plan, deps.plan),
      ask('tls', `Begin a TLS connection with ${deps.settings.domain}`, tls, deps.tls),
      ask('isolation', 'Prove that nothing is shared with production', isolation, deps.isolation),
      ask('alerts', 'Ask whom Sentry tells of errors', alerting, deps.alerting),
      ask('issues', 'Ask for open issues', issues, deps.issues),
      ask('review', 'Ask for reviews', review, (signal) => reviewOf(deps, choice.pullRequest, signal)),
      {
        id: 'reports',
        title: 'Read the reports of this commit',
        run: async () => {
          reports.set(await deps.reports(commit.get()));
          attestations.set(await deps.attestations());
          return `${countOf(reports.get().length, 'report')}, ${countOf(attestations.get().length, 'attestation')}`;
        },
      },
      {
        id: 'verdict',
        title: 'Judge every criterion',
        run: async () => {
          const judged = judgeLedger({
            commit: commit.get(),
            plan: plan.get(),
            status: status.get(),
            tls: tls.get(),
            isolation: isolation.get(),
            alerting: alerting.get(),
            issues: issues.get(),
            review: review.get(),
            reports: reports.get(),
            attestations: attestations.get(),
            seedMayBeEmpty: deps.settings.seed.mayBeEmpty,
          });
          const entries = fixesFor(judged, choice.target);
          const { environment, target } = deps.settings;
          ledger.set({ commit: commit.get(), environment, target, passed: entries.every(lets), entries, judgedAt: isoNow(deps.clock) });
          const refusal = gateRefusal(ledger.get(), result());
          if (refusal !== undefined) throw refusal;
          return `${entries.length} of ${entries.length} criteria pass`;
        },
      },
    ],
    result,
  };
}

interface Question<Answer> {
  readonly name: string;
  readonly answer: (signal: AbortSignal) => Promise<Answer>;
  readonly keep: GateDeps['keep'];
}

/** Asks, and keeps the answer; an expected failure is no answer, with its reason. */
async function askFor<Answer>({ name, answer, keep }: Question<Answer>, signal: AbortSignal): Promise<Asked<Answer>> {
  try {
    const got = await answer(signal);
    return { known: true, answer: got, evidence: await keep(name, got) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StagingError)) throw error;
    return { known: false, reason: error.message, fix: error.fix ?? 'Run `jv-staging doctor`.' };
  }
}

async function reviewOf(deps: GateDeps, pullRequest: number | undefined, signal: AbortSignal): Promise<ReviewState> {
  if (pullRequest !== undefined) return deps.review(pullRequest, signal);
  throw new StagingError('usage', 'GATE_NO_PULL_REQUEST', 'No pull request was named, so no review can be asked for.', {
    fix: 'Name it with `--pull-request N`.',
  });
}

/** The ledger as every other result is shown and kept: what does not let pass is red. */
function gateResult(ledger: GateLedger, startedAtMs: number, clock: Clock): StageResult<GateLedger> {
  const passed = ledger.entries.filter(lets).length;
  return {
    stage: 'gate',
    verdict: ledger.passed ? 'green' : 'red',
    summary: `${passed} of ${ledger.entries.length} criteria pass for commit ${ledger.commit.slice(0, 12)}`,
    findings: ledger.entries.map(finding),
    startedAt: new Date(startedAtMs).toISOString(),
    durationMs: clock.nowMs() - startedAtMs,
    details: ledger,
  };
}

function finding(one: GateEntry): Finding {
  const { id, title, verdict, seen, expected, evidence, fix } = one;
  const shown = verdict === 'passed' ? seen : `${verdict}: ${seen}`;
  const rests = evidence.map(({ file, sha256 }) => `${file} (sha256 ${sha256.slice(0, 12)})`).join(', ');
  return {
    id: id.toLowerCase(),
    title: `${id} ${title}`,
    verdict: lets(one) ? 'green' : 'red',
    seen: shown,
    expected,
    ...(rests === '' ? {} : { message: `Rests on ${rests}.` }),
    ...(fix === undefined ? {} : { fix }),
  };
}

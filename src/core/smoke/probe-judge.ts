import { typeName, valueAt } from '../json.ts';
import type { ProbeJob, QueueHealth } from '../ports/cache.ts';
import type { RealtimeOutcome, WebOutcome } from '../ports/web.ts';
import { clip, findingOf, type Problem, quoted } from '../problem.ts';
import type { QueueCheck, RealtimeCheck, SmokeExpectation } from './smoke.ts';
import type { Finding } from '../verdict.ts';
import { answerProblems } from './web-judge.ts';
import type { RequestContext } from './who-answered.ts';

/** Judges a Realtime probe. */
export function judgeRealtime(check: RealtimeCheck, outcome: RealtimeOutcome, durationMs: number): Finding {
  const expected = `an event of ${check.table} within ${check.timeoutMs} ms`;
  if (outcome.kind === 'event')
    return findingOf({ ...check, seen: `an event after ${Math.round(outcome.afterMs)} ms`, expected, problems: [], durationMs });
  return findingOf({ ...check, seen: '', expected, problems: [realtimeProblem(check, outcome, expected)], durationMs });
}

function realtimeProblem({ table }: RealtimeCheck, outcome: Extract<RealtimeOutcome, { kind: 'silent' }>, expected: string): Problem {
  const why = clip(outcome.message, 160);
  switch (outcome.stage) {
    case 'subscribe':
      return {
        seen: `no subscription (${why})`,
        expected,
        message: `Realtime did not accept the subscription to ${table}: ${why}.`,
        fix: 'Check that Realtime of the Supabase project is running and that its anon key is the right one.',
      };
    case 'insert':
      return {
        seen: `no row (${why})`,
        expected,
        message: `The signed-in user could not insert a row into ${table}: ${why}.`,
        fix: `Check the row of the check, and the row level security of ${table}.`,
      };
    case 'event':
      return {
        seen: `no event (${why})`,
        expected,
        message: `A row was inserted into ${table}, but no event of it arrived: ${why}.`,
        fix: `Run \`alter publication supabase_realtime add table ${table}\` in a migration, and let the user select its own rows.`,
      };
  }
}

/** What came of a probe job: the answers of the worker's endpoint, and the job. */
export interface QueueOutcome {
  readonly worker: WebOutcome;
  readonly job: ProbeJob;
  /** How the queue stands after the job, or undefined when it was not looked at. */
  readonly health?: QueueHealth | undefined;
  readonly durationMs: number;
}

/** Judges a probe job: processed by the app, of the right deployment. The worker's own failure comes first. */
export function judgeQueue(
  check: QueueCheck,
  { worker, job, health, durationMs }: QueueOutcome,
  context: RequestContext,
  expectation: SmokeExpectation,
): Finding {
  const unauthorized = worker.kind === 'answer' && worker.status === 401;
  // Also when the job was completed: another call may have drained the queue meanwhile, and cron jobs need the endpoint.
  const workerProblems = answerProblems(worker, context, { status: 200, marker: '', content: 'data' }, () => []).map((problem) =>
    unauthorized ? { ...problem, fix: cronSecretFix } : problem,
  );
  const jobProblems = job.state === 'completed' ? probeResultProblems(check, job.result, expectation) : [jobProblem(check, job)];
  const problems = [...workerProblems, ...jobProblems, ...(health === undefined ? [] : healthProblems(check, health))];
  const expected = `a job completed by the app within ${check.timeoutMs} ms`;
  return findingOf({ ...check, seen: completedText(job, health), expected, problems, durationMs });
}

const cronSecretFix = 'Set CRON_SECRET to the same value in .env.staging and among the variables of the project.';

function completedText(job: ProbeJob, health: QueueHealth | undefined): string {
  if (job.state !== 'completed') return '';
  const { durationMs, waitedMs } = job;
  const steps = waitedMs === undefined ? '' : ` (active after ${Math.round(waitedMs)} ms)`;
  const counts =
    health === undefined ? '' : `; ${health.failed} failed, ${health.stalled} stalled, ${health.evictionPolicy ?? 'no'} policy`;
  return `completed after ${Math.round(durationMs)} ms${steps}${counts}`;
}

function healthProblems({ queue, maxFailed, maxStalled }: QueueCheck, health: QueueHealth): readonly Problem[] {
  const { failed, stalled, evictionPolicy } = health;
  const tooMany = (count: number, what: string, atMost: number | undefined, fix: string): readonly Problem[] =>
    atMost === undefined || count <= atMost
      ? []
      : [
          {
            seen: `${count} ${what} jobs`,
            expected: `at most ${atMost} ${what} jobs`,
            message: `Queue ${queue} has ${count} ${what} jobs, more than ${atMost}.`,
            fix,
          },
        ];
  return [
    ...tooMany(failed, 'failed', maxFailed, `Read why they failed, mend that, then remove or retry the failed jobs of ${queue}.`),
    ...tooMany(stalled, 'stalled', maxStalled, `Check that the worker of ${queue} lives to the end of its jobs: its log, its maxDuration.`),
    ...(evictionPolicy === 'noeviction' ? [] : [evictionProblem(queue, evictionPolicy)]),
  ];
}

// docs.bullmq.io, "Going to production": "maxmemory-policy=noeviction" is the one setting under which it works.
function evictionProblem(queue: string, policy: string | null): Problem {
  return {
    seen: policy === null ? 'no eviction policy told' : `eviction policy ${clip(policy)}`,
    expected: 'eviction policy noeviction',
    message:
      policy === null
        ? `Redis does not tell its eviction policy: whether the jobs of ${queue} may be evicted is not known.`
        : `Redis evicts keys by the policy ${clip(policy)} when it is full: jobs of ${queue} would vanish.`,
    fix: 'Turn eviction off for the database: run `jv-staging provision`.',
  };
}

function jobProblem(check: QueueCheck, job: Exclude<ProbeJob, { state: 'completed' }>): Problem {
  const expected = `a job completed by the app within ${check.timeoutMs} ms`;
  if (job.state === 'failed') {
    return {
      seen: `the job failed (${clip(job.reason)})`,
      expected,
      message: `The app's worker failed on the probe job of queue ${check.queue}: ${quoted(job.reason)}.`,
      fix: 'Let the worker answer a job named `jv-probe` with {probe, deployment, environment, version}.',
    };
  }
  const stuck = job.state === 'active' ? 'was begun but never finished' : 'was never begun';
  return {
    seen: `the job is ${job.state} after ${Math.round(job.waitedMs)} ms`,
    expected,
    message: `The probe job on queue ${check.queue} ${stuck}: ${job.state === 'active' ? 'the worker stalled' : `no worker of the app takes jobs from it`}.`,
    fix: `Check that ${check.worker} drains queue ${check.queue}, and that QUEUE_PREFIX and REDIS_URL are this environment's.`,
  };
}

function probeResultProblems(check: QueueCheck, result: unknown, expectation: SmokeExpectation): readonly Problem[] {
  const fix = "Check that only this environment's app works on the queue: QUEUE_PREFIX and REDIS_URL are this environment's alone.";
  const wanted: readonly (readonly [string, unknown])[] = [
    ['environment', expectation.environment],
    ...(expectation.deploymentId === undefined ? [] : [['deployment', expectation.deploymentId] as const]),
    ...(expectation.gitSha === undefined ? [] : [['version', expectation.gitSha] as const]),
  ];
  return wanted.flatMap(([name, value]) => {
    const seen = valueAt(result, name);
    if (seen === value) return [];
    const shown = typeof seen === 'string' ? quoted(seen) : typeName(seen);
    return [
      {
        seen: `job ${name} ${shown}`,
        expected: `job ${name} "${String(value)}"`,
        message: `The probe job on queue ${check.queue} was processed with ${name} ${shown}, not "${String(value)}".`,
        fix,
      },
    ];
  });
}

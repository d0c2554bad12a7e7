import type { SmokeDetails } from '../report.ts';
import { isNotWaitedFor, withNeeded } from './order.ts';
import type { HealthCheck, SmokeCheck, SmokeExpectation } from './smoke.ts';
import type { Finding, StageResult, Verdict } from '../verdict.ts';

/** What smoke expects of an address that is tested without a configuration. */
export const outsideExpectation: SmokeExpectation = { environment: 'staging', sentryEnvironment: 'staging' };

/** What the profile `outside` cannot look at, where no configuration names the checks. */
const insideKinds = ['signed-in-pages', 'api', 'realtime', 'queue'] as const;

const healthCheck: HealthCheck = { id: 'health', title: 'Health contract', kind: 'health', path: '/api/health', timeoutMs: 10_000 };

/**
 * Returns the checks that need neither configuration nor credentials: home page, health contract, headers, and nothing of
 * production in the page and its scripts. HSTS is only asked for over https (RFC 6797 section 7.2).
 */
export function outsideChecks(origin: string): readonly SmokeCheck[] {
  const overTls: Readonly<Record<string, string>> = origin.startsWith('https:') ? { 'strict-transport-security': 'max-age=' } : {};
  return [
    { id: 'home', title: 'Home page', kind: 'page', path: '/', as: 'nobody', status: 200, marker: '', timeoutMs: 10_000 },
    healthCheck,
    {
      id: 'headers',
      title: 'Headers of staging',
      kind: 'headers',
      path: '/',
      headers: { 'x-robots-tag': 'noindex', ...overTls },
      timeoutMs: 10_000,
    },
    { id: 'negative', title: 'Nothing of production in the page', kind: 'negative', path: '/', absent: [], timeoutMs: 20_000 },
  ];
}

/** Which checks a run executes, and which its profile leaves out. */
export interface SmokeSelection {
  /** The health check that proves who answers: part of every run. */
  readonly health: HealthCheck;
  /** The others, in the configuration's order. */
  readonly others: readonly SmokeCheck[];
  readonly notInProfile: readonly string[];
  /** Ids of `only` that no check has. */
  readonly unknown: readonly string[];
  /** Ids of checks that `only` leaves out. */
  readonly leftOut: readonly string[];
}

/** What is selected from. */
export interface SmokeWish {
  readonly origin: string;
  readonly profile: SmokeDetails['profile'];
  /** Of the configuration; empty without one. */
  readonly checks: readonly SmokeCheck[];
  /** Ids that are wanted, or undefined for all. */
  readonly only?: readonly string[] | undefined;
}

/**
 * Returns the checks of a run. `outside` takes those of the configuration that need no sign-in and change nothing, and the built-in
 * ones for kinds that it lacks. The health check always runs: without it nothing proves who answers.
 */
export function selectChecks({ origin, profile, checks, only }: SmokeWish): SmokeSelection {
  const fromOutside = checks.filter(isOutside);
  const missing = outsideChecks(origin).filter(({ kind }) => !fromOutside.some((check) => check.kind === kind));
  const candidates = profile === 'full' ? checks : [...fromOutside, ...missing];
  const health = candidates.find((check) => check.kind === 'health') ?? healthCheck;
  const wanted = candidates.filter((check) => only === undefined || only.includes(check.id));
  const others = withNeeded(candidates, wanted).filter((check) => check !== health);
  const known = new Set([health.id, ...candidates.map((check) => check.id)]);
  return {
    health,
    others,
    notInProfile:
      profile === 'full' ? [] : checks.length === 0 ? insideKinds : checks.filter((check) => !isOutside(check)).map((check) => check.id),
    unknown: (only ?? []).filter((id) => !known.has(id)),
    leftOut: candidates.filter((check) => check !== health && !others.includes(check)).map(({ id }) => id),
  };
}

/** Returns true for a check that anybody may run: it signs nobody in and changes nothing. */
function isOutside(check: SmokeCheck): boolean {
  return (
    check.kind === 'health' ||
    check.kind === 'headers' ||
    check.kind === 'negative' ||
    check.kind === 'websocket' ||
    (check.kind === 'page' && check.as === 'nobody')
  );
}

/** Returns true for a check that changes something or sends a password: only an address that proved to be staging gets it. */
export function needsProof(check: SmokeCheck): boolean {
  switch (check.kind) {
    case 'realtime':
    case 'queue':
    case 'auth':
    case 'database':
    case 'redis':
    case 'sentry':
    case 'refusal':
      return true;
    case 'websocket':
    case 'logs':
      return false;
    case 'page':
      return check.as !== 'nobody';
    case 'api':
      return check.as !== 'nobody' || check.method !== 'GET';
    case 'health':
    case 'headers':
    case 'negative':
      return false;
  }
}

/** What a smoke run came to. */
export interface SmokeRun {
  readonly profile: SmokeDetails['profile'];
  readonly notInProfile: readonly string[];
  readonly findings: readonly Finding[];
  /** Fewer executed checks than this are red. */
  readonly minimumExecuted: number;
  /** Ids of what `--only` left out. */
  readonly leftOut?: readonly string[] | undefined;
  /** The configuration's own minimum, whatever `--only` made of it. */
  readonly minimum?: number | undefined;
  readonly startedAt: string;
  readonly durationMs: number;
}

/** Returns the result: green only if every check of the run was executed and is green, and there were enough of them. */
export function smokeResult({
  profile,
  notInProfile,
  findings,
  minimumExecuted,
  leftOut = [],
  minimum,
  startedAt,
  durationMs,
}: SmokeRun): StageResult<SmokeDetails> {
  const executed = findings.filter((finding) => finding.verdict !== 'skipped').length;
  const cut = findings.filter(isNotWaitedFor).length;
  // What was cut off since the verdict was settled would have been executed.
  const enough = executed + cut >= Math.max(1, minimumExecuted);
  const all = enough ? findings : [...findings, tooFew(executed, Math.max(1, minimumExecuted))];
  const green = findings.filter((finding) => finding.verdict === 'green').length;
  const flakyIds = findings.filter((finding) => finding.flaky === true).map(({ id }) => id);
  const flakyText = flakyIds.length === 0 ? '' : `, flaky: ${flakyIds.join(', ')}`;
  const counts = `${green} of ${findings.length} checks green${flakyText}${cut === 0 ? '' : `, ${cut} not waited for`}${leftOut.length === 0 ? '' : `, ${leftOut.length} left out by --only`}`;
  const left = notInProfile.length === 0 ? '' : `, not in this profile: ${notInProfile.join(', ')}`;
  return {
    stage: 'smoke',
    verdict: verdictOf(all),
    summary: profile === 'outside' ? `outside only: ${counts}${left}` : counts,
    findings: all,
    startedAt,
    durationMs,
    details: { profile, notInProfile, executed, flaky: flakyIds, leftOut, minimum },
  };
}

function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some((finding) => finding.verdict === 'inconclusive')) return 'inconclusive';
  return findings.every((finding) => finding.verdict === 'green') ? 'green' : 'red';
}

function tooFew(executed: number, minimum: number): Finding {
  return {
    id: 'executed',
    title: 'Checks executed',
    verdict: 'red',
    seen: `${executed}`,
    expected: `at least ${minimum}`,
    message: `Only ${executed} of at least ${minimum} checks were executed, so this run proves nothing.`,
    fix: 'Add checks to `smoke.checks` of the configuration, or leave `--only` out.',
  };
}

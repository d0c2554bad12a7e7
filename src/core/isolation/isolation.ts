import { StagingError } from '../errors.ts';
import type { IsolationFacts, IsolationPoint, IsolationVerdict } from './facts.ts';
import { clerkPoint, paymentPoint, secretsPoint, sentryPoint } from './keys.ts';
import { databasePoint, redisPoint } from './services.ts';
import { mailPoint, storagePoint, webhookPoint } from './targets.ts';
import type { Finding, Verdict } from '../verdict.ts';

/** Returns how staging stands apart from production: the eight things that they must not share, and the secrets. */
export function judgeIsolation(facts: IsolationFacts): readonly IsolationPoint[] {
  return [
    databasePoint(facts),
    redisPoint(facts),
    clerkPoint(facts),
    paymentPoint(facts),
    sentryPoint(facts),
    storagePoint(facts),
    mailPoint(facts),
    webhookPoint(facts),
    secretsPoint(facts),
  ];
}

/** Returns the points as findings, for the tables and reports that all stages share. */
export function isolationFindings(points: readonly IsolationPoint[]): readonly Finding[] {
  return points.map(({ id, title, verdict, evidence, expected, fix }) => ({
    id,
    title,
    verdict: findingVerdicts[verdict],
    seen: evidence,
    expected,
    fix: fix ?? undefined,
  }));
}

const findingVerdicts: Readonly<Record<IsolationVerdict, Verdict>> = { pass: 'green', fail: 'red', unknown: 'inconclusive' };

/**
 * Returns the error for points that do not pass: `ISOLATION_BROKEN` (exit 6) when one fails, else `ISOLATION_UNKNOWN` (exit 9) when
 * one is unknown, else undefined. `data` goes along with it.
 */
export function isolationError(points: readonly IsolationPoint[], data?: unknown): StagingError | undefined {
  const broken = points.filter((point) => point.verdict === 'fail');
  const unknown = points.filter((point) => point.verdict === 'unknown');
  const [named, kind, code] =
    broken.length > 0 ? [broken, 'refused' as const, 'ISOLATION_BROKEN'] : [unknown, 'inconclusive' as const, 'ISOLATION_UNKNOWN'];
  if (named.length === 0) return undefined;
  const what = named.map(({ title, evidence, expected }) => `${title}: ${evidence}, expected ${expected}`).join('; ');
  const said =
    broken.length > 0
      ? 'Staging shares something with production, so nothing is changed'
      : 'It is not proven that staging shares nothing with production';
  return new StagingError(kind, code, `${said}. ${what}.`, {
    fix: named.map(({ fix }) => fix).find((fix) => fix !== null) ?? undefined,
    data,
  });
}

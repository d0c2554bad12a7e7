import { describe, expect, it } from 'vitest';
import { catalogSnapshot, type CatalogObject } from '../../src/core/catalog/catalog.ts';
import { catalogDrift, planDrift, settingsDrift, variableNamesDrift } from '../../src/core/drift/compare.ts';
import { type DriftFacts, driftOf, joinDrift, judgeDrift } from '../../src/core/drift/drift.ts';
import { driftError, driftFindings, driftSummary, driftVerdict } from '../../src/core/drift/findings.ts';
import { stageResult } from '../../src/core/run/stage-result.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { samplePlan } from '../support/sample-plan.ts';

const today = '2026-11-26';
const region = (staging: string | undefined) =>
  settingsDrift('redis', 'upstash-database', ['region', 'tls'], {
    staging: staging === undefined ? undefined : { region: staging, tls: true },
    production: { region: 'us-east-1', tls: true },
    why: 'The Upstash database does not exist yet',
  });
const index = (name: string, definition: string): CatalogObject => ({
  kind: 'index',
  identity: `public.${name}`,
  definition,
  schema: 'public',
  table: 'public.users',
});
const resultOf = (facts: DriftFacts, waivers: Parameters<typeof judgeDrift>[1] = []) => {
  const details = judgeDrift(facts, waivers, today);
  return { ...stageResult('drift', driftFindings(details), 0, steppingClock(0), details), verdict: driftVerdict(details) };
};

describe('what is compared', () => {
  it('is everything that a plan would change, each by its own name', () => {
    const { items } = planDrift(samplePlan);

    expect(items).toEqual(
      expect.arrayContaining([
        {
          area: 'settings',
          what: 'vercel-project nodeVersion',
          state: 'differs',
          against: 'configuration',
          seen: '18.x (changed outside)',
          expected: '24.x',
        },
      ]),
    );
    expect(items.some(({ what }) => what.startsWith('environment-file'))).toBe(false);
  });

  it('are the settings that staging shares with production', () => {
    expect(region('us-east-1')).toEqual(driftOf('redis', 2, []));
    expect(region('eu-west-1').items).toMatchObject([{ what: 'upstash-database region', seen: 'eu-west-1', expected: 'us-east-1' }]);
  });

  it('are names of variables, in both directions', () => {
    const { compared, items } = variableNamesDrift({ staging: ['A', 'B'], production: ['B', 'C'], why: '' });

    expect(compared.variables).toBe(3);
    expect(items.map(({ what, seen }) => `${what} ${seen}`)).toEqual(['C not in staging', 'A in staging alone']);
  });

  it('are catalogs, with what is there and what should be', () => {
    const staging = catalogSnapshot([index('by_email', 'btree (email)'), index('extra', 'btree (id)')]);
    const production = catalogSnapshot([index('by_email', 'btree (lower(email))'), index('gone', 'btree (name)')]);

    const { compared, items } = catalogDrift({ staging, production, why: '' });

    expect(compared.catalog).toBe(3);
    expect(items.map(({ what, seen, expected }) => [what, seen, expected])).toEqual([
      ['index public.by_email', 'btree (email)', 'btree (lower(email))'],
      ['index public.extra', 'extra: btree (id)', 'not there, as in production'],
      ['index public.gone', 'missing', 'as in production: btree (name)'],
    ]);
  });
});

describe('the verdict', () => {
  it('is green when all was compared and nothing differs', () => {
    const result = resultOf(
      joinDrift([region('us-east-1'), driftOf('settings', 3, []), driftOf('variables', 3, []), driftOf('catalog', 9, [])]),
    );

    expect([result.verdict, driftError(result)]).toEqual(['green', undefined]);
    expect(result.findings.map(({ verdict }) => verdict)).toEqual(['green', 'green', 'green', 'green']);
  });

  it('is red (5) for a difference, naming it, even where something else is unknown', () => {
    const result = resultOf(
      joinDrift([region('eu-west-1'), catalogDrift({ staging: undefined, production: undefined, why: 'no connection' })]),
    );

    expect(driftError(result)).toMatchObject({
      exitCode: 5,
      code: 'DRIFT_FOUND',
      message: 'Staging has drifted. redis upstash-database region: eu-west-1, expected us-east-1.',
    });
    expect(driftSummary(result.details)).toBe('2 things compared, 1 differ, 1 unknown');
  });

  it('is inconclusive (9) where a side is not known, and where nothing was compared: unknown is not pass', () => {
    expect(driftError(resultOf(region(undefined)))).toMatchObject({
      exitCode: 9,
      code: 'DRIFT_UNKNOWN',
      message: expect.stringContaining('The Upstash database does not exist yet'),
    });
    expect(driftVerdict(judgeDrift(joinDrift([]), [], today))).toBe('inconclusive');
  });
});

describe('a waiver', () => {
  const waiver = { what: 'redis upstash-database *', reason: 'cheaper there', until: today };
  const others = [driftOf('settings', 1, []), driftOf('variables', 1, []), driftOf('catalog', 1, [])];

  it('covers what it names until its day has passed', () => {
    const facts = joinDrift([region('eu-west-1'), ...others]);

    const kept = resultOf(facts, [waiver]);
    const over = resultOf(facts, [{ ...waiver, until: '2026-11-25' }]);

    expect([kept.verdict, over.verdict]).toEqual(['green', 'red']);
    expect(kept.details.items[0]?.waiver).toEqual(waiver);
    expect(over.details.waivers).toMatchObject([{ state: 'expired' }]);
    expect(over.findings.at(-1)).toMatchObject({ id: 'waiver-1', seen: 'ended on 2026-11-25 (cheaper there)' });
  });

  it('that covers nothing is named, and does no harm', () => {
    const result = resultOf(joinDrift([region('us-east-1'), ...others]), [{ ...waiver, what: 'catalog table public.x' }]);

    expect([result.verdict, result.details.waivers[0]?.state]).toEqual(['green', 'unused']);
  });
});

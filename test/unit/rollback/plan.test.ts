import { describe, expect, it } from 'vitest';
import { type MigrationBetween, planRollback, type UsableRestorePoint, versionsBetween } from '../../../src/core/rollback/plan.ts';
import { restorePointTo } from '../../../src/core/rollback/restore-point.ts';
import { decisionText, notComingBack, requireConsent } from '../../../src/core/rollback/words.ts';
import { releaseRecord } from '../../support/release-record.ts';

const migration = (version: string, nature: MigrationBetween['nature'], more: Partial<MigrationBetween> = {}): MigrationBetween => ({
  version,
  file: `${version}_${nature}.sql`,
  nature,
  isProven: true,
  rowsAtStake: {},
  ...more,
});
const expand = migration('2', 'additive');
const contract = migration('3', 'destructive');
const final = migration('4', 'irreversible', { isProven: false });
const point: UsableRestorePoint = { id: 'dump_1', createdAt: '2026-11-22T00:00:00.000Z', place: '/points', rowsSince: 4 };

/** The four releases, each with the migration of its number. */
const releases = ['1', '2', '3', '4'].map((head, index) =>
  releaseRecord(`v${head}`, index === 0 ? null : `v${index}`, {
    migrationHead: head,
    migrationChecksums: Object.fromEntries(['1', '2', '3', '4'].slice(0, index + 1).map((version) => [version, 'sum'])),
  }),
);
const applied = ['1', '2', '3', '4'];

/** What going from one release to another comes to. */
function decided(from: number, to: number, known: readonly MigrationBetween[], restorePoint?: UsableRestorePoint) {
  const [start, goal] = [releases[from - 1] ?? releaseRecord('none', null), releases[to - 1] ?? releaseRecord('none', null)];
  const present = applied.slice(0, from);
  const versions = versionsBetween(goal, present);
  const between = known.filter(({ version }) => versions.includes(version));
  return planRollback({ kind: 'goal', from: start, to: goal, continues: false }, { applied: present, between, restorePoint });
}

/** The same in a few words. */
function summary(plan: ReturnType<typeof decided>): string {
  if (plan.kind === 'refuse') return `refused (${plan.error}): ${plan.code}`;
  const loss = plan.losesRows === 0 ? '' : `, loses ${plan.losesText}`;
  return `${plan.decision}: reverse ${plan.reverse.map(({ version }) => version).join(' ') || 'nothing'}${loss}`;
}

describe('the decision between two releases', () => {
  const withRows = migration('2', 'additive', { rowsAtStake: { 'table notes': 3 } });

  it.each([
    ['2 → 1, an addition that holds nothing: reversed', 2, 1, expand, undefined, 'app-and-reverse-scripts: reverse 2'],
    ['2 → 1, an addition that holds rows: it stays', 2, 1, withRows, undefined, 'app-only: reverse nothing'],
    ['2 → 1, an addition that is not proven: it stays', 2, 1, { ...expand, isProven: false }, undefined, 'app-only: reverse nothing'],
    ['3 → 2, a contract that is proven: reversed', 3, 2, expand, undefined, 'app-and-reverse-scripts: reverse 3'],
    ['3 → 1, both: reversed', 3, 1, expand, undefined, 'app-and-reverse-scripts: reverse 3 2'],
    ['3 → 1, the addition holds rows: only the contract is reversed', 3, 1, withRows, undefined, 'app-and-reverse-scripts: reverse 3'],
    ['4 → 3, irreversible, no restore point: refused', 4, 3, expand, undefined, 'refused (refused): ROLLBACK_SCHEMA'],
    [
      '4 → 3, irreversible: restored',
      4,
      3,
      expand,
      point,
      `app-and-restore-point: reverse nothing, loses 4 rows written since ${point.createdAt}, and what was changed or deleted meanwhile`,
    ],
    [
      '4 → 2, over it: restored',
      4,
      2,
      expand,
      point,
      `app-and-restore-point: reverse nothing, loses 4 rows written since ${point.createdAt}, and what was changed or deleted meanwhile`,
    ],
    ['4 → 1, over it: refused without a restore point', 4, 1, expand, undefined, 'refused (refused): ROLLBACK_SCHEMA'],
  ])('is for %s', (_what, from, to, second, restorePoint, expected) => {
    expect(summary(decided(from, to, [second, contract, final], restorePoint))).toBe(expected);
  });

  it('is the app alone when no migration came in between, and the same way forward names what is applied again', () => {
    expect(summary(decided(2, 2, []))).toBe('app-only: reverse nothing');
    expect(decided(1, 3, [])).toMatchObject({ decision: 'app-only', apply: ['2', '3'] });
  });

  it('reverses what holds rows only with consent, when old code cannot run beside what lies below', () => {
    const plan = decided(3, 1, [migration('2', 'destructive'), migration('3', 'additive', { rowsAtStake: { 'table notes': 3 } })]);

    expect(summary(plan)).toBe('app-and-reverse-scripts: reverse 3 2, loses 3 rows of table notes');
    if (plan.kind === 'refuse') return;
    expect(() => requireConsent(plan, 'jet-staging', undefined)).toThrow('would lose 3 rows of table notes');
    expect(() => requireConsent(plan, 'jet-staging', 'jet')).toThrow('--confirm says jet');
    expect(() => requireConsent(plan, 'jet-staging', 'jet-staging')).not.toThrow();
  });

  it('names what cannot be taken back, why, and the rows at stake', () => {
    const plan = decided(4, 1, [withRows, contract, { ...final, doubt: 'it has no reverse script' }]);

    expect(plan).toMatchObject({
      reason: expect.stringMatching(/4_irreversible\.sql \(irreversible; it has no reverse script\).*At stake: 3 rows of table notes/),
    });
  });

  it('takes a migration of which nothing is known for one that old code cannot run beside', () => {
    expect(summary(decided(2, 1, [migration('2', 'unknown', { isProven: false })]))).toBe('refused (refused): ROLLBACK_SCHEMA');
  });

  it('is said in words, with what will not come back', () => {
    const plan = decided(4, 3, [expand, contract, final], point);
    if (plan.kind === 'refuse') throw new Error(plan.reason);

    expect(decisionText(plan)).toBe('app and restore point dump_1 of 2026-11-22T00:00:00.000Z');
    expect(notComingBack(plan, ['NEW_FLAG'])).toEqual(
      expect.arrayContaining([
        expect.stringContaining('mail'),
        expect.stringContaining('jobs'),
        'variables that came later stay on the project: NEW_FLAG',
        expect.stringMatching(/^4 rows written since .*: lost for good$/),
      ]),
    );
  });
});

describe('the restore point that leads back', () => {
  const history = releases.map((record) => (record.id === 'v4' ? { ...record, restorePoint: 'dump_4', restoreMark: '7' } : record));

  it.each([
    ['taken before the migrations that are in the way', 'v3', [final], 'dump_4'],
    ['with nothing but an addition applied by then', 'v2', [migration('3', 'additive'), final], 'dump_4'],
    ['but not one that was taken after something was taken away', 'v2', [contract, final], undefined],
    ['and none of before the goal', 'v4', [], undefined],
  ] as const)('is the first one after the goal, %s', (_what, goal, between, expected) => {
    const record = history.find(({ id }) => id === goal) ?? releaseRecord('none', null);

    expect(restorePointTo(history, record, between)).toEqual(expected === undefined ? undefined : { id: expected, mark: '7' });
  });
});

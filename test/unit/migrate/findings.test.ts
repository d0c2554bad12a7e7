import { describe, expect, it } from 'vitest';
import type { ClassifiedMigration, StatementClass } from '../../../src/core/migrate/classify.ts';
import { classFinding, isUnallowed, proofFinding } from '../../../src/core/migrate/findings.ts';
import type { MigrationProof } from '../../../src/core/migrate/proof.ts';

const column = { table: 'public.users', column: 'name' };
const migration = (statement: StatementClass, allowDestructive: string | null = null, losses = [column]): ClassifiedMigration => ({
  version: '1',
  file: '1_a.sql',
  statements: [{ line: 3, column: 1, text: 'x', class: statement, reason: 'drops column public.users.name', losses }],
  class: statement,
  noTransaction: false,
  allowDestructive,
});
const proof = { version: '1', upChecksum: 'u', downChecksum: 'd', locks: [], lockMs: 0, losses: [] };

describe('a pending migration as a finding', () => {
  it('is red when it takes something away and says no reason, with line, thing and rows', () => {
    const finding = classFinding(migration('destructive'), [{ ...column, rows: 12 }]);

    expect(finding).toMatchObject({ verdict: 'red', fix: expect.stringContaining('-- jv:allow-destructive') });
    expect(finding.seen).toBe('destructive: line 3 drops column public.users.name; rows at stake: 12 of column public.users.name');
  });

  it('says that there are no rows, too, and nothing of what is not there', () => {
    const stakes = [
      { ...column, rows: 0 },
      { table: 'public.gone', column: null, rows: null },
    ];

    expect(classFinding(migration('destructive'), stakes).seen).toMatch(/; rows at stake: 0 of column public\.users\.name$/);
  });

  it('is green with a reason, and shows it', () => {
    expect(classFinding(migration('destructive', 'moved'), [])).toMatchObject({
      verdict: 'green',
      seen: expect.stringContaining('allowed: moved'),
    });
  });

  it.each<[StatementClass, boolean]>([
    ['additive', false],
    ['locking', false],
    ['irreversible', false],
    ['destructive', true],
  ])('%s without rows at stake needs a reason: %s', (statement, needs) => {
    expect(isUnallowed(migration(statement, null, []))).toBe(needs);
  });

  it('needs a reason for what is irreversible and loses rows', () => {
    expect(isUnallowed(migration('irreversible'))).toBe(true);
  });
});

describe('a rehearsal as a finding', () => {
  const rehearsed = (changes: Partial<MigrationProof>) =>
    proofFinding({ ...proof, reversible: false, isBroken: false, reason: null, ...changes }, '1_a.sql');

  it('is green when the way back holds, with how long each lock was held, and when there is none', () => {
    const locks = [
      { table: 'public.users', mode: 'AccessExclusiveLock', heldMs: 41.6 },
      { table: 'public.quotes', mode: 'ShareLock', heldMs: 0.2 },
    ];

    expect(rehearsed({ reversible: true, locks, lockMs: 41.6 })).toMatchObject({
      verdict: 'green',
      seen: expect.stringMatching(/; locks held: public\.users 42 ms \(AccessExclusive\), public\.quotes <1 ms \(Share\)$/),
    });
    expect(rehearsed({ reason: 'it has no reverse script' })).toMatchObject({ verdict: 'green', seen: 'it has no reverse script' });
  });

  it('is red when the way back leads elsewhere, naming the file', () => {
    expect(rehearsed({ isBroken: true, reason: 'it leaves table public.b' })).toMatchObject({
      verdict: 'red',
      message: 'The way back of 1_a.sql does not hold: it leaves table public.b.',
    });
  });
});

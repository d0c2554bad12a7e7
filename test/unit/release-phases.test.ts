import { describe, expect, it } from 'vitest';
import { migrationPhases, type PendingMigration } from '../../src/core/release/phases.ts';
import { createTable } from '../support/stage-world.ts';
import { releaseRecord } from '../support/release-record.ts';

const pending = (version: string, nature: PendingMigration['nature']): PendingMigration => ({ file: createTable(version, nature), nature });
const [add, drop, later] = [pending('2', 'additive'), pending('3', 'destructive'), pending('4', 'additive')];
const live = releaseRecord('rel_1', null);
const versions = (phases: ReturnType<typeof migrationPhases>) =>
  `${phases.now.map(({ version }) => version).join(' ')} | ${phases.waiting.map(({ version }) => version).join(' ')}`;

describe('which migrations a deploy applies', () => {
  it.each([
    ['all before the first release: no code runs on what was', [add, drop, later], { contract: false, live: undefined }, '2 3 4 | '],
    ['what only adds, while a contract migration waits', [add, drop], { contract: false, live }, '2 | 3'],
    ['what locks for a while, too', [pending('2', 'locking')], { contract: false, live }, '2 | '],
    ['what waited for the live release, with --contract', [drop], { contract: true, live: { ...live, contractWaiting: ['3'] } }, '3 | '],
    ['nothing out of the ordinary with --contract when nothing waits', [add], { contract: true, live }, '2 | '],
  ])('is %s', (_what, files, choice, expected) => {
    expect(versions(migrationPhases(files, choice))).toBe(expected);
  });

  it.each([
    ['one that adds stands behind one that waits', [drop, later], { contract: false, live }, 'DEPLOY_CONTRACT_IN_BETWEEN'],
    ['the contract migration is newer than the live release', [drop], { contract: true, live }, 'DEPLOY_CONTRACT_TOO_EARLY'],
    [
      'the live release is not green',
      [drop],
      {
        contract: true,
        live: { ...live, contractWaiting: ['3'], gates: [{ gate: 'smoke-domain', verdict: 'red' as const, summary: '' }] },
      },
      'DEPLOY_CONTRACT_TOO_EARLY',
    ],
  ])('is refused when %s', (_what, files, choice, code) => {
    expect(() => migrationPhases(files, choice)).toThrow(expect.objectContaining({ kind: 'refused', code }));
  });
});
